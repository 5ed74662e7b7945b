import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { json, jsonParseLinter } from '@codemirror/lang-json'
import { bracketMatching, foldGutter, indentOnInput } from '@codemirror/language'
import { lintGutter, linter } from '@codemirror/lint'
import { EditorState } from '@codemirror/state'
import { EditorView, keymap, lineNumbers } from '@codemirror/view'

import { looks } from './setup.ts'

interface Options {
  parent: HTMLElement
  text: string
  label: string
  isReadOnly: boolean
  onChange: (text: string) => void
  /** Ctrl or Cmd with Enter. */
  onSubmit: () => void
}

/** An editor for JSON that marks where it is none; an empty text counts as no value. */
export function jsonEditor({ parent, text, label, isReadOnly, onChange, onSubmit }: Options): EditorView {
  const judge = jsonParseLinter()
  const submit = { key: 'Mod-Enter', run: () => (onSubmit(), true) }
  return new EditorView({
    parent,
    doc: text,
    extensions: [
      looks(),
      lineNumbers(),
      foldGutter(),
      history(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      json(),
      linter((view) => (view.state.doc.toString().trim() === '' ? [] : judge(view)), { delay: 200 }),
      lintGutter(),
      // Tab is left out: by it people without a mouse leave the editor.
      keymap.of([submit, ...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap]),
      EditorState.readOnly.of(isReadOnly),
      EditorView.contentAttributes.of({ 'aria-label': label }),
      EditorView.lineWrapping,
      EditorView.updateListener.of((update) => {
        if (update.docChanged) onChange(update.state.doc.toString())
      }),
    ],
  })
}
