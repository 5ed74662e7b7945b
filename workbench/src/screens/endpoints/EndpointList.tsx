import { useMemo, useState } from 'react'

import { places } from '../../app/places.ts'
import { navigate, useQueryState, useRoute } from '../../app/useRoute.ts'
import { LanguageMark } from '../../components/Badge.tsx'
import { ChoiceList } from '../../components/ChoiceList.tsx'
import { MethodName } from '../../components/MethodName.tsx'
import { filtersOf, found, rowFor, rowsOf, type Endpoint, type EndpointRow, type Grouping } from './endpoints.ts'

/** All routes of the project, by flow or by language. */
export function EndpointList({ endpoints, selected }: { endpoints: readonly Endpoint[]; selected: string | null }) {
  const [text] = useQueryState('text')
  const [by] = useQueryState('by')
  const { path, query } = useRoute()
  const [chosen, setChosen] = useState('')
  const rows = useMemo(() => rowsOf(found(endpoints, text), groupingOf(by)), [endpoints, text, by])
  const select = ({ key, endpoint }: EndpointRow): void => {
    if (endpoint === null) return
    setChosen(key)
    navigate({ ...places.endpoint(endpoint.method, endpoint.path), query: filtersOf(query) }, path.length > 0)
  }
  if (rows.length === 0) return <p className="p-4 text-muted">No route has all of “{text}” in its method, path or step.</p>
  return <ChoiceList label="Endpoints" rows={rows} render={row} selected={rowFor(rows, selected, chosen)} onSelect={select} onEnter={write} hasKeys />
}

/** Goes to the first field of the request. */
function write(): void {
  const find = (field: string) => document.querySelector<HTMLElement>(`#request [role=tabpanel] ${field}`)
  // The editor may not have come yet.
  const field = find(':is(input:not([type=checkbox]), textarea, .cm-content)') ?? find(':is(select, button)')
  field?.focus()
}

export function groupingOf(by: string): Grouping {
  return by === 'language' ? 'language' : 'flow'
}

function row({ title, endpoint }: EndpointRow) {
  if (endpoint === null) return <span className="truncate pt-1">{title}</span>
  return (
    <>
      <MethodName method={endpoint.method} className="w-12" />
      <span className="min-w-0 flex-1 truncate font-mono text-sm" title={`${endpoint.path}\n${endpoint.step}: ${endpoint.description}`}>
        {endpoint.path}
      </span>
      <LanguageMark language={endpoint.language} />
    </>
  )
}
