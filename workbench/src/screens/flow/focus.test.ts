import { expect, test, vi } from 'vitest'

import { askForFocus, serveFocus } from './focus.ts'

test('an ask is served once, and an older one no more', () => {
  const focus = vi.fn()
  const box = { focus } as unknown as HTMLElement
  serveFocus(0, box)
  expect(focus).not.toHaveBeenCalled()
  const [older, newer] = [askForFocus(), askForFocus()]
  serveFocus(newer, box)
  serveFocus(newer, box)
  serveFocus(older, box)
  expect(focus).toHaveBeenCalledTimes(1)
})
