import { Badge } from '../../components/Badge.tsx'
import { Button } from '../../components/Button.tsx'
import { Distance, Duration } from '../../components/values.tsx'
import { addressOf, type Draft } from './draft.ts'
import type { Endpoint } from './endpoints.ts'
import type { Past } from './kept.ts'
import { toneOf } from './reply.ts'

interface HistoryTabProps {
  endpoint: Endpoint
  history: readonly Past[]
  onUse: (draft: Draft) => void
  onClear: () => void
}

/** The last requests, to be written again by a click. */
export function HistoryTab({ endpoint, history, onUse, onClear }: HistoryTabProps) {
  if (history.length === 0) return <p className="p-3 text-muted">Your last ten requests to this endpoint will be here, to be used again.</p>
  return (
    <div className="flex flex-col">
      {history.map(({ at, draft, status, seconds }) => (
        <button
          key={at}
          type="button"
          onClick={() => onUse(draft)}
          title="Use it again"
          className="focus-inset flex min-w-0 items-center gap-2 border-b px-3 py-1.5 text-left hover:bg-hover"
        >
          <Badge tone={status === 0 ? 'bad' : toneOf(status)}>{status === 0 ? 'no answer' : status}</Badge>
          <span className="min-w-0 flex-1 truncate font-mono text-sm">
            {addressOf(endpoint, draft)} <span className="text-faint">{bodyLine(draft)}</span>
          </span>
          <span className="text-sm text-muted">
            <Duration seconds={seconds} /> · <Distance at={at} />
          </span>
        </button>
      ))}
      <Button look="quiet" className="m-2 self-start" onClick={onClear}>
        Forget them
      </Button>
    </div>
  )
}

function bodyLine({ bodyKind, body }: Draft): string {
  return bodyKind === 'none' ? '' : body.slice(0, 200).replaceAll(/\s+/g, ' ')
}
