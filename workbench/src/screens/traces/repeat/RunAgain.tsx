import { Pencil, Play } from 'lucide-react'
import { useState } from 'react'

import { explain } from '../../../api/error.ts'
import type { Span } from '../../../api/types.ts'
import { useShortcuts } from '../../../app/useShortcuts.ts'
import { Button, IconButton } from '../../../components/Button.tsx'
import { toast } from '../../../components/toasts.ts'
import { EditDialog } from './EditDialog.tsx'
import { runAgain } from './run.ts'

interface RunAgainProps {
  traceId: string
  span: Span
  /** The first span of its trace, which the keys are for. */
  isMain?: boolean
}

/** Runs a span again, as it was or with another input. */
export function RunAgain({ traceId, span, isMain = false }: RunAgainProps) {
  const [isBusy, setIsBusy] = useState(false)
  const [isEdited, setIsEdited] = useState(false)
  const run = async (): Promise<void> => {
    setIsBusy(true)
    try {
      await runAgain(traceId, span.spanId)
    } catch (error) {
      toast('bad', `It was not run again: ${explain(error)}`)
    } finally {
      setIsBusy(false)
    }
  }
  const why = reasonOf(span)
  return (
    <span className="flex shrink-0 gap-1">
      {isMain && why === undefined && <Keys run={() => void run()} edit={() => setIsEdited(true)} />}
      <Button look={isMain ? 'primary' : 'plain'} icon={Play} isBusy={isBusy} disabled={isBusy || why !== undefined} title={why} onClick={() => void run()}>
        {isMain ? 'Run again' : 'Run this step again'}
      </Button>
      <IconButton icon={Pencil} look="plain" label="Edit the input and run" disabled={span.status === 'running'} onClick={() => setIsEdited(true)} />
      {isEdited && <EditDialog traceId={traceId} span={span} onClose={() => setIsEdited(false)} />}
    </span>
  )
}

/** Why it cannot be run again as it was. */
function reasonOf(span: Span): string | undefined {
  if (span.isRepeatable) return undefined
  return span.status === 'running' ? 'It still runs' : 'Its input was too large to be kept; edit it to run it again'
}

function Keys({ run, edit }: { run: () => void; edit: () => void }) {
  useShortcuts([
    { keys: 'R', title: 'Run the trace again', group: 'Traces', run },
    { keys: 'e', title: 'Edit the input and run', group: 'Traces', run: edit },
  ])
  return null
}
