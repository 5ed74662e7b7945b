import { X } from 'lucide-react'

import { useQueue } from '../../api/queries.ts'
import { places } from '../../app/places.ts'
import { Badge } from '../../components/Badge.tsx'
import { IconButton } from '../../components/Button.tsx'
import { Link } from '../../components/Link.tsx'
import { progressOf, progressText, redrivenText, type Redriven } from './words.ts'

interface RedriveReportProps {
  redriven: Redriven
  limit: number
  onClose: () => void
}

/** What was redriven, and what has come of it so far. */
export function RedriveReport({ redriven, limit, onClose }: RedriveReportProps) {
  const { data, dataUpdatedAt } = useQueue(redriven.target, limit)
  const progress = data && dataUpdatedAt > redriven.at ? progressOf(redriven, data) : null
  const tone = progress === null ? 'noop' : progress.dead > 0 ? 'bad' : progress.waiting > 0 ? 'busy' : 'ok'
  return (
    <div role="status" className="flex shrink-0 items-center gap-2 border-b bg-sunken py-1 pr-2 pl-4">
      <Badge tone={tone}>{progress === null ? 'redriven' : progressText(progress)}</Badge>
      <span className="min-w-0 flex-1">
        {redrivenText(redriven)} {redriven.isElsewhere && <Link to={places.queue(redriven.target)}>Show its queue</Link>}
      </span>
      <IconButton icon={X} label="Close the report" onClick={onClose} />
    </div>
  )
}
