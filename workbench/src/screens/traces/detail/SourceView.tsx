import { explain } from '../../../api/error.ts'
import { useSource } from '../../../api/queries.ts'
import { classes } from '../../../components/classes.ts'
import { CodeBlock } from '../../../components/code/CodeBlock.tsx'

interface SourceViewProps {
  file: string
  line?: number
  /** Takes all the room that there is. */
  isTall?: boolean
}

/** A file of the project as it is now, at a line. */
export function SourceView({ file, line, isTall = false }: SourceViewProps) {
  const { data, error } = useSource(file)
  const height = isTall ? 'h-full' : 'h-48'
  if (error) return <p className="p-2 text-sm text-muted">{explain(error)}</p>
  if (data === undefined) return <div role="status" aria-label="Loading" className={classes('shimmer rounded-md bg-noop-soft', height)} />
  return <CodeBlock label={file} text={data.text} language={data.language} line={line ?? null} className={classes(height, isTall && 'rounded-none border-0')} />
}
