import { KeyRound } from 'lucide-react'

import { places } from '../../app/places.ts'
import { navigate, useQueryState, useRoute } from '../../app/useRoute.ts'
import { useLookThrough } from '../../api/useLookThrough.ts'
import { LookFooter } from '../../components/LookFooter.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { Table, type Column } from '../../components/Table.tsx'
import { useKeys, type KeyRow } from './reads.ts'

const columns: readonly Column<KeyRow>[] = [
  { title: 'Key', width: 'minmax(140px, 2fr)', cell: ({ key }) => <span className="font-mono text-sm" title={key}>{key}</span> },
  { title: 'Type', width: '72px', cell: ({ type }) => <span className="text-muted">{type}</span> },
  { title: 'Value', width: 'minmax(120px, 3fr)', cell: ({ preview }) => <span className="font-mono text-sm text-muted">{preview}</span> },
]

/** The keys of a group. */
export function KeyTable({ group, selected }: { group: string; selected: string | null }) {
  const keys = useKeys(group)
  const [text] = useQueryState('text')
  const { query } = useRoute()
  const { rows, looked, total, more, further } = useLookThrough(keys, text)
  const select = (key: string): void => navigate({ ...places.state(group), query: { ...query, key } }, selected !== null)
  if (keys.data === undefined) return keys.error ? <ErrorState error={keys.error} retry={() => void keys.refetch()} /> : <Skeleton />
  if (looked === 0) {
    return (
      <EmptyState icon={KeyRound} title="The group is empty" command={`runtime state set ${quoted(group)} greeting '"hello"'`}>
        A group is there as long as it has keys. A step sets one by <code className="font-mono">state.set(group, key, value)</code>; from a terminal:
      </EmptyState>
    )
  }
  return (
    <Table
      label={`Keys of ${group}`}
      columns={columns}
      rows={rows}
      keyOf={keyOf}
      selected={selected}
      onSelect={select}
      hasKeys
      onEnd={more}
      footer={<LookFooter shown={rows.length} looked={looked} total={total} isReading={keys.isFetchingNextPage} further={further} />}
    />
  )
}

function keyOf({ key }: KeyRow): string {
  return key
}

function quoted(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
