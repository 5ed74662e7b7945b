import { useState } from 'react'

import { useLookThrough } from '../../api/useLookThrough.ts'
import { places } from '../../app/places.ts'
import { navigate } from '../../app/useRoute.ts'
import { ChoiceList } from '../../components/ChoiceList.tsx'
import { TextInput } from '../../components/fields.tsx'
import { formatCount } from '../../format/count.ts'
import type { GroupRow, useGroups } from './reads.ts'

interface GroupListProps {
  groups: ReturnType<typeof useGroups>
  selected: string | null
}

export function GroupList({ groups, selected }: GroupListProps) {
  const [text, setText] = useState('')
  const { rows, more } = useLookThrough(groups, text)
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="shrink-0 border-b p-2">
        <TextInput aria-label="Filter the groups" placeholder="Filter the groups" value={text} onChange={(event) => setText(event.target.value)} />
      </div>
      <div className="min-h-0 flex-1">
        <ChoiceList
          label="Groups"
          rows={rows}
          render={row}
          selected={selected}
          onSelect={({ key }) => navigate(places.state(key), selected !== null)}
          hasKeys={selected === null}
          onEnd={more}
        />
      </div>
    </div>
  )
}

function row({ key, keys }: GroupRow) {
  return (
    <>
      <span className="min-w-0 flex-1 truncate font-mono text-sm" title={key}>
        {key}
      </span>
      <span className="tabular text-sm text-faint" title={`${keys} keys`}>
        {formatCount(keys)}
      </span>
    </>
  )
}
