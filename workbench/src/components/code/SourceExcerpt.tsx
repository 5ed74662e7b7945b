import { useSource } from '../../api/queries.ts'
import { CodeBlock } from './CodeBlock.tsx'
import { excerptOf } from './excerpt.ts'

interface SourceExcerptProps {
  file: string
  line: number
  /** What stands there when the runtime does not show the file. */
  otherwise?: string
}

/** The lines around one of a project's source, as the file is now. */
export function SourceExcerpt({ file, line, otherwise }: SourceExcerptProps) {
  const { data, error } = useSource(file)
  if (error) return otherwise === undefined ? null : <p className="px-1 text-sm text-muted">{otherwise}</p>
  if (data === undefined) return <div className="h-[140px]" />
  const { text, firstLine } = excerptOf(data.text, line)
  return <CodeBlock label={`${file}, line ${line}`} text={text} language={data.language} line={line} firstLine={firstLine} className="my-1" />
}
