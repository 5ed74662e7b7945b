/** What the control API answers with. Times are ISO 8601 in UTC, durations seconds. */

export type Json = null | boolean | number | string | Json[] | { [member: string]: Json }
export type JsonSchema = boolean | { [member: string]: Json }

export type Status = 'running' | 'ok' | 'failed'
export type Kind = 'api' | 'event' | 'cron' | 'state' | 'stream'
export type Level = 'debug' | 'info' | 'warn' | 'error'

export interface TraceSummary {
  traceId: string
  /** `POST /orders`, a topic, a cron expression, a group or a stream. */
  name: string
  kind: Kind
  /** Of the first span. */
  step: string
  steps: string[]
  began: string
  /** Null while it runs. */
  seconds: number | null
  status: Status
  spans: number
  failed: number
  httpStatus: number | null
  /** The trace that it repeats. */
  repeats: string | null
  /** Message of its first failure. */
  error: string | null
}

export interface Frame {
  /** Relative to the project. */
  file: string
  line: number
  column: number
  function: string
}

export interface Failure {
  kind: string
  type: string
  message: string
  stack: string
  frames: Frame[]
  cause: Failure | null
}

export interface Operation {
  /** Since the trace began. */
  offset: number
  name: string
  target: string
  group: string
  key: string
  eventId: string | null
  data: Json
  isCut: boolean
  bytes: number
  seconds: number
  error: string | null
}

export interface DeadLetterAddress {
  topic: string
  step: string
  kind: Kind
  id: number
}

export interface Span {
  spanId: string
  parentId: string | null
  step: string
  language: string
  file: string
  kind: Kind
  source: string
  attempt: number
  /** Since the trace began. */
  offset: number
  /** In the queue. */
  queued: number
  /** For a runner; null as long as it waits. */
  waited: number | null
  seconds: number | null
  status: Status
  httpStatus: number | null
  /** The event that made it run. */
  causeId: string | null
  input: Json
  inputIsCut: boolean
  inputBytes: number
  failure: Failure | null
  /** What followed a failure. */
  then: null | 'retry' | 'dead'
  deadLetter: DeadLetterAddress | null
  operations: Operation[]
  lostOperations: number
  isRepeatable: boolean
}

export interface Log {
  id: number
  time: string
  level: Level
  /** A step, or `runtime`. */
  source: string
  message: string
  data: Json
  traceId: string | null
  spanId: string | null
}

export interface Trace extends TraceSummary {
  spanList: Span[]
  logs: Log[]
  lostLogs: number
  lostSpans: number
}

export interface Emit {
  topic: string
  label: string
  conditional: boolean
  schema: JsonSchema | null
}

export interface QueryParameter {
  name: string
  description: string
  required: boolean
}

export interface ApiTrigger {
  kind: 'api'
  method: string
  path: string
  bodySchema: JsonSchema | null
  querySchema: JsonSchema | null
  pathSchema: JsonSchema | null
  queryParams: QueryParameter[]
}

export type Trigger =
  | ApiTrigger
  | { kind: 'event'; topic: string; inputSchema: JsonSchema | null }
  | { kind: 'cron'; expression: string; timezone: string }
  | { kind: 'state'; group: string; key: string; on: string[] }
  | { kind: 'stream'; stream: string; group: string; id: string; on: string[] }

export interface Step {
  name: string
  type: string
  language: string
  file: string
  description: string
  flows: string[]
  triggers: Trigger[]
  emits: Emit[]
  virtualEmits: Emit[]
  virtualSubscribes: Emit[]
  /** File of its custom node. */
  node: string | null
  timeout: number
  atomic: boolean
}

export interface Stream {
  name: string
  language: string
  file: string
  schema: JsonSchema | null
  isGuarded: boolean
}

export interface Problem {
  file: string
  message: string
  fix: string
  line: number | null
  column: number | null
  severity: 'error' | 'warning'
  place: string
  /** The code before goes on serving. */
  isHeld: boolean
}

export interface Project {
  name: string
  version: string
  mode: string
  address: string
  steps: Step[]
  streams: Stream[]
  problems: Problem[]
  flows: string[]
}

export interface Runner {
  language: string
  process: number
  pid: number | null
  state: string
  generation: number
  inFlight: number
  memoryBytes: number | null
  /** A share of one core. */
  cpu: number | null
  restarts: number
  since: string
}

export interface QueueAddress {
  topic: string
  step: string
  kind: Kind
}

export interface QueuePolicy {
  type: 'fifo' | 'standard'
  concurrency: number
  maxRetries: number
  delaySeconds: number
  backoff: { delay: number; factor: number; max: number; jitter: boolean | number }
}

export interface Queue extends QueueAddress {
  waiting: number
  delayed: number
  inFlight: number
  dead: number
  oldest: string | null
  /** Of its oldest event. */
  age: number | null
  paused: boolean
  /** Its step is gone. */
  orphan: boolean
  policy: QueuePolicy | null
}

export interface Attempt {
  number: number
  began: string
  ended: string
  failure: Failure
}

interface HeldEvent {
  id: number
  eventId: string
  traceId: string
  created: string
  messageGroupId: string | null
  priority: number
  data: Json
  attempts: Attempt[]
}

export interface WaitingEvent extends HeldEvent {
  attempt: number
  taken: string | null
}

export interface DeadLetter extends HeldEvent {
  buried: string
}

export interface QueueContents extends Queue {
  events: WaitingEvent[]
  deadLetters: DeadLetter[]
}

export interface Schedule {
  step: string
  expression: string
  timezone: string
  next: string | null
  last: string | null
}

export interface StepTotals {
  step: string
  running: number
  runs: number
  failed: number
}

export interface EdgeTotals {
  step: string
  topic: string
  count: number
}

/** What comes over the live connection, by topic. */
export interface LiveEvents {
  steps: StepTotals[]
  edges: EdgeTotals[]
  traces: TraceSummary[]
  logs: { logs: Log[]; lost: number }
  queues: Queue[]
  state: { group: string; key: string }[]
  items: { stream: string; group: string; id: string }[]
  runners: Runner[]
  project: Record<string, never>
}

export type LiveTopic = keyof LiveEvents
