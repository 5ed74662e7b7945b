import { Rows3 } from 'lucide-react'

import { places } from '../../app/places.ts'
import { navigate, useRoute } from '../../app/useRoute.ts'
import { LookTable } from '../../components/LookTable.tsx'
import { EmptyState } from '../../components/states.tsx'
import type { Column } from '../../components/Table.tsx'
import { Time } from '../../components/values.tsx'
import type { ItemRow } from './items.ts'
import { useItems } from './reads.ts'

const id = (width: string): Column<ItemRow> => ({ title: 'Id', width, cell: ({ key }) => <span className="font-mono text-sm" title={key}>{key}</span> })
const item = (width: string): Column<ItemRow> => ({ title: 'Item', width, cell: ({ preview }) => <span className="font-mono text-sm text-muted">{preview}</span> })
const made: Column<ItemRow> = { title: 'Made', width: '108px', isNumber: true, cell: ({ created }) => <span className="text-sm text-muted"><Time at={created} /></span> }

const ALL = [id('minmax(90px, 2fr)'), item('minmax(90px, 3fr)'), made]
/** Beside an item that is open: by their ids one goes on to others. */
const BESIDE = [id('minmax(160px, 3fr)'), item('minmax(60px, 1fr)')]

/** The items of a group. */
export function ItemTable({ stream, group, selected }: { stream: string; group: string; selected: string | null }) {
  const items = useItems(stream, group)
  const { query } = useRoute()
  const select = (id: string): void => {
    const tab = query['tab'] ?? ''
    navigate({ ...places.stream(stream, group, id), query: { ...query, group, id, tab: tab === 'schema' ? '' : tab } }, selected !== null)
  }
  const empty = (
    <EmptyState icon={Rows3} title="The group is empty">
      A step sets an item by <code className="font-mono">streams.{stream}.set('{group}', id, &#123;…&#125;)</code>; New item does the same.
    </EmptyState>
  )
  return <LookTable label={`Items of ${group}`} list={items} columns={selected === null ? ALL : BESIDE} selected={selected} onSelect={select} empty={empty} />
}
