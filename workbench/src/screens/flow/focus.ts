let asked = 0
let served = 0

/** Asks that the node which the keys go to takes the focus; 0 asks for nothing. */
export function askForFocus(): number {
  return (asked += 1)
}

/** Gives the focus to what has been asked for, once: a node that comes into sight again does not take it again. */
export function serveFocus(ask: number, box: HTMLElement): void {
  if (ask <= served) return
  served = ask
  box.focus({ preventScroll: true })
}
