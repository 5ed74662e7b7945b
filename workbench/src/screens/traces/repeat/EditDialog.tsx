import { useState } from 'react'

import { explain } from '../../../api/error.ts'
import type { Json, Span } from '../../../api/types.ts'
import { Button } from '../../../components/Button.tsx'
import { JsonEditor } from '../../../components/code/JsonEditor.tsx'
import { Dialog } from '../../../components/Dialog.tsx'
import { Kbd } from '../../../components/Kbd.tsx'
import { draftOf, inputOf, parsed, textOf } from './input.ts'
import { RequestForm } from './RequestForm.tsx'
import { runAgain } from './run.ts'

interface EditDialogProps {
  traceId: string
  span: Span
  onClose: () => void
}

/** The input of a span, to be changed and run. */
export function EditDialog({ traceId, span, onClose }: EditDialogProps) {
  const isRequest = span.kind === 'api'
  const [request, setRequest] = useState(() => draftOf(span.input))
  const [text, setText] = useState(() => textOf(span))
  const [error, setError] = useState('')
  const [isBusy, setIsBusy] = useState(false)
  const read = (): Json => (isRequest ? inputOf(request) : parsed('input', text))
  const run = async (): Promise<void> => {
    setIsBusy(true)
    setError('')
    try {
      await runAgain(traceId, span.spanId, read())
      onClose()
    } catch (failure) {
      setError(explain(failure))
      setIsBusy(false)
    }
  }
  const submit = (): void => void run()
  const actions = (
    <>
      {error !== '' && (
        <p role="alert" className="mr-auto min-w-0 self-center break-words text-bad">
          {error}
        </p>
      )}
      <span className="self-center text-muted">
        <Kbd keys="mod+enter" />
      </span>
      <Button onClick={onClose}>Cancel</Button>
      <Button look="primary" isBusy={isBusy} onClick={submit}>
        Run
      </Button>
    </>
  )
  return (
    <Dialog title={`Run ${span.step} again`} isWide onClose={onClose} actions={actions}>
      {isRequest ? (
        <RequestForm draft={request} onChange={setRequest} onSubmit={submit} />
      ) : (
        <JsonEditor label="Input" text={text} onChange={setText} onSubmit={submit} className="h-96" />
      )}
    </Dialog>
  )
}
