import type { Log, Operation, Span, Trace } from '../../../api/types.ts'

/** A span with what happened in it and what it led to. */
export interface SpanNode {
  span: Span
  depth: number
  logs: PlacedLog[]
  children: SpanNode[]
}

export interface PlacedLog {
  log: Log
  /** Since the trace began. */
  offset: number
}

export interface TraceTree {
  roots: SpanNode[]
  nodes: ReadonlyMap<string, SpanNode>
  /** Lines of no span. */
  logs: PlacedLog[]
  /** Spans, operations and lines. */
  size: number
}

export type Row =
  | { type: 'span'; key: string; depth: number; node: SpanNode; isOpen: boolean; hasInside: boolean }
  | { type: 'operation'; key: string; depth: number; span: Span; operation: Operation; at: number }
  | { type: 'log'; key: string; depth: number; span: Span | null; placed: PlacedLog }

/** Spans below those that caused them, attempts of one event one after the other. */
export function treeOf({ began, spanList, logs }: Trace): TraceTree {
  const nodes = new Map<string, SpanNode>(spanList.map((span) => [span.spanId, { span, depth: 0, logs: [], children: [] }]))
  const roots: SpanNode[] = []
  for (const node of nodes.values()) {
    const parent = node.span.parentId === null ? undefined : nodes.get(node.span.parentId)
    ;(parent === undefined || parent === node ? roots : parent.children).push(node)
  }
  const start = Date.parse(began)
  const loose = logs.map((log) => ({ log, offset: (Date.parse(log.time) - start) / 1000 })).filter((placed) => !adopted(placed, nodes, spanList))
  for (const { children } of nodes.values()) children.splice(0, children.length, ...inOrder(children))
  deepen(roots)
  const operations = spanList.reduce((sum, span) => sum + span.operations.length, 0)
  return { roots: inOrder(roots), nodes, logs: loose, size: spanList.length + operations + logs.length }
}

/** Gives a line to its span; one that names none, to the run of its step that it came after. */
function adopted(placed: PlacedLog, nodes: ReadonlyMap<string, SpanNode>, spans: readonly Span[]): boolean {
  const { log, offset } = placed
  const named = log.spanId === null ? undefined : nodes.get(log.spanId)
  const of = named?.span ?? spans.findLast((span) => span.step === log.source && span.offset <= offset + 0.001)
  if (of === undefined) return false
  // The times of lines are of whole milliseconds, so that one may seem to come before its span.
  nodes.get(of.spanId)?.logs.push({ log, offset: Math.max(offset, of.offset) })
  return true
}

function inOrder(nodes: readonly SpanNode[]): SpanNode[] {
  const event = ({ span }: SpanNode): string => (span.causeId === null ? span.spanId : `${span.causeId} ${span.step}`)
  const first = new Map<string, number>()
  for (const node of nodes) first.set(event(node), Math.min(first.get(event(node)) ?? Number.POSITIVE_INFINITY, node.span.offset))
  const began = (node: SpanNode): number => first.get(event(node)) ?? 0
  return nodes.toSorted((a, b) => began(a) - began(b) || event(a).localeCompare(event(b)) || a.span.offset - b.span.offset)
}

/** Sets how deep each is; a loop, since a chain of events may be longer than calls may be nested. */
function deepen(roots: readonly SpanNode[]): void {
  const open = [...roots]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const child of node.children) {
      child.depth = node.depth + 1
      open.push(child)
    }
  }
}

/** What is shown one below the other; what happened in a span only when it is open. */
export function rowsOf(tree: TraceTree, isOpen: (spanId: string) => boolean): Row[] {
  const rows: Row[] = []
  const loose = tree.logs.map((placed) => logRow(placed, null, 0))
  const open: (SpanNode | Row)[] = merged(loose, tree.roots).toReversed()
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if ('type' in next) {
      rows.push(next)
      continue
    }
    const { span, depth, logs, children } = next
    const hasInside = span.operations.length + logs.length > 0
    const shown = hasInside && isOpen(span.spanId)
    rows.push({ type: 'span', key: span.spanId, depth, node: next, isOpen: shown, hasInside })
    const inside = shown ? insideOf(next) : []
    open.push(...merged(inside, children).toReversed())
  }
  return rows
}

/** Operations and lines of a span, in the order of their times. */
function insideOf({ span, depth, logs }: SpanNode): Row[] {
  const operations = span.operations.map((operation, at): Row => ({ type: 'operation', key: `${span.spanId} o${at}`, depth: depth + 1, span, operation, at }))
  return [...operations, ...logs.map((placed) => logRow(placed, span, depth + 1))].toSorted((a, b) => offsetOf(a) - offsetOf(b))
}

function logRow(placed: PlacedLog, span: Span | null, depth: number): Row {
  return { type: 'log', key: `${span?.spanId ?? ''} l${placed.log.id}`, depth, span, placed }
}

function merged(inside: readonly Row[], children: readonly SpanNode[]): (Row | SpanNode)[] {
  const all: (Row | SpanNode)[] = []
  let at = 0
  for (const child of children) {
    while (at < inside.length && offsetOf(inside[at] as Row) <= child.span.offset) all.push(inside[at++] as Row)
    all.push(child)
  }
  return [...all, ...inside.slice(at)]
}

function offsetOf(row: Row): number {
  if (row.type === 'span') return row.node.span.offset
  return row.type === 'log' ? row.placed.offset : row.operation.offset
}

/** The span that the trace began with here; what it follows from may be of another program, and is not there. */
export function firstSpan({ spanList }: Pick<Trace, 'spanList'>): Span | undefined {
  const ids = new Set(spanList.map(({ spanId }) => spanId))
  return spanList.find(({ parentId }) => parentId === null || !ids.has(parentId)) ?? spanList[0]
}

/** The span that is looked at when nobody has said which: the first that failed, else the first. */
export function mainSpan(trace: Pick<Trace, 'spanList'>): Span | undefined {
  return trace.spanList.find(({ status }) => status === 'failed') ?? firstSpan(trace)
}
