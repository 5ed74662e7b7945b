import { Field, Select, TextInput } from '../../components/fields.tsx'
import type { Auth } from './draft.ts'

const KINDS: readonly (readonly [Auth['kind'], string])[] = [
  ['none', 'Nobody'],
  ['bearer', 'Bearer token'],
  ['basic', 'User and password'],
  ['header', 'A header'],
]

const EMPTY: Record<Auth['kind'], Auth> = {
  none: { kind: 'none' },
  bearer: { kind: 'bearer', token: '' },
  basic: { kind: 'basic', user: '', password: '' },
  header: { kind: 'header', name: 'x-api-key', value: '' },
}

/** Who the request says it is from. */
export function AuthTab({ auth, onChange }: { auth: Auth; onChange: (auth: Auth) => void }) {
  return (
    <div className="flex max-w-md flex-col gap-3 p-3">
      <Field label="Send as" hint="It is kept in this browser only, for this endpoint, and sent to nobody else.">
        {(attributes) => <Select {...attributes} value={auth.kind} options={KINDS} onChange={(kind) => onChange(EMPTY[kind])} />}
      </Field>
      <Parts auth={auth} onChange={onChange} />
    </div>
  )
}

function Parts({ auth, onChange }: { auth: Auth; onChange: (auth: Auth) => void }) {
  switch (auth.kind) {
    case 'none':
      return null
    case 'bearer':
      return <Secret label="Token" value={auth.token} onChange={(token) => onChange({ ...auth, token })} />
    case 'basic':
      return (
        <>
          <Plain label="User" value={auth.user} onChange={(user) => onChange({ ...auth, user })} />
          <Secret label="Password" value={auth.password} onChange={(password) => onChange({ ...auth, password })} />
        </>
      )
    case 'header':
      return (
        <>
          <Plain label="Header" value={auth.name} onChange={(name) => onChange({ ...auth, name })} />
          <Secret label="Value" value={auth.value} onChange={(value) => onChange({ ...auth, value })} />
        </>
      )
  }
}

interface PartProps {
  label: string
  value: string
  onChange: (value: string) => void
  type?: string
}

function Plain({ label, value, onChange, type = 'text' }: PartProps) {
  return (
    <Field label={label}>
      {(attributes) => <TextInput {...attributes} type={type} value={value} onChange={(event) => onChange(event.target.value)} />}
    </Field>
  )
}

function Secret(props: PartProps) {
  return <Plain {...props} type="password" />
}
