import { Lock } from 'lucide-react'

import type { Stream } from '../../api/types.ts'
import { useLookThrough } from '../../api/useLookThrough.ts'
import { places } from '../../app/places.ts'
import { navigate } from '../../app/useRoute.ts'
import { LanguageMark } from '../../components/Badge.tsx'
import { ChoiceList } from '../../components/ChoiceList.tsx'
import { formatCount } from '../../format/count.ts'
import { languageOf } from '../../format/language.ts'
import { useGroups } from './reads.ts'

interface StreamTreeProps {
  streams: readonly Stream[]
  stream: string | null
  group: string | null
}

interface TreeRow {
  key: string
  stream: Stream | null
  group: string
  count: number
}

/** The streams, and below the one that is open its groups. */
export function StreamTree({ streams, stream, group }: StreamTreeProps) {
  const groups = useGroups(stream ?? '')
  const { rows, more } = useLookThrough(groups, '')
  const all = streams.flatMap((each): TreeRow[] => [
    { key: keyOf(each.name), stream: each, group: '', count: 0 },
    ...(each.name === stream ? rows.map(({ key, items }) => ({ key: keyOf(each.name, key), stream: null, group: key, count: items })) : []),
  ])
  return (
    <ChoiceList
      label="Streams and their groups"
      rows={all}
      render={row}
      selected={stream === null ? null : keyOf(stream, group)}
      onSelect={(chosen) => {
        const name = chosen.stream?.name ?? stream ?? ''
        navigate(places.stream(name, chosen.group), stream !== null)
      }}
      hasKeys={group === null}
      onEnd={more}
    />
  )
}

function keyOf(stream: string, group: string | null = null): string {
  return JSON.stringify(group === null ? [stream] : [stream, group])
}

function row({ stream, group, count }: TreeRow) {
  if (stream === null) {
    return (
      <>
        <span className="min-w-0 flex-1 truncate pl-6 font-mono text-sm" title={group}>
          {group}
        </span>
        <span className="tabular text-sm text-faint" title={`${count} items`}>
          {formatCount(count)}
        </span>
      </>
    )
  }
  return (
    <>
      <LanguageMark language={languageOf(stream.file, stream.language)} />
      <span className="min-w-0 flex-1 truncate font-medium" title={stream.file}>
        {stream.name}
      </span>
      {stream.isGuarded && <Lock size={13} role="img" aria-label="canAccess decides who may follow it" className="text-faint" />}
    </>
  )
}
