import { Radio, Send } from 'lucide-react'

import { useQueryState } from '../../app/useRoute.ts'
import { Badge } from '../../components/Badge.tsx'
import { CopyButton } from '../../components/CopyButton.tsx'
import { JsonView } from '../../components/json/JsonView.tsx'
import { Kbd } from '../../components/Kbd.tsx'
import { EmptyState, Skeleton } from '../../components/states.tsx'
import { Tabs } from '../../components/Tabs.tsx'
import { LongText } from '../../components/LongText.tsx'
import { TraceLink } from '../../components/TraceLink.tsx'
import { Bytes, Duration } from '../../components/values.tsx'
import { formatDuration } from '../../format/duration.ts'
import { LiveBody } from './LiveBody.tsx'
import { jsonOf, roomOf, toneOf, type Reply } from './reply.ts'
import type { Exchange } from './useExchange.ts'

/** The answer, as far as it has come. */
export function ResponsePane({ exchange: { reply, error, isSending }, command }: { exchange: Exchange; command: string }) {
  if (error !== '') {
    return (
      <div role="alert" className="h-full">
        <EmptyState icon={Send} tone="bad" title="No answer">
          {error}
        </EmptyState>
      </div>
    )
  }
  if (reply === null) return isSending ? <Skeleton rows={4} /> : <NotSent command={command} />
  return (
    <div className="flex h-full min-h-0 flex-col">
      <Head reply={reply} />
      <div className="min-h-0 flex-1">
        <Parts reply={reply} />
      </div>
    </div>
  )
}

function NotSent({ command }: { command: string }) {
  return (
    <EmptyState icon={Send} title="Not sent yet" command={command}>
      <Kbd keys="mod+enter" /> sends the request; its answer comes here, with a link to its trace. The same from a terminal:
    </EmptyState>
  )
}

function Head({ reply }: { reply: Reply }) {
  const { status, statusText, seconds, headSeconds, bytes, isComplete, traceId, redirected } = reply
  return (
    <div className="flex min-h-10 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b px-3 py-1.5" aria-label="Answer" role="group">
      <span role="status">
        <Badge tone={toneOf(status)}>
          {status} {statusText}
        </Badge>
      </span>
      <span className="text-sm text-muted" title={`Its head came after ${formatDuration(headSeconds)}`}>
        <Duration seconds={seconds} />
      </span>
      <span className="text-sm text-muted">
        <Bytes bytes={bytes} />
      </span>
      {!isComplete && <Badge tone="busy">comes in</Badge>}
      {redirected !== null && (
        <span className="truncate text-sm text-muted" title={redirected}>
          from {new URL(redirected).pathname}
        </span>
      )}
      <span className="flex-1" />
      {traceId !== null && <TraceLink id={traceId} />}
    </div>
  )
}

type Part = 'answer' | 'head' | 'raw'

function Parts({ reply }: { reply: Reply }) {
  const [tab, setTab] = useQueryState('shown')
  const value = jsonOf(reply)
  return (
    <Tabs<Part>
      label="Parts of the answer"
      selected={(tab || 'answer') as Part}
      onSelect={setTab}
      tabs={[
        { id: 'answer', title: 'Body', panel: () => <BodyPanel reply={reply} /> },
        ...(value === undefined ? [] : [{ id: 'raw' as const, title: 'Text', panel: () => <LongText label="Text of the body" text={reply.body} /> }]),
        { id: 'head', title: 'Headers', count: reply.headers.length, panel: () => <Headers headers={reply.headers} /> },
      ]}
    />
  )
}

function Headers({ headers }: { headers: [string, string][] }) {
  return (
    <dl className="grid grid-cols-[minmax(120px,auto)_minmax(0,1fr)_28px] items-center gap-x-3 p-3 font-mono text-sm">
      {headers.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-code-name">{name}</dt>
          <dd className="break-all">{value}</dd>
          <CopyButton text={value} label={`Copy ${name}`} />
        </div>
      ))}
    </dl>
  )
}

function BodyPanel({ reply }: { reply: Reply }) {
  const { shape, body, bytes, isCut, isComplete, error } = reply
  const value = jsonOf(reply)
  const room = roomOf(value)
  return (
    <div className="flex flex-col">
      {error !== '' && (
        <p role="alert" className="px-3 pt-3 text-bad">
          It broke off: {error}
        </p>
      )}
      {isCut && <p className="px-3 pt-3 text-warn">Only the first part of it is kept here.</p>}
      {room !== null && value !== undefined ? (
        <LiveBody key={`${room.streamName} ${room.groupId} ${room.id}`} room={room} first={value} />
      ) : value !== undefined ? (
        <div className="p-3">
          <JsonView value={value} label="the body" />
        </div>
      ) : shape === 'image' && isComplete && body !== '' ? (
        <img src={body} alt="Body of the answer" className="m-3 max-h-96 max-w-full self-start rounded-md border object-contain" />
      ) : bytes === 0 ? (
        <p className="flex items-center gap-2 p-3 text-muted">
          {isComplete ? 'It has no body.' : <><Radio size={14} aria-hidden className="shimmer" /> Nothing of the body has come yet.</>}
        </p>
      ) : shape === 'bytes' ? (
        <p className="p-3 text-muted">Bytes that are no text: <Bytes bytes={bytes} />.</p>
      ) : (
        shape !== 'image' && <LongText label="Body of the answer" text={body} />
      )}
    </div>
  )
}
