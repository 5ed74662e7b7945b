import { Inbox, ListFilter } from 'lucide-react'
import { useMemo } from 'react'

import { useQueues } from '../../api/queries.ts'
import type { Queue } from '../../api/types.ts'
import { navigate, useQueryState, useRoute } from '../../app/useRoute.ts'
import { useShortcuts } from '../../app/useShortcuts.ts'
import { Button } from '../../components/Button.tsx'
import { SearchField } from '../../components/fields.tsx'
import { formatOrder, ordered, parseOrder } from '../../components/order.ts'
import { ScreenFrame } from '../../components/ScreenFrame.tsx'
import { SplitPane } from '../../components/SplitPane.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { Table } from '../../components/Table.tsx'
import { useIsNarrow } from '../../components/useIsNarrow.ts'
import { counted } from '../../format/count.ts'
import { filtered, nameOf, placeOf, queueOf } from './address.ts'
import { columnsFor, orderings } from './columns.tsx'
import { QueueDetail } from './QueueDetail.tsx'

/** Every queue with what it holds, and what can be done about it. */
export default function QueuesScreen() {
  const { data: queues, error, refetch } = useQueues()
  const [filter, setFilter] = useQueryState('filter')
  const tools = (
    <>
      <SearchField value={filter} onChange={setFilter} label="Filter queues" placeholder="Topic, step, dead, paused…" />
      {queues && <Totals queues={queues} />}
    </>
  )
  return (
    <ScreenFrame title="Queues" tools={tools}>
      {queues ? (
        <Queues queues={queues} filter={filter} clear={() => setFilter('')} />
      ) : error ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : (
        <Skeleton />
      )}
    </ScreenFrame>
  )
}

function Totals({ queues }: { queues: readonly Queue[] }) {
  const [events, dead] = queues.reduce(
    ([held, died], { waiting, delayed, inFlight, dead: own }) => [held + waiting + delayed + inFlight, died + own] as const,
    [0, 0] as readonly [number, number],
  )
  return (
    <span className="tabular text-sm text-muted">
      {counted(events, 'event')} · <span className={dead > 0 ? 'text-bad' : ''}>{counted(dead, 'dead letter')}</span>
    </span>
  )
}

interface QueuesProps {
  queues: readonly Queue[]
  filter: string
  clear: () => void
}

function Queues({ queues, filter, clear }: QueuesProps) {
  const route = useRoute()
  const isNarrow = useIsNarrow()
  const open = queueOf(route)
  const close = (): void => navigate(placeOf(null, route))
  if (queues.length === 0) return <NoQueues />
  const detail = open && <QueueDetail key={nameOf(open)} address={open} close={close} />
  const list = <QueueList queues={queues} filter={filter} clear={clear} isBesideDetail={open !== null} />
  if (isNarrow) return detail ?? list
  return <SplitPane name="queues" label="Queue" first={list} second={detail} share={0.4} />
}

function QueueList({ queues, filter, clear, isBesideDetail }: QueuesProps & { isBesideDetail: boolean }) {
  const route = useRoute()
  const [sort, setSort] = useQueryState('sort')
  const open = queueOf(route)
  const rows = useMemo(() => ordered(filtered(queues, filter), orderings, parseOrder(sort)), [queues, filter, sort])
  const select = (name: string): void => {
    const queue = queues.find((each) => nameOf(each) === name)
    if (queue !== undefined) navigate(placeOf(queue, route), open !== null)
  }
  useShortcuts([
    { keys: 'enter', title: 'Into what is selected', group: 'Lists', run: () => document.getElementById('queue-detail')?.focus() },
  ])
  if (rows.length === 0) {
    return (
      <EmptyState icon={ListFilter} title="No queue fits the filter" action={<Button onClick={clear}>Show all queues</Button>}>
        None of the {queues.length} queues has ‘{filter}’ in its topic, step or kind.
      </EmptyState>
    )
  }
  return (
    <Table
      label="Queues"
      columns={columnsFor(isBesideDetail)}
      rows={rows}
      keyOf={nameOf}
      selected={open && nameOf(open)}
      onSelect={select}
      hasKeys
      order={parseOrder(sort)}
      onOrder={(order) => setSort(formatOrder(order))}
    />
  )
}

function NoQueues() {
  return (
    <EmptyState icon={Inbox} title="No queue yet" command="runtime generate step --type event">
      A queue holds the events of one topic for one step, and the ticks of a schedule. It comes with the first step that
      subscribes to a topic, has a schedule, or watches state or a stream.
    </EmptyState>
  )
}
