import { Search } from 'lucide-react'
import { useId, useRef, type ComponentPropsWithRef, type ReactNode } from 'react'

import { useShortcuts } from '../app/useShortcuts.ts'
import { localTime } from '../format/time.ts'
import { classes } from './classes.ts'
import { Kbd } from './Kbd.tsx'

const BOX =
  'h-7 rounded-md border border-line-strong bg-surface px-2 text-base text-ink hover:border-muted disabled:opacity-60 ' +
  'aria-invalid:border-bad'

interface FieldProps {
  label: string
  hint?: ReactNode
  error?: string | undefined
  children: (attributes: { id: string; 'aria-describedby': string; 'aria-invalid': boolean }) => ReactNode
}

/** A control with its label, a hint, and what is wrong with its value. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId()
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-sm font-medium text-muted">
        {label}
      </label>
      {children({ id, 'aria-describedby': `${id}-more`, 'aria-invalid': error !== undefined })}
      <div id={`${id}-more`} className={classes('text-sm', error === undefined ? 'text-faint' : 'text-bad')}>
        {error ?? hint}
      </div>
    </div>
  )
}

export function TextInput({ className, ...rest }: ComponentPropsWithRef<'input'>) {
  return <input type="text" spellCheck={false} autoComplete="off" className={classes(BOX, 'w-full', className)} {...rest} />
}

interface SelectProps<T extends string> extends Omit<ComponentPropsWithRef<'select'>, 'onChange' | 'value'> {
  value: T
  options: readonly (readonly [value: T, text: string])[]
  onChange: (value: T) => void
}

/** A choice; give it an `aria-label` where no `Field` labels it. */
export function Select<T extends string>({ options, onChange, className, ...rest }: SelectProps<T>) {
  return (
    <select {...rest} onChange={(event) => onChange(event.target.value as T)} className={classes(BOX, 'pr-1', className)}>
      {options.map(([value, text]) => (
        <option key={value} value={value} className="bg-raised text-ink">
          {text}
        </option>
      ))}
    </select>
  )
}

interface MomentFieldProps {
  label: string
  /** ISO 8601; empty for none. */
  value: string
  onChange: (value: string) => void
}

/** A date and time, as clocks show it here. */
export function MomentField({ label, value, onChange }: MomentFieldProps) {
  const set = (text: string): void => onChange(text === '' ? '' : new Date(text).toISOString())
  return (
    <label className="flex items-center gap-1.5 text-sm whitespace-nowrap text-muted">
      {label}
      <input type="datetime-local" step={1} value={localTime(value)} onChange={(event) => set(event.target.value)} className={classes(BOX, 'tabular')} />
    </label>
  )
}

interface SearchFieldProps {
  value: string
  onChange: (value: string) => void
  label: string
  placeholder?: string
}

/** The search of a screen: `/` goes to it, Esc empties it and leaves. */
export function SearchField({ value, onChange, label, placeholder = label }: SearchFieldProps) {
  const input = useRef<HTMLInputElement>(null)
  useShortcuts([{ keys: '/', title: 'Search', group: 'This screen', run: () => input.current?.focus() }])
  return (
    <span className="relative inline-flex w-64 min-w-32 items-center">
      <Search size={14} aria-hidden className="pointer-events-none absolute left-2 text-faint" />
      <input
        ref={input}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          event.stopPropagation()
          onChange('')
          event.currentTarget.blur()
        }}
        className={classes(BOX, 'peer w-full pr-7 pl-7 [&::-webkit-search-cancel-button]:hidden')}
      />
      <span aria-hidden className="pointer-events-none absolute right-1.5 peer-focus:hidden">
        <Kbd keys="/" />
      </span>
    </span>
  )
}
