import type { EditorView } from '@codemirror/view'
import { useEffect, useRef, useState } from 'react'

import { classes } from '../classes.ts'

interface CodeBlockProps {
  /** What it is, such as the name of the file. */
  label: string
  text: string
  language: string
  /** A line to point at, from 1. */
  line?: number | null
  /** The number of the text's first line. */
  firstLine?: number
  className?: string
}

/** Code with its colours, which come when they are first needed; until then it is plain text. */
export function CodeBlock({ label, text, language, line = null, firstLine = 1, className }: CodeBlockProps) {
  const box = useRef<HTMLDivElement>(null)
  const [isReady, setIsReady] = useState(false)
  useEffect(() => {
    let isGone = false
    let view: EditorView | undefined
    const show = async (): Promise<void> => {
      const { codeView } = await import('./codeView.ts')
      if (isGone || box.current === null) return
      const marked = line === null ? [] : [line]
      view = await codeView({ parent: box.current, text, language, label, marked, firstLine })
      if (isGone) view.destroy()
      else setIsReady(true)
    }
    void show()
    return () => {
      isGone = true
      view?.destroy()
    }
  }, [label, text, language, line, firstLine])
  return (
    <div className={classes('overflow-hidden rounded-md border bg-sunken', className)}>
      {!isReady && <pre className="overflow-auto p-2 font-mono text-sm">{text}</pre>}
      <div ref={box} className="h-full" />
    </div>
  )
}
