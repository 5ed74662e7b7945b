import { expect, test } from 'vitest'

import type { Problem } from '../api/types.ts'
import { faultsOf } from './faults.ts'

function problem(more: Partial<Problem>): Problem {
  const none = { fix: '', line: 0, column: 0, severity: 'error', place: '', isHeld: false } as const
  return { file: 'steps/a.step.ts', message: 'broken', ...none, ...more }
}

test('a fault has its place as editors understand it', () => {
  const lines: Partial<Problem>[] = [{}, { line: 3 }, { line: 3, column: 7 }, { column: 7 }, { line: null }]
  const places = lines.map((each) => faultsOf([problem(each)])[0]?.where)
  expect(places).toEqual(['steps/a.step.ts', 'steps/a.step.ts:3', 'steps/a.step.ts:3:7', 'steps/a.step.ts', 'steps/a.step.ts'])
})

test('a fault of a file that steps import is shown once, with the steps', () => {
  const shared = { place: 'steps/helper.ts', line: 2, message: 'broken (in steps/helper.ts:2)' }
  const [fault, ...others] = faultsOf([problem(shared), problem({ ...shared, file: 'steps/b.step.ts' })])
  expect(others).toEqual([])
  expect(fault).toMatchObject({
    file: 'steps/helper.ts',
    where: 'steps/helper.ts:2',
    message: 'broken',
    needing: ['steps/a.step.ts', 'steps/b.step.ts'],
  })
})

test('errors come before warnings, and what is held stays apart', () => {
  const faults = faultsOf([problem({ severity: 'warning' }), problem({ file: 'b' }), problem({ file: 'b', isHeld: true })])
  expect(faults.map(({ isError, isHeld }) => [isError, isHeld])).toEqual([[true, false], [true, true], [false, false]])
})
