import { Save } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'

import { explain } from '../api/error.ts'
import type { Json } from '../api/types.ts'
import { Button } from './Button.tsx'
import { JsonEditor, parseJson } from './code/JsonEditor.tsx'
import { JsonView } from './json/JsonView.tsx'
import { unsaved, type Edited } from './unsaved.ts'

interface ValueEditorProps {
  label: string
  /** Of what the value is; under this name an edit is kept that is left before it is saved. */
  name: string
  /** The value as it is now; undefined when it has been deleted. */
  value: Json | undefined
  /** Which of its versions that is. */
  version: number | string
  /** Writes, where the value has this version still; throws when it has not. Resolves to the version after. */
  onSave: (value: Json, ifVersion: number | string) => Promise<void>
  /** Further fields, beside the button. */
  more?: ReactNode
}

function begun(value: Json | undefined, version: number | string): Edited {
  const text = value === undefined ? '' : JSON.stringify(value, null, 2)
  return { text, before: text, version }
}

/** Edits a value. When it is changed by somebody else meanwhile, it says so and shows the newer one. */
export function ValueEditor({ label, name, value, version, onSave, more }: ValueEditorProps) {
  const [edited, setEdited] = useState(() => unsaved.of(name) ?? begun(value, version))
  const [error, setError] = useState('')
  const [isBusy, setIsBusy] = useState(false)
  const isTouched = edited.text !== edited.before
  useEffect(() => unsaved.keep(name, isTouched ? edited : null), [name, isTouched, edited])
  const isOld = edited.version !== version
  // What nobody has begun to edit goes with the value.
  if (isOld && !isTouched) setEdited(begun(value, version))
  const parsed = parseJson(edited.text)
  const canSave = isTouched && parsed.value !== undefined && !isBusy
  const save = async (ifVersion: number | string): Promise<void> => {
    if (!canSave || parsed.value === undefined) return
    setIsBusy(true)
    setError('')
    try {
      await onSave(parsed.value, ifVersion)
      setEdited((now) => ({ ...now, before: now.text }))
    } catch (failure) {
      setError(explain(failure))
    } finally {
      setIsBusy(false)
    }
  }
  return (
    <div className="flex h-full min-h-0 flex-col gap-2 p-3">
      {isOld && isTouched && !isBusy && (
        <Changed value={value} onTake={() => setEdited(begun(value, version))} onKeep={() => void save(version)} canKeep={canSave} />
      )}
      <JsonEditor
        label={label}
        text={edited.text}
        onChange={(text) => setEdited((now) => ({ ...now, text }))}
        onSubmit={() => void save(edited.version)}
        className="min-h-32 flex-1"
      />
      {error !== '' && <p role="alert" className="text-sm text-bad">Not saved: {error}</p>}
      {parsed.error !== '' && <p className="text-sm text-bad">This is no JSON: {parsed.error}</p>}
      <div className="flex shrink-0 flex-wrap items-center gap-2">
        {more}
        <span className="flex-1" />
        {isTouched && <Button look="quiet" onClick={() => setEdited(begun(value, version))}>Discard</Button>}
        <Button look="primary" icon={Save} isBusy={isBusy} disabled={!canSave} title="Ctrl or Cmd and Enter" onClick={() => void save(edited.version)}>
          Save
        </Button>
      </div>
    </div>
  )
}

interface ChangedProps {
  value: Json | undefined
  onTake: () => void
  onKeep: () => void
  canKeep: boolean
}

function Changed({ value, onTake, onKeep, canKeep }: ChangedProps) {
  return (
    <div role="alert" className="flex max-h-[40%] shrink-0 flex-col gap-2 rounded-md border border-warn bg-warn-soft p-2">
      <p className="text-warn">
        {value === undefined ? 'It has been deleted since you began.' : 'It has been changed since you began. The newer value:'}
      </p>
      {value !== undefined && (
        <div className="min-h-0 overflow-auto rounded-md bg-surface p-2">
          <JsonView value={value} label="the newer value" depth={1} />
        </div>
      )}
      <div className="flex gap-2">
        <Button onClick={onTake}>{value === undefined ? 'Discard mine' : 'Take the newer'}</Button>
        <Button onClick={onKeep} disabled={!canKeep}>
          Save mine over it
        </Button>
      </div>
    </div>
  )
}
