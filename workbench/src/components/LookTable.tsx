import type { ReactNode } from 'react'

import { useLookThrough, type Paged } from '../api/useLookThrough.ts'
import { useQueryState } from '../app/useRoute.ts'
import { LookFooter } from './LookFooter.tsx'
import { ErrorState, Skeleton } from './states.tsx'
import { Table, type Column } from './Table.tsx'

interface Row {
  key: string
}

interface LookTableProps<R extends Row> {
  label: string
  list: Paged<R> & { error: unknown; refetch: () => unknown; isFetchingNextPage: boolean }
  columns: readonly Column<R>[]
  selected: string | null
  onSelect: (key: string) => void
  /** What is shown in place of no rows. */
  empty: ReactNode
}

/** Rows that are read in parts, those with the address's `text` in their key. */
export function LookTable<R extends Row>({ label, list, columns, selected, onSelect, empty }: LookTableProps<R>) {
  const [text] = useQueryState('text')
  const { rows, looked, total, more, further } = useLookThrough(list, text)
  if (list.data === undefined) return list.error ? <ErrorState error={list.error} retry={() => void list.refetch()} /> : <Skeleton />
  if (looked === 0) return empty
  return (
    <Table
      label={label}
      columns={columns}
      rows={rows}
      keyOf={keyOf}
      selected={selected}
      onSelect={onSelect}
      hasKeys
      onEnd={more}
      footer={<LookFooter shown={rows.length} looked={looked} total={total} isReading={list.isFetchingNextPage} further={further} />}
    />
  )
}

function keyOf({ key }: Row): string {
  return key
}
