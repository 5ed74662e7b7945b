import { classes } from '../../../components/classes.ts'
import { LOOKS } from './Bar.tsx'

const ENTRIES = [
  ['queued', 'queue', 'Waited in its queue'],
  ['waited', 'runner', 'Waited for a runner'],
  ['handled', 'handler', 'In its handler'],
] as const

/** What the parts of a bar mean. */
export function Legend() {
  return (
    <span className="flex min-w-0 items-center gap-2 overflow-hidden">
      {ENTRIES.map(([kind, text, title]) => (
        <span key={kind} title={title} className="flex items-center gap-1">
          <span aria-hidden className={classes('h-2 w-3 rounded-[2px]', kind === 'handled' ? 'bg-line-strong' : LOOKS[kind])} />
          {text}
        </span>
      ))}
    </span>
  )
}
