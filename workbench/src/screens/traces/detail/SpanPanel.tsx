import type { Span, Trace } from '../../../api/types.ts'
import { places } from '../../../app/places.ts'
import { Badge, StatusBadge, StepBadge } from '../../../components/Badge.tsx'
import { SourceView } from '../../../components/code/SourceView.tsx'
import { JsonView } from '../../../components/json/JsonView.tsx'
import { Link } from '../../../components/Link.tsx'
import { Tabs, type Tab } from '../../../components/Tabs.tsx'
import { formatBytes } from '../../../format/bytes.ts'
import { RunAgain } from '../repeat/RunAgain.tsx'
import { shownStatus } from '../shownStatus.ts'
import { beganAt, durationsText } from './facts.ts'
import { FailureView } from './FailureView.tsx'
import { OperationsView } from './OperationsView.tsx'
import { SpanLogs } from './SpanLogs.tsx'
import { firstSpan, type SpanNode } from './tree.ts'
import { tabOfMark, type Looked, type TabName } from './useMark.ts'
import { languageOf } from '../../../format/language.ts'

interface SpanPanelProps {
  trace: Trace
  node: SpanNode
  looked: Looked
  look: (next: Partial<Looked>) => void
}

/** All that is kept of one span. */
export function SpanPanel({ trace, node, looked, look }: SpanPanelProps) {
  const { span } = node
  const isMain = firstSpan(trace) === span
  const mark = looked.span === span.spanId ? looked.mark : ''
  const tabs = tabsOf(node, { began: beganAt(trace, span), mark, look })
  const wanted = looked.tab || tabOfMark(mark) || ''
  const selected = tabs.find(({ id }) => id === wanted)?.id ?? (span.failure === null ? 'input' : 'failure')
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="shrink-0 px-3 pt-1.5">
        <div className="flex min-h-7 flex-wrap items-center gap-x-2 gap-y-1">
          <Link to={places.step(span.step)} className="min-w-0 rounded-sm text-ink hover:underline" title="Show the step in its flow">
            <StepBadge name={span.step} language={languageOf(span.file, span.language)} type={span.kind} />
          </Link>
          <StatusBadge status={span.status} httpStatus={shownStatus(span)} />
          {span.attempt > 1 && <Badge tone="warn">attempt {span.attempt}</Badge>}
          <Outcome span={span} />
          <span className="flex-1" />
          {!isMain && <RunAgain traceId={trace.traceId} span={span} />}
        </div>
        <p className="truncate text-sm text-muted" title={`${span.source}: ${durationsText(span)}`}>
          <span className="text-ink">{span.source}</span> · {durationsText(span)}
        </p>
      </div>
      <div className="min-h-0 flex-1">
        <Tabs<TabName> label="What is kept of the span" tabs={tabs} selected={selected} onSelect={(tab) => look({ span: span.spanId, tab })} />
      </div>
    </div>
  )
}

/** What followed the failure. */
function Outcome({ span: { then, deadLetter } }: { span: Span }) {
  if (then === 'retry') return <Badge tone="warn">tried again</Badge>
  if (deadLetter === null) return null
  return (
    <Link to={places.queue(deadLetter, String(deadLetter.id))} className="whitespace-nowrap text-bad underline">
      dead letter {deadLetter.id}
    </Link>
  )
}

interface Shown {
  /** When the span began. */
  began: string
  mark: string
  look: SpanPanelProps['look']
}

function tabsOf(node: SpanNode, { began, mark, look }: Shown): Tab<TabName>[] {
  const { span, logs } = node
  const { spanId, operations, lostOperations, failure } = span
  const onSelect = (next: string): void => look({ span: spanId, mark: next, tab: '' })
  return [
    ...(failure === null ? [] : [{ id: 'failure' as const, title: 'Failure', panel: () => <FailureView key={spanId} failure={failure} began={began} /> }]),
    { id: 'input', title: 'Input', panel: () => <InputView key={spanId} span={span} /> },
    {
      id: 'operations',
      title: 'Operations',
      count: operations.length + lostOperations,
      panel: () => <OperationsView key={spanId} span={span} mark={mark} onSelect={onSelect} />,
    },
    { id: 'logs', title: 'Logs', count: logs.length, panel: () => <SpanLogs key={spanId} logs={logs} mark={mark} onSelect={onSelect} /> },
    { id: 'source', title: 'Source', panel: () => <SourceView key={span.file} file={span.file} began={began} className="h-full" /> },
  ]
}

function InputView({ span: { input, inputIsCut, inputBytes } }: { span: Span }) {
  if (inputIsCut) {
    return <p className="p-3 text-muted">The input had {formatBytes(inputBytes)}, more than is kept of a span. Keep more with telemetry.maxPayloadBytes in runtime.yaml.</p>
  }
  return (
    <div className="p-3">
      <JsonView value={input} label="the input" depth={3} />
    </div>
  )
}
