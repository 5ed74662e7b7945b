import { expect, test } from 'vitest'

import { candidatesOf } from './candidates.ts'

test('names of classes are found in what a bundler makes', () => {
  const text = 'jsx("div", { className: "bg-white min-w-[200px] hover:bg-red-50 py-1.5 -mt-2 w-1/2 bg-[#1e293b] text-[#FFF] !p-4", children: `mt-1 ${x ? "dark:text-gray-100" : ""}` })'
  expect(candidatesOf(text)).toEqual(
    expect.arrayContaining(['bg-white', 'min-w-[200px]', 'hover:bg-red-50', 'py-1.5', '-mt-2', 'w-1/2', 'bg-[#1e293b]', 'text-[#FFF]', '!p-4', 'mt-1', 'dark:text-gray-100']),
  )
})

test('there are no more than a bound, and none is long', () => {
  const text = Array.from({ length: 30_000 }, (_, at) => `p-${at}`).join(' ')
  expect(candidatesOf(text)).toHaveLength(20_000)
  expect(candidatesOf('a'.repeat(100_000))).toEqual([])
})
