import { CircleCheck } from 'lucide-react'

import { useProject } from '../api/queries.ts'
import type { Problem } from '../api/types.ts'
import { Badge } from '../components/Badge.tsx'
import { SourceExcerpt } from '../components/code/SourceExcerpt.tsx'
import { CopyButton } from '../components/CopyButton.tsx'
import { Dialog } from '../components/Dialog.tsx'
import { EmptyState } from '../components/states.tsx'
import { faultsOf, type Fault } from './faults.ts'

/** All that is wrong with the project's files, and how to mend it. */
export function ProblemsDialog({ onClose }: { onClose: () => void }) {
  const problems = useProject().data?.problems ?? []
  return (
    <Dialog title="Problems" onClose={onClose} isWide>
      {problems.length === 0 ? (
        <EmptyState icon={CircleCheck} title="No problems">
          Every step and stream of the project has loaded. A file that cannot be loaded is shown here, with the line and
          what to do; everything else goes on serving.
        </EmptyState>
      ) : (
        <ProblemList problems={problems} />
      )}
    </Dialog>
  )
}

export function ProblemList({ problems }: { problems: readonly Problem[] }) {
  return (
    <ul className="flex flex-col gap-3">
      {faultsOf(problems).map((fault) => (
        <FaultItem key={fault.key} fault={fault} />
      ))}
    </ul>
  )
}

function FaultItem({ fault }: { fault: Fault }) {
  const { file, line, where, message, fix, isError, isHeld, needing } = fault
  return (
    <li className="flex flex-col gap-1 rounded-md border p-3">
      <div className="flex min-h-7 items-center gap-2">
        <Badge tone={isError ? 'bad' : 'warn'}>{isError ? 'error' : 'warning'}</Badge>
        {isHeld && <Badge tone="warn">held</Badge>}
        <code className="min-w-0 truncate font-mono text-sm" title={where}>
          {where}
        </code>
        {where !== '' && <CopyButton text={where} label="Copy the place" />}
      </div>
      <p className="break-words whitespace-pre-wrap">{message}</p>
      {needing.length > 0 && (
        <p className="text-muted">
          Needed by <span className="font-mono text-sm">{some(needing)}</span>
        </p>
      )}
      {line > 0 && <SourceExcerpt file={file} line={line} />}
      {fix && (
        <p>
          <span className="font-medium text-ok">Fix:</span> {fix}
        </p>
      )}
      {isHeld && <p className="text-muted">This change is held: the code before goes on.</p>}
    </li>
  )
}

const MOST_NEEDING = 5

function some(names: readonly string[]): string {
  const more = names.length - MOST_NEEDING
  return `${names.slice(0, MOST_NEEDING).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
