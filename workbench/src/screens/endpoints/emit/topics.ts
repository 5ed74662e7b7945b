import type { JsonSchema, Project } from '../../../api/types.ts'

/** A topic that steps name. */
export interface Topic {
  name: string
  /** Steps that take it. */
  takenBy: string[]
  emittedBy: string[]
  /** Of its data, where a step tells it. */
  schema: JsonSchema | null
}

/** All topics of the project by name. */
export function topicsOf({ steps }: Project): Topic[] {
  const topics = new Map<string, Topic>()
  const at = (name: string): Topic => {
    const topic = topics.get(name) ?? { name, takenBy: [], emittedBy: [], schema: null }
    topics.set(name, topic)
    return topic
  }
  for (const { name, triggers, emits } of steps) {
    for (const trigger of triggers) {
      if (trigger.kind !== 'event') continue
      const topic = at(trigger.topic)
      topic.takenBy.push(name)
      topic.schema ??= trigger.inputSchema
    }
    for (const { topic, schema } of emits) {
      at(topic).emittedBy.push(name)
      at(topic).schema ??= schema
    }
  }
  return [...topics.values()].toSorted((a, b) => a.name.localeCompare(b.name))
}

/** The options of an event as a person writes them. */
export interface Options {
  messageGroupId: string
  delay: string
  idempotencyKey: string
  priority: string
}

export const NO_OPTIONS: Options = { messageGroupId: '', delay: '', idempotencyKey: '', priority: '' }

/** The options that were filled in. What is no number goes as it is: a delay may be a date, anything else is refused with a reason. */
export function optionsOf({ delay, priority, ...texts }: Options): Record<string, string | number> {
  const options: Record<string, string | number> = {}
  for (const [name, text] of Object.entries(texts)) if (text !== '') options[name] = text
  if (delay !== '') options['delay'] = numberOr(delay)
  if (priority !== '') options['priority'] = numberOr(priority)
  return options
}

function numberOr(text: string): number | string {
  return Number.isFinite(Number(text)) ? Number(text) : text
}
