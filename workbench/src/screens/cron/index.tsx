import { CalendarX, CalendarClock, ListFilter } from 'lucide-react'
import { useMemo } from 'react'

import { useSchedules } from '../../api/queries.ts'
import type { Schedule } from '../../api/types.ts'
import { navigate, useQueryState, useRoute } from '../../app/useRoute.ts'
import { places } from '../../app/places.ts'
import { useShortcuts } from '../../app/useShortcuts.ts'
import { Button } from '../../components/Button.tsx'
import { SearchField } from '../../components/fields.tsx'
import { formatOrder, ordered, parseOrder } from '../../components/order.ts'
import { ScreenFrame } from '../../components/ScreenFrame.tsx'
import { SplitPane } from '../../components/SplitPane.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { Table } from '../../components/Table.tsx'
import { useIsNarrow } from '../../components/useIsNarrow.ts'
import { columnsFor, orderings } from './columns.tsx'
import { describe } from './describe.ts'
import { ScheduleDetail } from './ScheduleDetail.tsx'
import { useLiveRuns } from './useRuns.ts'

/** Every schedule with its next and last run. */
export default function CronScreen() {
  const { data: schedules, error, refetch } = useSchedules()
  const [filter, setFilter] = useQueryState('filter')
  useLiveRuns()
  return (
    <ScreenFrame title="Cron" tools={<SearchField value={filter} onChange={setFilter} label="Filter schedules" placeholder="Step, words, zone…" />}>
      {schedules ? (
        <Schedules schedules={schedules} filter={filter} clear={() => setFilter('')} />
      ) : error ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : (
        <Skeleton />
      )}
    </ScreenFrame>
  )
}

interface SchedulesProps {
  schedules: readonly Schedule[]
  filter: string
  clear: () => void
}

function Schedules({ schedules, filter, clear }: SchedulesProps) {
  const { path, query } = useRoute()
  const isNarrow = useIsNarrow()
  const [wanted = ''] = path
  const own = schedules.filter(({ step }) => step === wanted)
  // A step may have several schedules; which one it is stands in the query.
  const open = own.find(({ expression }) => expression === query['at']) ?? own[0]
  const go = (schedule: Schedule | null): void => {
    const place = schedule === null ? places.screen('cron') : places.cron(schedule.step)
    const at = schedule !== null && schedules.filter(({ step }) => step === schedule.step).length > 1 ? schedule.expression : ''
    navigate({ ...place, query: { filter, sort: query['sort'] ?? '', at } }, schedule !== null && open !== undefined)
  }
  if (schedules.length === 0) return <NoSchedules />
  const list = <ScheduleList schedules={schedules} filter={filter} clear={clear} open={open} isBeside={wanted !== ''} go={go} />
  const gone = wanted === '' ? null : <NotScheduled step={wanted} close={() => go(null)} />
  const detail = open === undefined ? gone : <ScheduleDetail key={keyOf(open)} schedule={open} close={() => go(null)} />
  if (isNarrow) return detail ?? list
  return <SplitPane name="cron" label="Schedule" first={list} second={detail} share={0.45} />
}

interface ScheduleListProps extends SchedulesProps {
  open: Schedule | undefined
  /** Whether something else stands beside the list. */
  isBeside: boolean
  go: (schedule: Schedule) => void
}

function ScheduleList({ schedules, filter, clear, open, isBeside, go }: ScheduleListProps) {
  const [sort, setSort] = useQueryState('sort')
  const rows = useMemo(() => ordered(filtered(schedules, filter), orderings, parseOrder(sort)), [schedules, filter, sort])
  const select = (key: string): void => {
    const schedule = schedules.find((each) => keyOf(each) === key)
    if (schedule !== undefined) go(schedule)
  }
  useShortcuts([
    { keys: 'enter', title: 'Into what is selected', group: 'Lists', run: () => document.getElementById('run-now')?.focus() },
  ])
  if (rows.length === 0) {
    return (
      <EmptyState icon={ListFilter} title="No schedule fits the filter" action={<Button onClick={clear}>Show all schedules</Button>}>
        None of the {schedules.length} schedules has ‘{filter}’ in its step, words or zone.
      </EmptyState>
    )
  }
  return (
    <Table
      label="Schedules"
      columns={columnsFor(isBeside)}
      rows={rows}
      keyOf={keyOf}
      selected={open === undefined ? null : keyOf(open)}
      onSelect={select}
      hasKeys
      order={parseOrder(sort)}
      onOrder={(order) => setSort(formatOrder(order))}
    />
  )
}

/** Where a link leads to a schedule that is not there any more. */
function NotScheduled({ step, close }: { step: string; close: () => void }) {
  return (
    <EmptyState icon={CalendarX} title={`${step} has no schedule`} action={<Button onClick={close}>Show all schedules</Button>}>
      No step of this name runs by the clock. It was renamed or removed, or its <code className="font-mono">config</code> has no cron any more.
    </EmptyState>
  )
}

function keyOf({ step, expression, timezone }: Schedule): string {
  return JSON.stringify([step, expression, timezone])
}

function filtered(schedules: readonly Schedule[], filter: string): readonly Schedule[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  return schedules.filter(({ step, expression, timezone }) => {
    const text = `${step} ${describe(expression)} ${expression} ${timezone}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

function NoSchedules() {
  return (
    <EmptyState icon={CalendarClock} title="No schedule yet" command="runtime generate step --type cron --cron '*/5 * * * *' --name Tidy --language python">
      A schedule runs a step at set times. Give a step a <code className="font-mono text-sm">cron</code> expression, such as
      ‘*/5 * * * *’ for every five minutes, and see here when it runs next and how it went.
    </EmptyState>
  )
}
