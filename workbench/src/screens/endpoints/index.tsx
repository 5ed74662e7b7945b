import { Link2, Send } from 'lucide-react'
import { useMemo } from 'react'

import { useProject } from '../../api/queries.ts'
import type { Project } from '../../api/types.ts'
import { places } from '../../app/places.ts'
import { navigate, useQueryState, useRoute, useSelection } from '../../app/useRoute.ts'
import { useLeave } from '../../app/useLeave.ts'
import { useShortcuts } from '../../app/useShortcuts.ts'
import { Button } from '../../components/Button.tsx'
import { SearchField, Select } from '../../components/fields.tsx'
import { Kbd } from '../../components/Kbd.tsx'
import { ScreenFrame } from '../../components/ScreenFrame.tsx'
import { SplitPane } from '../../components/SplitPane.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { ANY, EmitPane } from './emit/EmitPane.tsx'
import { EndpointList, groupingOf } from './EndpointList.tsx'
import { EndpointPane } from './EndpointPane.tsx'
import { endpointsOf, filtersOf, type Grouping } from './endpoints.ts'

const GROUPINGS: readonly (readonly [Grouping, string])[] = [
  ['flow', 'By flow'],
  ['language', 'By language'],
]

/** The project's routes, to be tried; and its topics, to be emitted to. */
export default function EndpointsScreen() {
  const { data: project, error, refetch } = useProject()
  useShortcuts([{ keys: 'e', title: 'Emit an event', group: 'This screen', run: openEmit }])
  return (
    <ScreenFrame title="Endpoints" tools={<Tools />} actions={<EmitButton />}>
      {project ? <Endpoints project={project} /> : error ? <ErrorState error={error} retry={() => void refetch()} /> : <Skeleton />}
    </ScreenFrame>
  )
}

function Tools() {
  const [text, setText] = useQueryState('text')
  const [by, setBy] = useQueryState('by')
  return (
    <>
      <SearchField label="Search by method and path" value={text} onChange={setText} />
      <Select aria-label="Group the endpoints" value={groupingOf(by)} options={GROUPINGS} onChange={(next) => setBy(next === 'flow' ? '' : next)} />
    </>
  )
}

function openEmit(): void {
  navigate(places.emit(ANY))
}

function EmitButton() {
  return (
    <Button icon={Send} onClick={openEmit} title="e">
      Emit an event
    </Button>
  )
}

function Endpoints({ project }: { project: Project }) {
  const { query } = useRoute()
  const [selected] = useSelection()
  const endpoints = useMemo(() => endpointsOf(project), [project])
  const endpoint = endpoints.find(({ id }) => id === selected)
  const isEmitting = query['emit'] !== undefined
  useLeave(() => navigate({ ...places.screen('endpoints'), query: filtersOf(query) }))
  if (endpoints.length === 0 && !isEmitting) return <NoEndpoints />
  return (
    <SplitPane
      name="endpoints"
      label="Endpoint"
      share={0.24}
      first={<EndpointList endpoints={endpoints} selected={isEmitting ? null : selected} />}
      second={
        isEmitting ? (
          <EmitPane project={project} topic={query['emit'] === ANY ? '' : (query['emit'] ?? '')} />
        ) : endpoint ? (
          <EndpointPane key={`${endpoint.id} ${JSON.stringify(endpoint.trigger).length}`} project={project} endpoint={endpoint} />
        ) : (
          <Choose gone={selected} />
        )
      }
    />
  )
}

function Choose({ gone }: { gone: string | null }) {
  return (
    <EmptyState icon={Link2} title={gone === null ? 'Choose an endpoint' : `The project has no ${gone}`}>
      <Kbd keys="j" /> and <Kbd keys="k" /> go through them, <Kbd keys="/" /> searches, <Kbd keys="mod+enter" /> sends the request, and{' '}
      <Kbd keys="e" /> emits an event.
    </EmptyState>
  )
}

function NoEndpoints() {
  return (
    <EmptyState icon={Link2} title="The project has no endpoint" command="runtime generate step">
      An endpoint is a step of the type api: it has a method and a path, and answers requests. As soon as its file is saved it
      can be tried here.
    </EmptyState>
  )
}
