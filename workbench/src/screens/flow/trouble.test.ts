import { expect, test } from 'vitest'

import type { Problem } from '../../api/types.ts'
import { stepOf } from './testSteps.ts'
import { problemsOf, troublesOf } from './trouble.ts'

function problem(more: Partial<Problem>): Problem {
  return { file: 'steps/a.step.ts', message: 'broken', fix: '', line: 0, column: 0, severity: 'error', place: '', isHeld: false, ...more }
}

const steps = [stepOf('a', { node: 'steps/a.step.tsx' }), stepOf('b'), stepOf('c')]

test('a step has the problems of its file, of its custom node, and of what it imports', () => {
  const imported = problem({ place: 'steps/shared.ts' })
  const drawn = problem({ file: 'steps/a.step.tsx' })
  const others = [problem({ file: 'steps/b.step.ts' }), problem({ file: 'runtime.yaml' })]
  expect(problemsOf(steps[0]!, [imported, drawn, ...others])).toEqual([imported, drawn])
})

test('an error counts more than a warning, and a node says both with what mends them', () => {
  const warning = problem({ severity: 'warning', message: 'nobody takes it', fix: 'take it' })
  const troubles = troublesOf(steps, [problem({ isHeld: true }), warning, { ...warning, file: 'steps/b.step.ts' }])
  expect(troubles.get('steps/a.step.ts')).toEqual({
    isError: true,
    text: '1 error, 1 warning\nbroken\nThe code before goes on.\nnobody takes it\nFix: take it',
  })
  expect(troubles.get('steps/b.step.ts')?.isError).toBe(false)
  expect(troubles.has('steps/c.step.ts')).toBe(false)
})
