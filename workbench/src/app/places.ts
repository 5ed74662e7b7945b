import type { QueueAddress } from '../api/types.ts'
import type { Route } from './route.ts'

type Place = Pick<Route, 'screen' | 'path' | 'query'>

function place(screen: string, path: string[] = [], query: Record<string, string> = {}): Place {
  return { screen, path, query }
}

/** Where things are shown: screens link to each other by these, and read the same parts from their route. */
export const places = {
  screen: (name: string): Place => place(name),
  /** A step in its flow. */
  step: (name: string, flow = ''): Place => place('flow', [], { flow, step: name }),
  endpoint: (method: string, path: string): Place => place('endpoints', [`${method} ${path}`]),
  emit: (topic: string): Place => place('endpoints', [], { emit: topic }),
  trace: (id: string, span = ''): Place => place('traces', [id], { span }),
  tracesOf: (step: string, status = ''): Place => place('traces', [], { step, status }),
  logs: (filter: { trace?: string; step?: string; level?: string }): Place => place('logs', [], { ...filter }),
  state: (group: string, key = ''): Place => place('state', [group], { key }),
  stream: (stream: string, group = '', id = ''): Place => place('streams', [stream], { group, id }),
  /** A queue, and in it a dead letter. */
  queue: ({ topic, step, kind }: QueueAddress, dead = ''): Place => place('queues', [step], { topic, kind, dead }),
  cron: (step: string): Place => place('cron', [step]),
  runners: (): Place => place('runners'),
}
