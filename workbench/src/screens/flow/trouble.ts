import type { Problem, Step } from '../../api/types.ts'
import { counted } from '../../format/count.ts'

/** What is wrong with a step's files, as its node marks it. */
export interface Trouble {
  isError: boolean
  /** All of it in words: how much, then each with how to mend it. */
  text: string
}

/** Problems that are of a step: of its own file, or of what it imports. */
export function problemsOf({ file, node }: Pick<Step, 'file' | 'node'>, problems: readonly Problem[]): Problem[] {
  const own = new Set([file, ...(node === null ? [] : [node])])
  return problems.filter((problem) => own.has(problem.file) || own.has(problem.place))
}

/** By step file what is to be marked; steps with which nothing is wrong are not in it. */
export function troublesOf(steps: readonly Step[], problems: readonly Problem[]): Map<string, Trouble> {
  return new Map(
    steps.flatMap((step): [string, Trouble][] => {
      const own = problemsOf(step, problems)
      return own.length === 0 ? [] : [[step.file, troubleOf(own)]]
    }),
  )
}

function troubleOf(problems: readonly Problem[]): Trouble {
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const warnings = problems.length - errors
  const counts = [errors > 0 && counted(errors, 'error'), warnings > 0 && counted(warnings, 'warning')].filter(Boolean).join(', ')
  const each = problems.map(({ message, fix, isHeld }) => `${message}${fix && `\nFix: ${fix}`}${isHeld ? '\nThe code before goes on.' : ''}`)
  return { isError: errors > 0, text: [counts, ...each].join('\n') }
}
