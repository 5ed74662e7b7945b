import { expect, test } from 'vitest'

import { describe } from './describe.ts'

test.each([
  ['* * * * *', 'Every minute'],
  ['*/5 * * * *', 'Every 5 minutes'],
  ['*/10 * * * * *', 'Every 10 seconds'],
  ['* * * * * *', 'Every second'],
  ['0 * * * *', 'Every hour'],
  ['@hourly', 'Every hour'],
  ['0 */6 * * *', 'Every 6 hours'],
  ['15 * * * *', 'At minute 15 of every hour'],
  ['0,30 * * * *', 'At minutes 0 and 30 of every hour'],
  ['30 2 * * mon-fri', 'At 02:30, Monday to Friday'],
  ['0 9,17 * * *', 'At 09:00 and 17:00'],
  ['0 9-17 * * 1-5', 'Every hour, from 09:00 to 17:00, Monday to Friday'],
  ['*/15 9-16 * * *', 'Every 15 minutes, from 09:00 to 16:59'],
  ['10-20 * * * *', 'Every minute, minutes 10 to 20'],
  ['5 */2 * * *', 'At minute 5, in every other hour'],
  ['30 0 0 * * *', 'At 00:00:30'],
  ['15 * * * * *', 'At second 15 of every minute'],
  ['0 0 1 * *', 'At 00:00, on day 1 of the month'],
  ['@yearly', 'At 00:00, on 1 January'],
  ['0 8 1,15 * *', 'At 08:00, on days 1 and 15 of the month'],
  ['0 8 * 6-8 *', 'At 08:00, in June to August'],
  ['0 8 13 * fri', 'At 08:00, on day 13 of the month or Friday'],
  ['0 8 * * 0,7', 'At 08:00, Sunday'],
  ['*/45 * * * *', 'Every 45 minutes, counted from the full hour on'],
  ['0 0 */3 * *', 'At 00:00, every 3rd day of the month'],
  ['0 0 * */3 *', 'At 00:00, in every 3rd month'],
])('%s is: %s', (expression, words) => {
  expect(describe(expression)).toBe(words)
})

test.each(['', 'soon', '@reboot', '0 0 L * *', '0 0 * * fri#2', '1-30/5 * * * *', '0 0 1 1 * 0 2030', '0 0 * * moon'])(
  'nothing is said of %s, rather than something wrong',
  (expression) => {
    expect(describe(expression)).toBe('')
  },
)
