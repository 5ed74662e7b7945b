import { useState } from 'react'

import type { Step } from '../../api/types.ts'
import { places } from '../../app/places.ts'
import { navigate } from '../../app/useRoute.ts'
import { useShortcuts } from '../../app/useShortcuts.ts'
import { askForFocus } from './focus.ts'
import { useCurrent, type Current } from './useCurrent.ts'
import type { View } from './views.ts'

export interface Opening {
  current: Current
  /** The ask for the focus that the panel serves; 0 for none. */
  panelFocus: number
  setCurrent: (id: string) => void
  open: (id: string) => void
  /** Goes to a node as keys do, with the focus; a panel that is open follows. */
  walkTo: (id: string) => void
  close: () => void
}

/** Which node keys start from, and what opens and closes steps; `text` is what is searched for and stays so. */
export function useOpening(view: View, step: Step | null, text: string): Opening {
  const { current, setCurrent } = useCurrent(step?.file ?? null)
  const [panelFocus, setPanelFocus] = useState(0)
  const open = (id: string): void => {
    const next = view.steps.find(({ file }) => file === id)
    setCurrent(id)
    // From one to the next replaces, so that Back closes what was opened.
    if (next !== undefined) navigate({ ...places.step(next.name, view.id), query: { flow: view.id, step: next.name, find: text } }, step !== null)
  }
  const walkTo = (id: string): void => {
    if (step !== null) open(id)
    setCurrent(id, askForFocus())
  }
  const enter = (): void => {
    if (current.id === null || !view.steps.some(({ file }) => file === current.id)) return
    open(current.id)
    setPanelFocus(askForFocus())
  }
  const close = (): void => {
    navigate({ ...places.step('', view.id), query: { flow: view.id, find: text } })
    if (step !== null && !(document.activeElement instanceof HTMLInputElement)) setCurrent(step.file, askForFocus())
  }
  useShortcuts([
    { keys: 'enter', title: 'Open the step', group: 'This screen', run: enter },
    { keys: 'esc', title: 'Close the panel', group: 'This screen', run: close },
  ])
  return { current, panelFocus, setCurrent, open, walkTo, close }
}
