import type { KeyboardEvent } from 'react'

import { useShortcuts } from './useShortcuts.ts'

/**
 * Ctrl or Cmd with Enter does it, wherever the focus is.
 *
 * The handler that is returned goes to the box of the form: keys in its fields come to no shortcut.
 */
export function useSubmitKeys(title: string, run: () => void): (event: KeyboardEvent) => void {
  useShortcuts([{ keys: 'mod+enter', title, group: 'This screen', run }])
  return (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return
    event.preventDefault()
    run()
  }
}
