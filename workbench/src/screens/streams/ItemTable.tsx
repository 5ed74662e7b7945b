import { Rows3 } from 'lucide-react'

import { useLookThrough } from '../../api/useLookThrough.ts'
import { places } from '../../app/places.ts'
import { navigate, useQueryState, useRoute } from '../../app/useRoute.ts'
import { LookFooter } from '../../components/LookFooter.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { Table, type Column } from '../../components/Table.tsx'
import { Time } from '../../components/values.tsx'
import type { ItemRow } from './items.ts'
import { useItems } from './reads.ts'

const columns: readonly Column<ItemRow>[] = [
  { title: 'Id', width: 'minmax(130px, 2fr)', cell: ({ key }) => <span className="font-mono text-sm" title={key}>{key}</span> },
  { title: 'Item', width: 'minmax(140px, 3fr)', cell: ({ preview }) => <span className="font-mono text-sm text-muted">{preview}</span> },
  { title: 'Made', width: '108px', isNumber: true, cell: ({ created }) => <span className="text-sm text-muted"><Time at={created} /></span> },
]

/** The items of a group. */
export function ItemTable({ stream, group, selected }: { stream: string; group: string; selected: string | null }) {
  const items = useItems(stream, group)
  const [text] = useQueryState('text')
  const { query } = useRoute()
  const { rows, looked, total, more, further } = useLookThrough(items, text)
  const select = (id: string): void => {
    const tab = query['tab'] ?? ''
    navigate({ ...places.stream(stream, group, id), query: { ...query, group, id, tab: tab === 'schema' ? '' : tab } }, selected !== null)
  }
  if (items.data === undefined) return items.error ? <ErrorState error={items.error} retry={() => void items.refetch()} /> : <Skeleton />
  if (looked === 0) {
    return (
      <EmptyState icon={Rows3} title="The group is empty">
        A step sets an item by <code className="font-mono">streams.{stream}.set('{group}', id, &#123;…&#125;)</code>; New item does the same.
      </EmptyState>
    )
  }
  return (
    <Table
      label={`Items of ${group}`}
      columns={columns}
      rows={rows}
      keyOf={keyOf}
      selected={selected}
      onSelect={select}
      hasKeys
      onEnd={more}
      footer={<LookFooter shown={rows.length} looked={looked} total={total} isReading={items.isFetchingNextPage} further={further} />}
    />
  )
}

function keyOf({ key }: ItemRow): string {
  return key
}
