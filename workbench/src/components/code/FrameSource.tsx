import { useState } from 'react'

import { useSource } from '../../api/queries.ts'
import { Dialog } from '../Dialog.tsx'
import { ChangedSince } from './ChangedSince.tsx'
import { CodeBlock } from './CodeBlock.tsx'
import { excerptOf } from './excerpt.ts'
import { SourceView } from './SourceView.tsx'

/** Lines before and behind it: so few that the line is in sight below a trace in a small window. */
const AROUND = 2

interface FrameSourceProps {
  file: string
  line: number
  /** When the run began whose stack names it. */
  began: string
}

/** The lines around a place that a stack names, and the whole file on demand. */
export function FrameSource({ file, line, began }: FrameSourceProps) {
  const { data, error } = useSource(file)
  const [isWhole, setIsWhole] = useState(false)
  if (error) return <p className="px-1 text-sm text-muted">The source is not shown: it is not among the project’s steps and what they import.</p>
  if (data === undefined) return <div className="h-[130px]" />
  const { text, firstLine } = excerptOf(data.text, line, AROUND)
  return (
    <div className="my-1">
      <ChangedSince began={began} modified={data.modified} />
      <CodeBlock label={`${file}, line ${line}`} text={text} language={data.language} line={line} firstLine={firstLine} />
      <button type="button" onClick={() => setIsWhole(true)} className="mt-0.5 rounded-sm px-1 text-sm text-accent hover:underline">
        Whole file
      </button>
      {isWhole && (
        <Dialog title={`${file}:${line}`} isWide onClose={() => setIsWhole(false)}>
          <SourceView file={file} line={line} began={began} className="-m-4 h-[70vh]" />
        </Dialog>
      )}
    </div>
  )
}
