import { api } from '../../../api/client.ts'
import type { Json } from '../../../api/types.ts'
import { places } from '../../../app/places.ts'
import { navigate } from '../../../app/useRoute.ts'
import { toast } from '../../../components/toasts.ts'

interface Repeated {
  traceId: string
  response: { status: number; headers: Record<string, string>; body: string; isCut: boolean } | null
}

/** Runs a span again, with another input or as it was, and goes to the trace that comes of it. Throws `ApiError`. */
export async function runAgain(traceId: string, spanId: string, input?: Json): Promise<void> {
  const body = input === undefined ? {} : { input }
  const { traceId: next, response } = await api.post<Repeated>('/trace/repeat', { id: traceId, span: spanId }, body)
  navigate(places.trace(next))
  if (response === null) toast('ok', 'It runs again, in this trace.')
  else toast(response.status < 400 ? 'ok' : 'warn', `Run again: answered with ${response.status}.`)
}
