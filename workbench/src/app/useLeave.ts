import { useShortcuts } from './useShortcuts.ts'

/** Esc leaves what is being written, then closes what is open. */
export function useLeave(close: () => void): void {
  const leave = (): void => {
    const written = document.activeElement
    if (written instanceof HTMLElement && (written.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(written.tagName))) written.blur()
    else close()
  }
  useShortcuts([{ keys: 'esc', title: 'Leave the field, then close what is open', group: 'This screen', run: leave }])
}
