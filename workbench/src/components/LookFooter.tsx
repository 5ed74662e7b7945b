import { formatCount } from '../format/count.ts'
import { Button } from './Button.tsx'

interface LookFooterProps {
  shown: number
  looked: number
  total: number
  isReading: boolean
  further: (() => void) | null
}

/** Below a list: how much of it is there, and how to look further. */
export function LookFooter({ shown, looked, total, isReading, further }: LookFooterProps) {
  if (shown === looked && looked >= total && !isReading) return null
  return (
    <p className="tabular flex items-center gap-2 px-4 py-1.5 text-sm text-muted" role="status">
      {shown === looked ? `${formatCount(looked)} of ${formatCount(total)}` : `${formatCount(shown)} found among ${formatCount(looked)} of ${formatCount(total)}`}
      {isReading && <span className="shimmer">reading on</span>}
      {further !== null && (
        <Button look="quiet" onClick={further}>
          Look further
        </Button>
      )}
    </p>
  )
}
