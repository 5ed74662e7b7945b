import { useSource } from '../../api/queries.ts'
import { CodeBlock } from './CodeBlock.tsx'
import { excerptOf } from './excerpt.ts'

const AROUND = 3

interface SourceExcerptProps {
  file: string
  line: number
}

/** The lines around one of a project's source, as the file is now; nothing when the runtime does not show it. */
export function SourceExcerpt({ file, line }: SourceExcerptProps) {
  const { data, error } = useSource(file)
  if (error) return null
  if (data === undefined) return <div className="h-[140px]" />
  const { text, firstLine } = excerptOf(data.text, line, AROUND)
  return <CodeBlock label={`${file}, line ${line}`} text={text} language={data.language} line={line} firstLine={firstLine} className="my-1" />
}
