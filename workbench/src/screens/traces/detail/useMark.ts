import { navigate, useRoute } from '../../../app/useRoute.ts'

export type TabName = 'failure' | 'input' | 'operations' | 'logs' | 'source'

/** What of the trace is looked at, as the address has it. */
export interface Looked {
  span: string
  /** An operation or a line of the span: `o3`, `l120`. */
  mark: string
  tab: string
}

/** What is looked at, and how to look at something else; Back leaves the trace, whatever was looked at in it. */
export function useLooked(): [Looked, (next: Partial<Looked>) => void] {
  const route = useRoute()
  const { span = '', mark = '', tab = '' } = route.query
  const look = (next: Partial<Looked>): void => navigate({ ...route, query: { ...route.query, ...next } }, true)
  return [{ span, mark, tab }, look]
}

/** The tab that a row leads to. */
export function tabOfMark(mark: string): TabName | undefined {
  return mark.startsWith('o') ? 'operations' : mark.startsWith('l') ? 'logs' : undefined
}
