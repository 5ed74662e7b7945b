import type { Problem } from '../api/types.ts'

/** What is wrong in one place, and with it all files that need it. */
export interface Fault {
  key: string
  /** The file of the fault itself; empty when none is known. */
  file: string
  /** From 1; 0 is unknown. */
  line: number
  /** File, line and column, as editors understand them. */
  where: string
  message: string
  fix: string
  isError: boolean
  isHeld: boolean
  /** Files that do not load because of it, when the fault is in another one that they import. */
  needing: string[]
}

/** Problems by their faults: one of a file that several steps import is shown once. Errors come first. */
export function faultsOf(problems: readonly Problem[]): Fault[] {
  const faults = new Map<string, Fault>()
  for (const problem of problems) {
    const { file, place, fix, severity, isHeld } = problem
    const [where, message] = [whereOf(problem), messageOf(problem)]
    const isElsewhere = place !== '' && place !== file
    const key = JSON.stringify([where, message, isHeld, isElsewhere ? '' : file])
    const line = problem.line ?? 0
    const fault = faults.get(key) ?? { key, file: place || file, line, where, message, fix, isError: severity === 'error', isHeld, needing: [] }
    if (isElsewhere) fault.needing.push(file)
    faults.set(key, fault)
  }
  return [...faults.values()].sort((one, other) => Number(other.isError) - Number(one.isError))
}

function whereOf({ file, place, line, column }: Problem): string {
  const [row, at] = [line ? `:${line}` : '', line && column ? `:${column}` : '']
  return `${place || file}${row}${at}`
}

/** What is wrong, without the place that stands beside it. */
function messageOf({ message, place, line }: Problem): string {
  const end = [` (in ${place}:${line})`, ` (in ${place})`].find((each) => place !== '' && message.endsWith(each))
  return end === undefined ? message : message.slice(0, -end.length)
}
