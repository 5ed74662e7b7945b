import { Send, Square, Terminal } from 'lucide-react'
import { useQueryState } from '../../app/useRoute.ts'
import { useSubmitKeys } from '../../app/useSubmitKeys.ts'
import { Button } from '../../components/Button.tsx'
import { CopyButton } from '../../components/CopyButton.tsx'
import { MethodName } from '../../components/MethodName.tsx'
import { Tabs } from '../../components/Tabs.tsx'
import { AuthTab } from './AuthTab.tsx'
import { BodyTab } from './BodyTab.tsx'
import { addressOf, curlOf, hindrance, takesBody } from './draft.ts'
import type { Endpoint } from './endpoints.ts'
import { HistoryTab } from './HistoryTab.tsx'
import { PairRows } from './PairRows.tsx'
import { ParamsTab } from './ParamsTab.tsx'
import type { Writing } from './useWriting.ts'

interface RequestPaneProps {
  endpoint: Endpoint
  /** Where the project answers, for the line to copy. */
  base: string
  writing: Writing
  isSending: boolean
  onSend: () => void
  onStop: () => void
}

/** The request as it is written, and the button that sends it. */
export function RequestPane({ endpoint, base, writing, isSending, onSend, onStop }: RequestPaneProps) {
  const { draft, auth } = writing
  const hinders = hindrance(endpoint, draft, auth)
  const press = useSubmitKeys('Send the request', onSend)
  const about = endpoint.description === '' ? endpoint.step : `${endpoint.step} · ${endpoint.description}`
  return (
    <div id="request" onKeyDown={press} className="flex h-full min-h-0 flex-col">
      <div className="flex shrink-0 items-center gap-2 px-3 pt-2">
        <MethodName method={endpoint.method} />
        <output aria-label="Address" className="min-w-0 flex-1 font-mono text-sm break-all">
          {addressOf(endpoint, draft)}
        </output>
        <CopyButton text={() => `${base}${addressOf(endpoint, draft)}`} label="Copy the address" />
        <CopyButton text={() => curlOf(base, endpoint, draft, auth)} label="Copy as curl" icon={Terminal} />
        {isSending ? (
          <Button icon={Square} onClick={onStop}>
            Stop
          </Button>
        ) : (
          <Button look="primary" icon={Send} aria-disabled={hinders !== ''} title="Ctrl or Cmd and Enter" onClick={onSend}>
            Send
          </Button>
        )}
      </div>
      <p className="shrink-0 truncate px-3 pb-1 text-sm text-faint" title={endpoint.description}>
        {hinders === '' ? about : <span className="text-warn">{hinders}</span>}
      </p>
      <div className="min-h-0 flex-1">
        <Parts endpoint={endpoint} writing={writing} onSend={onSend} />
      </div>
    </div>
  )
}

type Part = 'params' | 'body' | 'headers' | 'auth' | 'history'

function Parts({ endpoint, writing, onSend }: { endpoint: Endpoint; writing: Writing; onSend: () => void }) {
  const { draft, auth, history, change, replace, setAuth, forget } = writing
  const [tab, setTab] = useQueryState('tab')
  const counted = (pairs: typeof draft.query): number => pairs.filter(({ name, isOn }) => isOn && name !== '').length
  const usual: Part = takesBody(endpoint.method) && draft.bodyKind !== 'none' && !endpoint.path.includes(':') ? 'body' : 'params'
  return (
    <Tabs<Part>
      label="Parts of the request"
      selected={(tab || usual) as Part}
      onSelect={setTab}
      tabs={[
        {
          id: 'params',
          title: 'Params',
          count: counted(draft.query),
          panel: () => <ParamsTab endpoint={endpoint} draft={draft} onChange={change} />,
        },
        { id: 'body', title: 'Body', panel: () => <BodyTab endpoint={endpoint} draft={draft} onChange={change} onSend={onSend} /> },
        {
          id: 'headers',
          title: 'Headers',
          count: counted(draft.headers),
          panel: () => (
            <div className="p-3">
              <PairRows noun="header" pairs={draft.headers} onChange={(headers) => change({ headers })} />
              <p className="mt-2 text-sm text-faint">A browser sets some itself, such as Host, Origin and Cookie; copy as curl to send others.</p>
            </div>
          ),
        },
        { id: 'auth', title: 'Auth', count: auth.kind === 'none' ? 0 : 1, panel: () => <AuthTab auth={auth} onChange={setAuth} /> },
        {
          id: 'history',
          title: 'History',
          count: history.length,
          panel: () => <HistoryTab endpoint={endpoint} history={history} onUse={replace} onClear={forget} />,
        },
      ]}
    />
  )
}
