import { KeyRound } from 'lucide-react'

import { places } from '../../app/places.ts'
import { navigate, useRoute } from '../../app/useRoute.ts'
import { LookTable } from '../../components/LookTable.tsx'
import { EmptyState } from '../../components/states.tsx'
import type { Column } from '../../components/Table.tsx'
import { useKeys, type KeyRow } from './reads.ts'

const key = (width: string): Column<KeyRow> => ({ title: 'Key', width, cell: (row) => <span className="font-mono text-sm" title={row.key}>{row.key}</span> })
const type: Column<KeyRow> = { title: 'Type', width: '72px', cell: (row) => <span className="text-muted">{row.type}</span> }
const value = (width: string): Column<KeyRow> => ({ title: 'Value', width, cell: ({ preview }) => <span className="font-mono text-sm text-muted">{preview}</span> })

const ALL = [key('minmax(140px, 2fr)'), type, value('minmax(120px, 3fr)')]
/** Beside a value that is open: by their keys one goes on to others. */
const BESIDE = [key('minmax(160px, 3fr)'), value('minmax(60px, 1fr)')]

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
  return <LookTable label={`Keys of ${group}`} list={keys} columns={selected === null ? ALL : BESIDE} selected={selected} onSelect={select} empty={empty} />
}

function quoted(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
