import { KeyRound } from 'lucide-react'
import { useState, type FormEvent } from 'react'

import { Button } from '../components/Button.tsx'
import { Field, TextInput } from '../components/fields.tsx'

interface TokenGateProps {
  /** Whether the token that was typed here before is none of the runtime's. */
  wasRefused: boolean
  onToken: (token: string) => void
}

/** Asks for the token, where the page did not come with it: from another machine, another user, or in production. */
export function TokenGate({ wasRefused, onToken }: TokenGateProps) {
  const [text, setText] = useState('')
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (text.trim() !== '') onToken(text.trim())
  }
  return (
    <main className="flex h-full items-center justify-center p-6">
      <form onSubmit={submit} className="flex w-[420px] flex-col gap-4 rounded-lg border bg-surface p-6">
        <KeyRound size={22} aria-hidden className="text-accent" />
        <h1 className="text-lg font-semibold">Who are you?</h1>
        <p className="text-muted">
          The Workbench shows and changes what your project holds, so the runtime wants its token. In development it is
          in <code className="font-mono text-sm">.runtime/control.json</code> of the project, anew for each run; in
          production it is what you have set as <code className="font-mono text-sm">control.token</code>.
        </p>
        <Field label="Token" hint="It is kept for this tab only." error={wasRefused ? 'The runtime did not accept this token.' : undefined}>
          {(attributes) => (
            <TextInput {...attributes} type="password" autoFocus value={text} onChange={(event) => setText(event.target.value)} />
          )}
        </Field>
        <Button type="submit" look="primary" className="self-start">
          Open the Workbench
        </Button>
      </form>
    </main>
  )
}
