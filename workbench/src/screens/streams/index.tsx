import { Plus, Radio } from 'lucide-react'
import { useState } from 'react'

import { useProject } from '../../api/queries.ts'
import type { Stream } from '../../api/types.ts'
import { places } from '../../app/places.ts'
import { navigate, useQueryState, useRoute } from '../../app/useRoute.ts'
import { useLeave } from '../../app/useLeave.ts'
import { useShortcuts } from '../../app/useShortcuts.ts'
import { Button } from '../../components/Button.tsx'
import { SearchField } from '../../components/fields.tsx'
import { ScreenFrame } from '../../components/ScreenFrame.tsx'
import { SplitPane } from '../../components/SplitPane.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { itemCommand } from './command.ts'
import { DetailPane } from './DetailPane.tsx'
import { ItemTable } from './ItemTable.tsx'
import { NewItem } from './NewItem.tsx'
import { useGroups, useItemChanges } from './reads.ts'
import { StreamTree } from './StreamTree.tsx'

/** The streams of the project: their groups, and the items that clients follow. */
export default function StreamsScreen() {
  const { data: project, error, refetch } = useProject()
  const { path, query } = useRoute()
  const [isNew, setIsNew] = useState(false)
  const stream = project?.streams.find(({ name }) => name === path[0])
  const { group = null, id = null } = query
  useItemChanges()
  useLeave(() => navigate(outerPlace(path[0] ?? '', query)))
  useShortcuts([{ keys: 'n', title: 'New item', group: 'This screen', run: () => setIsNew(true) }])
  const action = stream && (
    <Button icon={Plus} onClick={() => setIsNew(true)} title="n">
      New item
    </Button>
  )
  return (
    <ScreenFrame title="Streams" tools={group !== null && <Search />} actions={action}>
      {project ? (
        <Streams streams={project.streams} stream={stream} name={path[0] ?? null} group={group} id={id} address={project.address} />
      ) : error ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : (
        <Skeleton />
      )}
      {isNew && stream && <NewItem stream={stream} group={group ?? ''} onClose={() => setIsNew(false)} />}
    </ScreenFrame>
  )
}

/** Where Esc leads: from the item to its group, to its stream, to all. */
function outerPlace(stream: string, { group = '', id = '' }: Record<string, string>) {
  if (id !== '') return places.stream(stream, group)
  return group === '' ? places.screen('streams') : places.stream(stream)
}

function Search() {
  const [text, setText] = useQueryState('text')
  return <SearchField label="Search the ids" value={text} onChange={setText} />
}

interface StreamsProps {
  streams: Stream[]
  stream: Stream | undefined
  name: string | null
  group: string | null
  id: string | null
  /** Of the runtime. */
  address: string
}

function Streams({ streams, stream, name, group, id, address }: StreamsProps) {
  if (streams.length === 0) return <NoStreams />
  return (
    <SplitPane
      name="streams"
      label="Items"
      share={0.19}
      first={<StreamTree streams={streams} stream={stream?.name ?? null} group={group} />}
      second={
        stream === undefined ? (
          <Choose gone={name} />
        ) : group === null ? (
          <StreamPane stream={stream} address={address} />
        ) : (
          <SplitPane
            key={`${stream.name} ${group}`}
            name="stream-item"
            label="Item"
            share={0.52}
            first={<ItemTable stream={stream.name} group={group} selected={id} />}
            second={<DetailPane stream={stream} group={group} id={id} />}
          />
        )
      }
    />
  )
}

function Choose({ gone }: { gone: string | null }) {
  return (
    <EmptyState icon={Radio} title={gone === null ? 'Choose a stream' : `The project has no stream ${gone}`}>
      Its groups come below it, and their items here. What steps change shows at once.
    </EmptyState>
  )
}

function StreamPane({ stream, address }: { stream: Stream; address: string }) {
  const { name } = stream
  const { data, error, refetch } = useGroups(name)
  if (data === undefined) return error ? <ErrorState error={error} retry={() => void refetch()} /> : <Skeleton />
  if (data.pages[0]?.rows.length !== 0) {
    return (
      <EmptyState icon={Radio} title="Choose a group">
        A group holds the items that belong together, such as those of one user or one page.
      </EmptyState>
    )
  }
  return (
    <EmptyState icon={Radio} title={`The stream ${name} is empty`} command={itemCommand(address, stream)}>
      A step sets an item by <code className="font-mono">streams.{name}.set('a-group', 'an-id', &#123;…&#125;)</code>, and those who follow the group get it at
      once. New item does the same from here; so does, in the project’s folder:
    </EmptyState>
  )
}

const STREAM = "export const config = { name: 'board', schema: { type: 'object' }, baseConfig: { storageType: 'default' } }"

function NoStreams() {
  return (
    <EmptyState icon={Radio} title="The project has no stream" command={`echo "${STREAM}" > steps/board.stream.ts`}>
      A stream holds items that browsers follow live: progress, answers that are being written, what others do. It is declared by a
      file, such as:
    </EmptyState>
  )
}
