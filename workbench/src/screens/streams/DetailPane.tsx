import { Trash2 } from 'lucide-react'
import { useState } from 'react'

import type { Json, Stream } from '../../api/types.ts'
import { useQueryState } from '../../app/useRoute.ts'
import { IconButton } from '../../components/Button.tsx'
import { CopyButton } from '../../components/CopyButton.tsx'
import { ConfirmDialog } from '../../components/Dialog.tsx'
import { JsonView } from '../../components/json/JsonView.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { Tabs, type Tab } from '../../components/Tabs.tsx'
import { useIsUnsaved } from '../../components/unsaved.ts'
import { ValueEditor } from '../../components/ValueEditor.tsx'
import { FollowTab } from './FollowTab.tsx'
import { dataOf } from './items.ts'
import { useIsUnchanged, useItem, useReadItem, versionOf, writes } from './reads.ts'
import { SendTab } from './SendTab.tsx'

interface DetailPaneProps {
  stream: Stream
  group: string
  /** Null when only the group is open. */
  id: string | null
}

type Part = 'item' | 'edit' | 'follow' | 'send' | 'schema'

/** A group or one of its items: what it is, what its followers get, and events to send to them. */
export function DetailPane({ stream, group, id }: DetailPaneProps) {
  const [tab, setTab] = useQueryState('tab')
  const { name } = stream
  const isUnsaved = useIsUnsaved(editOf(name, group, id ?? ''))
  const room = id === null ? { streamName: name, groupId: group } : { streamName: name, groupId: group, id }
  const own: Tab<Part>[] =
    id === null
      ? []
      : [
          { id: 'item', title: 'Item', panel: () => <ItemPanel stream={name} group={group} id={id} /> },
          { id: 'edit', title: isUnsaved ? 'Edit (not saved)' : 'Edit', panel: () => <Edit key={id} stream={name} group={group} id={id} /> },
        ]
  return (
    <div className="flex h-full min-h-0 flex-col">
      <Head stream={name} group={group} id={id} />
      <div className="min-h-0 flex-1">
        <Tabs<Part>
          label="Parts of the stream"
          selected={(tab || 'item') as Part}
          onSelect={setTab}
          tabs={[
            ...own,
            { id: 'follow', title: 'Follow', panel: () => <FollowTab key={JSON.stringify(room)} room={room} /> },
            { id: 'send', title: 'Send', panel: () => <SendTab key={JSON.stringify(room)} stream={name} group={group} id={id ?? ''} /> },
            { id: 'schema', title: 'Schema', panel: () => <Schema stream={stream} /> },
          ]}
        />
      </div>
    </div>
  )
}

/** The name of an edit of an item. */
function editOf(stream: string, group: string, id: string): string {
  return JSON.stringify(['stream', stream, group, id])
}

function Head({ stream, group, id }: { stream: string; group: string; id: string | null }) {
  const [isDeleting, setIsDeleting] = useState(false)
  return (
    <div className="flex h-10 shrink-0 items-center gap-1 px-3">
      <h3 className="min-w-0 flex-1 truncate font-mono text-sm" title={id ?? group}>
        {id ?? group}
      </h3>
      <CopyButton text={id ?? group} label={id === null ? 'Copy the group' : 'Copy the id'} />
      {id !== null && <IconButton icon={Trash2} label="Delete the item" onClick={() => setIsDeleting(true)} />}
      {isDeleting && id !== null && (
        <ConfirmDialog title="Delete the item" deed="Delete it" onConfirm={() => writes.delete(stream, group, id)} onClose={() => setIsDeleting(false)}>
          <p>
            The item <b className="font-mono break-all">{id}</b> of <b className="font-mono break-all">{`${stream} / ${group}`}</b> will be gone, also for
            those who follow it.
          </p>
        </ConfirmDialog>
      )}
    </div>
  )
}

function ItemPanel({ stream, group, id }: { stream: string; group: string; id: string }) {
  const { data: item, error, refetch } = useItem(stream, group, id)
  if (item === undefined) return error ? <ErrorState error={error} retry={() => void refetch()} /> : <Skeleton />
  if (item === null) {
    return (
      <EmptyState icon={Trash2} title="There is no such item">
        It was deleted, or never set. As soon as a step sets it, it is here.
      </EmptyState>
    )
  }
  return (
    <div className="p-3">
      <JsonView value={item} label="the item" />
    </div>
  )
}

function Edit({ stream, group, id }: { stream: string; group: string; id: string }) {
  const { data: item, error } = useItem(stream, group, id)
  const isUnchanged = useIsUnchanged()
  const readItem = useReadItem()
  if (item === undefined) return error ? <ErrorState error={error} /> : <Skeleton />
  const save = async (value: Json, ifVersion: number | string): Promise<void> => {
    if (!(await isUnchanged(stream, group, id, String(ifVersion)))) throw new Error('it has been changed meanwhile')
    await writes.set(stream, group, id, value)
    await readItem(stream, group, id)
  }
  return (
    <ValueEditor
      label="The item as JSON"
      name={editOf(stream, group, id)}
      value={item === null ? undefined : dataOf(item)}
      version={versionOf(item)}
      onSave={save}
      more={<span className="text-sm text-faint">It is set as a step does: its followers get it.</span>}
    />
  )
}

function Schema({ stream: { schema, file } }: { stream: Stream }) {
  return (
    <div className="flex flex-col gap-2 p-3">
      <p className="text-sm text-muted">
        Declared in <span className="font-mono">{file}</span>
      </p>
      {schema === null ? <p className="text-muted">The stream says nothing of its items (schema).</p> : <JsonView value={schema} label="the schema" depth={4} />}
    </div>
  )
}
