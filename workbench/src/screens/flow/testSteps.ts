import type { Emit, Step, Trigger } from '../../api/types.ts'

/** A step for tests, with what counts there. */
export function stepOf(name: string, rest: Partial<Omit<Step, 'emits' | 'virtualEmits' | 'virtualSubscribes'>> & Wires = {}): Step {
  const { takes = [], emits = [], virtualEmits = [], virtualSubscribes = [], triggers = [], ...others } = rest
  return {
    ...{ name, type: 'event', language: 'node', file: `steps/${name}.step.ts`, description: '', flows: [], node: null, timeout: 30, atomic: false },
    ...others,
    triggers: [...takes.map((topic): Trigger => ({ kind: 'event', topic, inputSchema: null })), ...triggers],
    emits: emits.map(emitOf),
    virtualEmits: virtualEmits.map(emitOf),
    virtualSubscribes: virtualSubscribes.map(emitOf),
  }
}

type Wire = string | Partial<Emit>

interface Wires {
  /** Topics of its event triggers, before the others. */
  takes?: string[]
  emits?: Wire[]
  virtualEmits?: Wire[]
  virtualSubscribes?: Wire[]
}

function emitOf(wire: Wire): Emit {
  return { topic: '', label: '', conditional: false, schema: null, ...(typeof wire === 'string' ? { topic: wire } : wire) }
}

export function apiOf(method: string, path: string): Trigger {
  return { kind: 'api', method, path, bodySchema: null, querySchema: null, pathSchema: null, queryParams: [] }
}
