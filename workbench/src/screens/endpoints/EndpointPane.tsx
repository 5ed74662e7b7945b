import type { Project } from '../../api/types.ts'
import { SplitPane } from '../../components/SplitPane.tsx'
import { addressOf, bodyOf, curlOf, headersOf, hindrance } from './draft.ts'
import type { Endpoint } from './endpoints.ts'
import { RequestPane } from './RequestPane.tsx'
import { ResponsePane } from './ResponsePane.tsx'
import { sampled } from './sampled.ts'
import { useExchange } from './useExchange.ts'
import { useWriting } from './useWriting.ts'

/** An endpoint: the request on one side, its answer on the other. */
export function EndpointPane({ project, endpoint }: { project: Project; endpoint: Endpoint }) {
  const writing = useWriting(project.name, endpoint)
  const { exchange, start, stop } = useExchange()
  const { draft, auth, remember } = writing
  const send = async (): Promise<void> => {
    if (hindrance(endpoint, draft, auth) !== '') return
    const at = new Date().toISOString()
    // With the origin before it, so that a path such as //host stays on this one.
    const url = `${location.origin}${addressOf(endpoint, draft)}`
    const reply = await start({ method: endpoint.method, url, headers: sampled(headersOf(draft, auth)), body: bodyOf(draft) })
    remember({ at, draft, status: reply?.status ?? 0, seconds: reply?.seconds ?? 0 })
  }
  return (
    <SplitPane
      name="endpoint"
      label="Answer"
      first={
        <RequestPane endpoint={endpoint} base={project.address} writing={writing} isSending={exchange.isSending} onSend={() => void send()} onStop={stop} />
      }
      second={<ResponsePane exchange={exchange} command={curlOf(project.address, endpoint, draft, auth)} />}
    />
  )
}
