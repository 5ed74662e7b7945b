import { Database, Eraser, Plus } from 'lucide-react'
import { useState } from 'react'

import { places } from '../../app/places.ts'
import { navigate, useQueryState, useRoute } from '../../app/useRoute.ts'
import { useLeave } from '../../app/useLeave.ts'
import { useShortcuts } from '../../app/useShortcuts.ts'
import { Button } from '../../components/Button.tsx'
import { ConfirmDialog } from '../../components/Dialog.tsx'
import { SearchField } from '../../components/fields.tsx'
import { ScreenFrame } from '../../components/ScreenFrame.tsx'
import { SplitPane } from '../../components/SplitPane.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { toast } from '../../components/toasts.ts'
import { counted } from '../../format/count.ts'
import { EntryPane } from './EntryPane.tsx'
import { GroupList } from './GroupList.tsx'
import { KeyTable } from './KeyTable.tsx'
import { NewValue } from './NewValue.tsx'
import { useGroups, useStateChanges, writes } from './reads.ts'

type Window = 'new' | 'clear' | null

/** The state of the project: groups, their keys, and their values. */
export default function StateScreen() {
  const { path, query } = useRoute()
  const group = path[0] ?? null
  const key = query['key'] ?? null
  const [open, setOpen] = useState<Window>(null)
  useStateChanges()
  useLeave(() => navigate(group !== null && key !== null ? { ...places.state(group), query: { text: query['text'] ?? '' } } : places.screen('state')))
  useShortcuts([{ keys: 'n', title: 'New value', group: 'This screen', run: () => setOpen('new') }])
  return (
    <ScreenFrame title="State" tools={group !== null && <Search />} actions={<Actions group={group} open={setOpen} />}>
      <Groups group={group} name={key} />
      {open === 'new' && <NewValue group={group ?? ''} onClose={() => setOpen(null)} />}
      {open === 'clear' && group !== null && <Clear group={group} onClose={() => setOpen(null)} />}
    </ScreenFrame>
  )
}

function Search() {
  const [text, setText] = useQueryState('text')
  return <SearchField label="Search the keys" value={text} onChange={setText} />
}

function Actions({ group, open }: { group: string | null; open: (window: Window) => void }) {
  return (
    <>
      {group !== null && (
        <Button icon={Eraser} look="quiet" onClick={() => open('clear')}>
          Clear the group
        </Button>
      )}
      <Button icon={Plus} onClick={() => open('new')} title="n">
        New value
      </Button>
    </>
  )
}

function Clear({ group, onClose }: { group: string; onClose: () => void }) {
  const clear = async (): Promise<void> => {
    const { cleared } = await writes.clear(group)
    toast('ok', `Deleted ${counted(cleared, 'value')} of ${group}`)
  }
  return (
    <ConfirmDialog title="Clear the group" deed="Delete all values" onConfirm={clear} onClose={onClose}>
      <p>
        All values of the group <b className="font-mono break-all">{group}</b> will be gone, also those that are not in sight. This cannot be undone.
      </p>
    </ConfirmDialog>
  )
}

function Groups({ group, name }: { group: string | null; name: string | null }) {
  const groups = useGroups()
  if (groups.data === undefined) return groups.error ? <ErrorState error={groups.error} retry={() => void groups.refetch()} /> : <Skeleton />
  if (groups.data.pages[0]?.rows.length === 0 && group === null) return <NoState />
  return (
    <SplitPane
      name="state"
      label="Keys"
      share={0.18}
      first={<GroupList groups={groups} selected={group} />}
      second={group === null ? <Choose /> : <Keys key={group} group={group} name={name} />}
    />
  )
}

function Keys({ group, name }: { group: string; name: string | null }) {
  return (
    <SplitPane
      name="state-value"
      label="Value"
      share={0.52}
      first={<KeyTable group={group} selected={name} />}
      second={name === null ? null : <EntryPane key={name} group={group} name={name} />}
    />
  )
}

function Choose() {
  return (
    <EmptyState icon={Database} title="Choose a group">
      Its keys come here, with their values. What steps change shows at once.
    </EmptyState>
  )
}

function NoState() {
  return (
    <EmptyState icon={Database} title="The state is empty" command={`runtime state set visits home '{"count": 1}'`}>
      Values that steps keep, by group and key, are shown here and can be changed. A step sets one by{' '}
      <code className="font-mono">state.set('visits', 'home', &#123;count: 1&#125;)</code>; from a terminal:
    </EmptyState>
  )
}
