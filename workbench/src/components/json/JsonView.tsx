import { ChevronDown, ChevronRight } from 'lucide-react'
import { useState } from 'react'

import type { Json } from '../../api/types.ts'
import { formatCount } from '../../format/count.ts'
import { classes } from '../classes.ts'
import { CopyButton } from '../CopyButton.tsx'
import { kindOf, LONGEST_TEXT, membersOf, PAGE, preview, sizeOf } from './tree.ts'

interface JsonViewProps {
  value: Json
  /** What it is, for people who do not see it. */
  label: string
  /** So deep it is open at first. */
  depth?: number
}

/** A JSON value as a tree; of huge ones only what is asked for is in the page. */
export function JsonView({ value, label, depth = 2 }: JsonViewProps) {
  return (
    <div role="group" aria-label={label} className="group/json relative overflow-x-auto font-mono text-sm">
      <div className="absolute top-0 right-0 z-10 rounded-md bg-surface opacity-0 group-focus-within/json:opacity-100 group-hover/json:opacity-100">
        <CopyButton text={() => JSON.stringify(value, null, 2)} label={`Copy ${label}`} />
      </div>
      <Node value={value} depth={depth} />
    </div>
  )
}

function Node({ name, value, depth }: { name?: string; value: Json; depth: number }) {
  const kind = kindOf(value)
  if (kind !== 'object' && kind !== 'array') {
    return (
      <div className="pl-4">
        <Name name={name} />
        <Leaf value={value} />
      </div>
    )
  }
  return <Branch name={name} value={value} depth={depth} brackets={kind === 'array' ? '[]' : '{}'} />
}

interface BranchProps {
  name: string | undefined
  value: Json
  depth: number
  brackets: string
}

function Branch({ name, value, depth, brackets }: BranchProps) {
  const size = sizeOf(value)
  const [isOpen, setIsOpen] = useState(depth > 0 && size > 0)
  const [most, setMost] = useState(PAGE)
  const Arrow = isOpen ? ChevronDown : ChevronRight
  return (
    <div>
      <button
        type="button"
        aria-expanded={isOpen}
        disabled={size === 0}
        onClick={() => setIsOpen(!isOpen)}
        className="focus-inset flex w-full items-start rounded-sm text-left hover:bg-hover"
      >
        <Arrow size={12} aria-hidden className={classes('mt-[3px] mr-1 shrink-0 text-faint', size === 0 && 'invisible')} />
        <span className="min-w-0 break-words">
          <Name name={name} />
          <span className="text-faint">{isOpen || size === 0 ? brackets[0] : preview(value)}</span>
          {size === 0 && <span className="text-faint">{brackets[1]}</span>}
          {!isOpen && size > 0 && <span className="ml-2 text-xs text-faint">{formatCount(size)}</span>}
        </span>
      </button>
      {isOpen && (
        <div className="ml-[5px] border-l pl-1.5">
          {membersOf(value, most).map(([member, inside]) => (
            <Node key={member} name={member} value={inside} depth={depth - 1} />
          ))}
          {size > most && (
            <button type="button" onClick={() => setMost(most * 4)} className="ml-4 text-accent hover:underline">
              {formatCount(size - most)} more
            </button>
          )}
        </div>
      )}
      {isOpen && <div className="pl-4 text-faint">{brackets[1]}</div>}
    </div>
  )
}

function Name({ name }: { name: string | undefined }) {
  if (name === undefined) return null
  return (
    <>
      <span className="text-code-name">{name}</span>
      <span className="text-faint">: </span>
    </>
  )
}

const COLOURS = { number: 'text-code-number', boolean: 'text-code-word', null: 'text-code-word' }

function Leaf({ value }: { value: Json }) {
  const [isWhole, setIsWhole] = useState(false)
  const kind = kindOf(value)
  if (typeof value !== 'string') return <span className={COLOURS[kind as keyof typeof COLOURS]}>{String(value)}</span>
  const isCut = !isWhole && value.length > LONGEST_TEXT
  return (
    <span className="break-words whitespace-pre-wrap text-code-text">
      {JSON.stringify(isCut ? value.slice(0, LONGEST_TEXT) : value)}
      {isCut && (
        <button type="button" onClick={() => setIsWhole(true)} className="ml-2 font-sans text-accent hover:underline">
          {formatCount(value.length - LONGEST_TEXT)} more characters
        </button>
      )}
    </span>
  )
}
