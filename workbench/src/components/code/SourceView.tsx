import { explain } from '../../api/error.ts'
import { useSource } from '../../api/queries.ts'
import { classes } from '../classes.ts'
import { ChangedSince } from './ChangedSince.tsx'
import { CodeBlock } from './CodeBlock.tsx'

interface SourceViewProps {
  file: string
  line?: number
  /** When the run began that it is looked at for. */
  began: string
  className?: string
}

/** A whole file of the project as it is now, at a line. */
export function SourceView({ file, line, began, className }: SourceViewProps) {
  const { data, error } = useSource(file)
  if (error) return <p className="p-2 text-sm text-muted">{explain(error)}</p>
  if (data === undefined) return <div role="status" aria-label="Loading" className={classes('shimmer rounded-md bg-noop-soft', className)} />
  return (
    <div className={classes('flex flex-col', className)}>
      <ChangedSince began={began} modified={data.modified} />
      <CodeBlock label={file} text={data.text} language={data.language} line={line ?? null} className="min-h-0 flex-1 rounded-none border-0" />
    </div>
  )
}
