import { StreamLanguage, type LanguageSupport } from '@codemirror/language'
import { EditorState, Text, type Extension, type Range } from '@codemirror/state'
import { Decoration, EditorView, lineNumbers } from '@codemirror/view'

import { looks } from './setup.ts'

const MARK = Decoration.line({ class: 'cm-marked', attributes: { 'aria-current': 'true' } })

/** The rules of a language, each of which is a file of its own; none for those that are not known. */
async function rulesOf(language: string): Promise<LanguageSupport | Extension> {
  switch (language) {
    case 'typescript':
    case 'javascript':
      return (await import('@codemirror/lang-javascript')).javascript({ typescript: true, jsx: true })
    case 'python':
      return (await import('@codemirror/lang-python')).python()
    case 'json':
      return (await import('@codemirror/lang-json')).json()
    case 'ruby':
      return StreamLanguage.define((await import('@codemirror/legacy-modes/mode/ruby')).ruby)
    default:
      return []
  }
}

interface Options {
  parent: HTMLElement
  text: string
  language: string
  label: string
  /** Lines that are marked, from 1; the first of them is brought into sight. */
  marked: readonly number[]
  firstLine: number
}

/** Code to be read, with marked lines. */
export async function codeView({ parent, text, language, label, marked, firstLine }: Options): Promise<EditorView> {
  const rules = await rulesOf(language)
  const doc = Text.of(text.split(/\r\n|\r|\n/))
  const lines = marked.map((line) => line - firstLine + 1).filter((line) => line >= 1 && line <= doc.lines)
  const marks: Range<Decoration>[] = lines.toSorted((a, b) => a - b).map((line) => MARK.range(doc.line(line).from))
  const extensions = [
    looks(),
    rules,
    lineNumbers({ formatNumber: (line) => String(line + firstLine - 1) }),
    EditorState.readOnly.of(true),
    EditorView.editable.of(false),
    EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
    EditorView.decorations.of(Decoration.set(marks)),
  ]
  const view = new EditorView({ parent, doc, extensions })
  const [shown] = lines
  if (shown !== undefined) centre(view, doc.line(shown).from)
  return view
}

/** Brings a place into sight by scrolling the code alone: what is around it stays where a person has it. */
function centre(view: EditorView, place: number): void {
  view.requestMeasure({
    read: () => view.lineBlockAt(place),
    write: ({ top, height }) => {
      view.scrollDOM.scrollTop = top - (view.scrollDOM.clientHeight - height) / 2
    },
  })
}
