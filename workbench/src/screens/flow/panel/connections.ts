import type { Step } from '../../../api/types.ts'
import { undeclared, type Emitted } from '../graph.ts'

/** What a step emits, and who takes it, in whatever flow. */
export interface Outgoing {
  topic: string
  label: string
  kind: 'real' | 'virtual' | 'undeclared'
  isConditional: boolean
  takers: string[]
}

export function outgoingOf(step: Step, steps: readonly Step[], seen: readonly Emitted[]): Outgoing[] {
  const own = undeclared(steps, seen).filter((each) => each.step === step.name)
  const real = step.emits.map(({ topic, label, conditional }): Outgoing => ({ topic, label, kind: 'real', isConditional: conditional, takers: takersOf(topic, steps) }))
  const virtual = step.virtualEmits.map(({ topic, label, conditional }): Outgoing => ({ topic, label, kind: 'virtual', isConditional: conditional, takers: [] }))
  const others = own.map(({ topic }): Outgoing => ({ topic, label: '', kind: 'undeclared', isConditional: false, takers: takersOf(topic, steps) }))
  return [...real, ...others, ...virtual]
}

function takersOf(topic: string, steps: readonly Step[]): string[] {
  return steps.filter(({ triggers }) => triggers.some((each) => each.kind === 'event' && each.topic === topic)).map(({ name }) => name)
}
