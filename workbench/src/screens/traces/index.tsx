import { useDeferredValue, useMemo, useState } from 'react'

import { navigate, useRoute, useSelection } from '../../app/useRoute.ts'
import { useShortcuts } from '../../app/useShortcuts.ts'
import { ScreenFrame } from '../../components/ScreenFrame.tsx'
import { SplitPane } from '../../components/SplitPane.tsx'
import { TraceDetail } from './detail/TraceDetail.tsx'
import { filterOf } from './filter.ts'
import { Filters } from './Filters.tsx'
import { TraceList } from './TraceList.tsx'

/** What has run, the newest first, and what happened in the trace that is open. */
export default function TracesScreen() {
  const { query } = useRoute()
  const [opened, setOpened] = useSelection()
  const [now] = useState(Date.now)
  const asked = useDeferredValue(JSON.stringify(filterOf(query, now)))
  const filter = useMemo(() => JSON.parse(asked) as ReturnType<typeof filterOf>, [asked])
  // Of the trace before, neither its span nor its tab is meant.
  const open = (id: string | null): void => {
    const { span: _span, mark: _mark, tab: _tab, ...rest } = query
    if (id === opened) return
    navigate({ screen: 'traces', path: id === null ? [] : [id], query: rest })
  }
  useShortcuts([{ keys: 'esc', title: 'Close the trace', group: 'Traces', run: () => opened !== null && setOpened(null) }])
  return (
    <ScreenFrame title="Traces" tools={<Filters />}>
      <SplitPane
        name="traces"
        label="the trace"
        share={0.36}
        first={<TraceList filter={filter} selected={opened} onSelect={open} />}
        second={opened === null ? null : <TraceDetail key={opened} id={opened} onClose={() => open(null)} />}
      />
    </ScreenFrame>
  )
}
