import { Plus, X } from 'lucide-react'

import { Button, IconButton } from '../../components/Button.tsx'
import { TextInput } from '../../components/fields.tsx'
import type { Pair } from './draft.ts'
import type { Parameter } from './parameters.ts'

interface PairRowsProps {
  /** What they are, in the singular: `header`. */
  noun: string
  pairs: readonly Pair[]
  /** Those that the step tells of; they cannot be removed. */
  known?: readonly Parameter[]
  onChange: (pairs: Pair[]) => void
}

/** Names with values, each of which can be left out. */
export function PairRows({ noun, pairs, known = [], onChange }: PairRowsProps) {
  const set = (at: number, change: Partial<Pair>): void => {
    onChange(pairs.map((pair, each) => (each === at ? { ...pair, ...change } : pair)))
  }
  return (
    <div className="flex flex-col gap-1.5">
      {pairs.map((pair, at) => (
        <PairRow
          key={at}
          noun={noun}
          pair={pair}
          parameter={known[at]}
          onChange={(change) => set(at, change)}
          onRemove={() => onChange(pairs.filter((_, each) => each !== at))}
        />
      ))}
      <Button look="quiet" icon={Plus} className="self-start" onClick={() => onChange([...pairs, { name: '', value: '', isOn: true }])}>
        Add a {noun}
      </Button>
    </div>
  )
}

interface PairRowProps {
  noun: string
  pair: Pair
  parameter: Parameter | undefined
  onChange: (change: Partial<Pair>) => void
  onRemove: () => void
}

function PairRow({ noun, pair: { name, value, isOn }, parameter, onChange, onRemove }: PairRowProps) {
  const named = name === '' ? `new ${noun}` : name
  return (
    <div className="grid grid-cols-[16px_minmax(80px,2fr)_minmax(100px,3fr)_28px] items-center gap-x-2">
      <input type="checkbox" aria-label={`Send ${named}`} checked={isOn} onChange={(event) => onChange({ isOn: event.target.checked })} />
      {parameter ? (
        <ParameterName parameter={parameter} />
      ) : (
        <TextInput aria-label={`Name of the ${noun}`} placeholder="Name" value={name} onChange={(event) => onChange({ name: event.target.value })} />
      )}
      <ValueInput label={`Value of ${named}`} value={value} parameter={parameter} onChange={(next) => onChange({ value: next, isOn: true })} />
      {parameter ? <span /> : <IconButton icon={X} label={`Remove ${named}`} onClick={onRemove} />}
      {parameter && <Hint parameter={parameter} />}
    </div>
  )
}

export function ParameterName({ parameter: { name, isRequired, description } }: { parameter: Parameter }) {
  return (
    <span className="truncate font-mono text-sm" title={description || name}>
      {name}
      {isRequired && (
        <span className="text-bad" title="It must be given">
          {' '}
          *<span className="sr-only">required</span>
        </span>
      )}
    </span>
  )
}

export function Hint({ parameter: { description } }: { parameter: Parameter }) {
  return description === '' ? null : <span className="col-start-3 text-sm text-faint">{description}</span>
}

interface ValueInputProps {
  label: string
  value: string
  parameter: Parameter | undefined
  onChange: (value: string) => void
}

export function ValueInput({ label, value, parameter, onChange }: ValueInputProps) {
  const choices = parameter?.choices ?? []
  const listId = `choices-${parameter?.name}`
  return (
    <>
      <TextInput
        aria-label={label}
        value={value}
        placeholder={parameter?.type ?? 'Value'}
        list={choices.length > 0 ? listId : undefined}
        onChange={(event) => onChange(event.target.value)}
        className="font-mono text-sm"
      />
      {choices.length > 0 && (
        <datalist id={listId}>
          {choices.map((choice) => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      )}
    </>
  )
}
