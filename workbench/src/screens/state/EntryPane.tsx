import { Trash2 } from 'lucide-react'
import { useState } from 'react'

import { useQueryState } from '../../app/useRoute.ts'
import { IconButton } from '../../components/Button.tsx'
import { CopyButton } from '../../components/CopyButton.tsx'
import { ConfirmDialog } from '../../components/Dialog.tsx'
import { TextInput } from '../../components/fields.tsx'
import { JsonView } from '../../components/json/JsonView.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { Tabs } from '../../components/Tabs.tsx'
import { useIsUnsaved } from '../../components/unsaved.ts'
import { ValueEditor } from '../../components/ValueEditor.tsx'
import { useEntry, useReadAgain, writes, type Entry } from './reads.ts'
import { ttlOf } from './ttl.ts'

/** A value of the state: to be read, edited and deleted. */
export function EntryPane({ group, name }: { group: string; name: string }) {
  const { data: entry, error, refetch } = useEntry(group, name)
  const [isDeleting, setIsDeleting] = useState(false)
  if (entry === undefined) return error ? <ErrorState error={error} retry={() => void refetch()} /> : <Skeleton />
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex h-10 shrink-0 items-center gap-1 px-3">
        <h3 className="min-w-0 flex-1 truncate font-mono text-sm" title={name}>
          {name}
        </h3>
        <CopyButton text={name} label="Copy the key" />
        {entry && <IconButton icon={Trash2} label="Delete the value" onClick={() => setIsDeleting(true)} />}
      </div>
      <div className="min-h-0 flex-1">
        <Parts group={group} name={name} entry={entry} />
      </div>
      {isDeleting && (
        <ConfirmDialog title="Delete the value" deed="Delete it" onConfirm={() => writes.delete(group, name)} onClose={() => setIsDeleting(false)}>
          <p>
            The value <b className="font-mono break-all">{name}</b> of the group <b className="font-mono break-all">{group}</b> will be gone. Steps that
            watch it are told.
          </p>
        </ConfirmDialog>
      )}
    </div>
  )
}

type Part = 'value' | 'edit'

function Parts({ group, name, entry }: { group: string; name: string; entry: Entry | null }) {
  const [tab, setTab] = useQueryState('tab')
  const isUnsaved = useIsUnsaved(editOf(group, name))
  return (
    <Tabs<Part>
      label="Parts of the value"
      selected={(tab || 'value') as Part}
      onSelect={(next) => setTab(next === 'value' ? '' : next)}
      tabs={[
        { id: 'value', title: 'Value', panel: () => <Value entry={entry} name={name} /> },
        { id: 'edit', title: isUnsaved ? 'Edit (not saved)' : 'Edit', panel: () => <Edit key={`${group} ${name}`} group={group} name={name} entry={entry} /> },
      ]}
    />
  )
}

/** The name of an edit of a value. */
function editOf(group: string, name: string): string {
  return JSON.stringify(['state', group, name])
}

function Value({ entry, name }: { entry: Entry | null; name: string }) {
  if (entry === null) {
    return (
      <EmptyState icon={Trash2} title="There is no such value">
        It was deleted, its time was over, or it was never set. As soon as a step sets <code className="font-mono">{name}</code>, it is here.
      </EmptyState>
    )
  }
  return (
    <div className="p-3">
      <JsonView value={entry.value} label="the value" />
      <p className="tabular mt-3 text-sm text-faint">version {entry.version}</p>
    </div>
  )
}

function Edit({ group, name, entry }: { group: string; name: string; entry: Entry | null }) {
  const [ttl, setTtl] = useState('')
  const readAgain = useReadAgain()
  const seconds = ttlOf(ttl)
  const save: Parameters<typeof ValueEditor>[0]['onSave'] = async (value, ifVersion) => {
    if (seconds === null) throw new Error('the time to live is a number of seconds, or one such as 15m, 2h, 1d')
    try {
      await writes.set(group, name, { value, ttl: seconds, ifVersion: Number(ifVersion) })
    } finally {
      // What was refused has a newer value, which is to be seen.
      await readAgain(group, name)
    }
  }
  return (
    <ValueEditor
      label="The value as JSON"
      name={editOf(group, name)}
      value={entry?.value}
      version={entry?.version ?? 0}
      onSave={save}
      more={
        <label className="grid grid-cols-[auto_80px] items-center gap-2 text-sm whitespace-nowrap text-muted">
          Time to live
          <TextInput value={ttl} placeholder="for ever" aria-invalid={seconds === null} onChange={(event) => setTtl(event.target.value)} />
        </label>
      }
    />
  )
}
