import type { EditorView } from '@codemirror/view'
import { useEffect, useEffectEvent, useRef } from 'react'

import type { Json } from '../../api/types.ts'
import { classes } from '../classes.ts'

interface JsonEditorProps {
  /** What is edited, for people who do not see it. */
  label: string
  text: string
  onChange: (text: string) => void
  /** Ctrl or Cmd with Enter. */
  onSubmit?: () => void
  isReadOnly?: boolean
  className?: string
}

/** An editor for JSON, which comes when it is first needed. What is wrong with the text is marked where it is. */
export function JsonEditor({ label, text, onChange, onSubmit, isReadOnly = false, className }: JsonEditorProps) {
  const box = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const changed = useEffectEvent(onChange)
  const submitted = useEffectEvent(() => onSubmit?.())
  const first = useEffectEvent(() => text)
  useEffect(() => {
    let isGone = false
    void import('./jsonEditor.ts').then(({ jsonEditor }) => {
      if (isGone || box.current === null) return
      const options = { label, isReadOnly, text: first(), onChange: changed, onSubmit: submitted }
      view.current = jsonEditor({ parent: box.current, ...options })
    })
    return () => {
      isGone = true
      view.current?.destroy()
      view.current = null
    }
  }, [label, isReadOnly])
  useEffect(() => {
    const editor = view.current
    if (editor === null || editor.state.doc.toString() === text) return
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } })
  }, [text])
  return (
    <div
      ref={box}
      className={classes(
        'min-h-16 overflow-hidden rounded-md border border-line-strong bg-surface focus-within:border-accent',
        className,
      )}
    />
  )
}

/** The value of a text, or what is wrong with it; an empty text is no value. */
export function parseJson(text: string): { value: Json | undefined; error: string } {
  if (text.trim() === '') return { value: undefined, error: '' }
  try {
    return { value: JSON.parse(text) as Json, error: '' }
  } catch (error) {
    return { value: undefined, error: (error as Error).message }
  }
}
