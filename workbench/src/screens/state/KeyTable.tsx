import { KeyRound } from 'lucide-react'

import { places } from '../../app/places.ts'
import { navigate, useRoute } from '../../app/useRoute.ts'
import { LookTable } from '../../components/LookTable.tsx'
import { EmptyState } from '../../components/states.tsx'
import type { Column } from '../../components/Table.tsx'
import { useKeys, type KeyRow } from './reads.ts'

const columns: readonly Column<KeyRow>[] = [
  { title: 'Key', width: 'minmax(140px, 2fr)', cell: ({ key }) => <span className="font-mono text-sm" title={key}>{key}</span> },
  { title: 'Type', width: '72px', cell: ({ type }) => <span className="text-muted">{type}</span> },
  { title: 'Value', width: 'minmax(120px, 3fr)', cell: ({ preview }) => <span className="font-mono text-sm text-muted">{preview}</span> },
]

/** The keys of a group. */
export function KeyTable({ group, selected }: { group: string; selected: string | null }) {
  const keys = useKeys(group)
  const { query } = useRoute()
  const select = (key: string): void => navigate({ ...places.state(group), query: { ...query, key } }, selected !== null)
  const empty = (
    <EmptyState icon={KeyRound} title="The group is empty" command={`runtime state set ${quoted(group)} greeting '"hello"'`}>
      A group is there as long as it has keys. A step sets one by <code className="font-mono">state.set(group, key, value)</code>; from a terminal:
    </EmptyState>
  )
  return <LookTable label={`Keys of ${group}`} list={keys} columns={columns} selected={selected} onSelect={select} empty={empty} />
}

function quoted(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
