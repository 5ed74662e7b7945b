import type { Emit, Step } from '../api/types.ts'

export interface NodeEmit {
  topic: string
  label: string
  conditional: boolean
}

/** What a custom node is told of its step. */
export interface NodeData {
  name: string
  type: string
  description: string
  language: string
  file: string
  flows: readonly string[]
  emits: readonly NodeEmit[]
  virtualEmits: readonly NodeEmit[]
  subscribes: readonly string[]
  virtualSubscribes: readonly string[]
  method?: string
  path?: string
  cron?: string
}

export function nodeData(step: Step): NodeData {
  const { name, type, description, language, file, flows, triggers, virtualSubscribes } = step
  const api = triggers.find(({ kind }) => kind === 'api')
  const cron = triggers.find(({ kind }) => kind === 'cron')
  return {
    ...{ name, type, description, language, file, flows },
    emits: step.emits.map(emitOf),
    virtualEmits: step.virtualEmits.map(emitOf),
    subscribes: triggers.flatMap((trigger) => (trigger.kind === 'event' ? [trigger.topic] : [])),
    virtualSubscribes: virtualSubscribes.map(({ topic }) => topic),
    ...(api?.kind === 'api' ? { method: api.method, path: api.path } : {}),
    ...(cron?.kind === 'cron' ? { cron: cron.expression } : {}),
  }
}

function emitOf({ topic, label, conditional }: Emit): NodeEmit {
  return { topic, label, conditional }
}
