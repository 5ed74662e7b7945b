import type { Emit, Step, Stream } from '../../api/types.ts'

/** What leads along an edge: events; only for the drawing; events that no config declares; a change of state or of a stream. */
export type EdgeKind = 'real' | 'virtual' | 'undeclared' | 'change'

export interface StepNode {
  id: string
  kind: 'step'
  step: Step
}

/** Something whose changes make steps run; who makes the changes no config says. */
export interface SourceNode {
  id: string
  kind: 'state' | 'stream'
  name: string
}

export type GraphNode = StepNode | SourceNode

export interface GraphEdge {
  id: string
  source: string
  target: string
  kind: EdgeKind
  /** The topic, or which changes. */
  topic: string
  /** Name of the step that emits; empty for changes. */
  step: string
  label: string
  isConditional: boolean
  /** Its place among the edges between the same two, counted from 0. */
  lane: number
  lanes: number
}

export interface Graph {
  nodes: GraphNode[]
  edges: GraphEdge[]
}

/** One who takes what is emitted to a topic. */
interface Taker {
  id: string
  isVirtual: boolean
  label: string
}

type Draft = Omit<GraphEdge, 'lane' | 'lanes'>

/** The graph of what the configs declare; it depends on the steps alone, and not on their order. */
export function graphOf(steps: readonly Step[], streams: readonly Stream[]): Graph {
  const ordered = steps.toSorted((a, b) => (a.file < b.file ? -1 : 1))
  const takers = takersOf(ordered)
  const emitted = ordered.flatMap((step) => [
    ...step.emits.flatMap((emit) => edgesOf(step, emit, false, takers)),
    ...step.virtualEmits.flatMap((emit) => edgesOf(step, emit, true, takers)),
  ])
  const changes = changesOf(ordered, new Set(streams.map(({ name }) => name)))
  const nodes = ordered.map((step): GraphNode => ({ id: step.file, kind: 'step', step }))
  return { nodes: [...nodes, ...changes.nodes], edges: inLanes([...emitted, ...changes.edges]) }
}

/** Who takes which topic; of API steps their path, which may be named by what is emitted virtually. */
function takersOf(steps: readonly Step[]): Map<string, Taker[]> {
  const takers = new Map<string, Taker[]>()
  const add = (topic: string, taker: Taker): void => {
    takers.set(topic, [...(takers.get(topic) ?? []), taker])
  }
  for (const { file: id, triggers, virtualSubscribes } of steps) {
    for (const trigger of triggers) {
      if (trigger.kind === 'event') add(trigger.topic, { id, isVirtual: false, label: '' })
      if (trigger.kind !== 'api') continue
      add(trigger.path, { id, isVirtual: true, label: '' })
      add(`${trigger.method} ${trigger.path}`, { id, isVirtual: true, label: '' })
    }
    for (const { topic, label } of virtualSubscribes) add(topic, { id, isVirtual: true, label })
  }
  return takers
}

function edgesOf(step: Step, emit: Emit, isVirtual: boolean, takers: Map<string, Taker[]>): Draft[] {
  return (takers.get(emit.topic) ?? []).map((taker) => ({
    id: idOf(step.file, taker.id, emit.topic),
    source: step.file,
    target: taker.id,
    kind: isVirtual || taker.isVirtual ? 'virtual' : 'real',
    topic: emit.topic,
    step: step.name,
    label: emit.label || taker.label,
    isConditional: emit.conditional,
  }))
}

function idOf(source: string, target: string, topic: string): string {
  return JSON.stringify([source, target, topic])
}

/** Groups of state and declared streams that make steps run, each with an edge to those steps. */
function changesOf(steps: readonly Step[], streams: ReadonlySet<string>): { nodes: SourceNode[]; edges: Draft[] } {
  const nodes = new Map<string, SourceNode>()
  const edges: Draft[] = []
  for (const step of steps) {
    for (const trigger of step.triggers) {
      if (trigger.kind !== 'state' && trigger.kind !== 'stream') continue
      const name = trigger.kind === 'state' ? trigger.group : trigger.stream
      // Any group at all is no one thing to be drawn; nor is a stream that the project does not have.
      if (name === '' || (trigger.kind === 'stream' && !streams.has(name))) continue
      const id = `${trigger.kind}:${name}`
      nodes.set(id, { id, kind: trigger.kind, name })
      const topic = trigger.on.join(', ')
      edges.push({ id: idOf(id, step.file, topic), source: id, target: step.file, kind: 'change', topic, step: '', label: '', isConditional: false })
    }
  }
  return { nodes: [...nodes.values()], edges }
}

/** One edge for all that say the same; what is real is drawn so, what may always come is not conditional. */
function inLanes(drafts: readonly Draft[]): GraphEdge[] {
  const edges = new Map<string, Draft>()
  for (const draft of drafts) {
    const known = edges.get(draft.id)
    edges.set(draft.id, known === undefined ? draft : joined(known, draft))
  }
  const between = Map.groupBy(edges.values(), ({ source, target }) => JSON.stringify([source, target]))
  return [...between.values()].flatMap((all) => all.map((edge, lane) => ({ ...edge, lane, lanes: all.length })))
}

function joined(one: Draft, other: Draft): Draft {
  const strong = strength(other) > strength(one) ? other : one
  const isConditional = strength(one) === strength(other) ? one.isConditional && other.isConditional : strong.isConditional
  return { ...strong, label: one.label || other.label, isConditional }
}

function strength({ kind }: Draft): number {
  return kind === 'virtual' ? 0 : 1
}

export interface Emitted {
  step: string
  topic: string
}

/** What was emitted though the config of its step does not declare it. */
export function undeclared(steps: readonly Step[], seen: readonly Emitted[]): Emitted[] {
  const declared = new Set(steps.flatMap(({ name, emits }) => emits.map(({ topic }) => JSON.stringify([name, topic]))))
  return seen.filter(({ step, topic }) => !declared.has(JSON.stringify([step, topic])))
}

/** The graph with what was seen besides; its nodes stay the same, so that nothing has to move. */
export function withSeen({ nodes, edges }: Graph, seen: readonly Emitted[]): Graph {
  const steps = nodes.flatMap((node) => (node.kind === 'step' ? [node.step] : []))
  const drafts = undeclared(steps, seen).flatMap(({ step: name, topic }) =>
    steps.filter((step) => step.name === name).flatMap((step) => seenEdges(step, topic, steps)),
  )
  if (drafts.length === 0) return { nodes, edges }
  return { nodes, edges: inLanes([...edges, ...drafts]) }
}

function seenEdges(step: Step, topic: string, steps: readonly Step[]): Draft[] {
  const emit = { topic, label: '', conditional: false, schema: null }
  const takers = takersOf(steps).get(topic)?.filter(({ isVirtual }) => !isVirtual) ?? []
  return edgesOf(step, emit, false, new Map([[topic, takers]])).map((edge) => ({ ...edge, kind: 'undeclared' as const }))
}
