import {
  keepPreviousData,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
  type QueryClient,
  type QueryKey,
} from '@tanstack/react-query'
import { useEffect } from 'react'

import { api, type Query } from './client.ts'
import { live, useLive, useLiveState } from './useLive.ts'
import type { Project, Queue, QueueAddress, QueueContents, Runner, Schedule, Trace, TraceSummary } from './types.ts'

/** Names of what is read, so that a change can say what is to be read again. */
export const keys = {
  project: ['project'] as const,
  runners: ['runners'] as const,
  queues: ['queues'] as const,
  queue: (queue: QueueAddress) => ['queue', queue.topic, queue.step, queue.kind] as const,
  schedules: ['cron'] as const,
  traces: (filter: TraceFilter) => ['traces', filter] as const,
  trace: (id: string) => ['trace', id] as const,
  source: (file: string) => ['source', file] as const,
}

/** Without the live connection things are read again this often. */
const POLLED = 4000
const RUNNERS_POLLED = 2000
/** The runtime looks at its queues now and then, and does not tell of what has come and gone in between: while events are seen, one asks. */
const BUSY_POLLED = 1000
const PAGE = 100
/** Who goes on behind the first page may have a long way to go. */
const FURTHER_PAGE = 500

export interface TraceFilter extends Query {
  status?: string
  kind?: string
  step?: string
  flow?: string
  text?: string
  since?: string
  until?: string
}

export interface LogFilter extends Query {
  level?: string
  step?: string
  trace?: string
  text?: string
}

/** What `refetchInterval` is to be: none while the live connection tells of changes. */
function usePolling(): number | false {
  return useLiveState().status === 'open' ? false : POLLED
}

export function useProject() {
  return useQuery({
    queryKey: keys.project,
    queryFn: ({ signal }) => api.get<Project>('/project', {}, signal),
    refetchInterval: usePolling(),
  })
}

/** Memory and processor share change without any event, so they are read while somebody looks. */
export function useRunners() {
  return useQuery({
    queryKey: keys.runners,
    queryFn: async ({ signal }) => (await api.get<{ runners: Runner[] }>('/runners', {}, signal)).runners,
    refetchInterval: RUNNERS_POLLED,
  })
}

function isBusy({ waiting, inFlight, paused }: Queue): boolean {
  return inFlight > 0 || (waiting > 0 && !paused)
}

export function useQueues() {
  const polling = usePolling()
  return useQuery({
    queryKey: keys.queues,
    queryFn: async ({ signal }) => (await api.get<{ queues: Queue[] }>('/queues', {}, signal)).queues,
    refetchInterval: ({ state }) => polling || (state.data?.some(isBusy) ? BUSY_POLLED : false),
  })
}

export function useQueue(queue: QueueAddress | null, limit = PAGE) {
  const polling = usePolling()
  const address = queue && { topic: queue.topic, step: queue.step, kind: queue.kind }
  return useQuery({
    queryKey: [...keys.queue(queue ?? { topic: '', step: '', kind: 'event' }), limit],
    queryFn: ({ signal }) => api.get<QueueContents>('/queue', { ...address, limit }, signal),
    enabled: queue !== null,
    refetchInterval: ({ state }) => polling || (state.data !== undefined && isBusy(state.data) ? BUSY_POLLED : false),
    // More of the same queue; never another queue's events under this one's name.
    placeholderData: (before) => (before !== undefined && queue !== null && isSame(before, queue) ? before : undefined),
  })
}

export function useSchedules() {
  return useQuery({
    queryKey: keys.schedules,
    queryFn: async ({ signal }) => (await api.get<{ schedules: Schedule[] }>('/cron', {}, signal)).schedules,
    refetchInterval: POLLED,
  })
}

/** Pages of traces, the newest first. */
export function useTraces(filter: TraceFilter) {
  return useInfiniteQuery({
    queryKey: keys.traces(filter),
    queryFn: ({ pageParam, signal }) =>
      api.get<{ traces: TraceSummary[]; next: string | null }>(
        '/traces',
        { limit: pageParam === null ? PAGE : FURTHER_PAGE, ...filter, before: pageParam },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  })
}

export function useTrace(id: string | null) {
  return useQuery({
    queryKey: keys.trace(id ?? ''),
    queryFn: ({ signal }) => api.get<Trace>('/trace', { id }, signal),
    enabled: id !== null,
  })
}

export interface Source {
  file: string
  language: string
  text: string
  /** When the file was last written. */
  modified: string
}

export function useSource(file: string | null) {
  return useQuery({
    queryKey: keys.source(file ?? ''),
    queryFn: ({ signal }) => api.get<Source>('/source', { file }, signal),
    enabled: file !== null,
  })
}

/** Keeps what several screens show up to date; to be called once, by the shell. */
export function useLiveUpdates(): void {
  const client = useQueryClient()
  useLive('project', () => {
    void client.invalidateQueries({ queryKey: keys.project })
    void client.invalidateQueries({ queryKey: ['source'] })
  })
  useLive('queues', (changed) => mergeQueues(client, changed))
  useLive('runners', (runners) => client.setQueryData<Runner[]>(keys.runners, runners))
  useEffect(() => live.onResumed(() => void client.invalidateQueries()), [client])
}

function mergeQueues(client: QueryClient, changed: Queue[]): void {
  client.setQueryData<Queue[]>(keys.queues, (known) => known && merged(known, changed))
  for (const queue of changed) void readAgain(client, keys.queue(queue))
}

/** Reads once more what has changed. A read that is under way is let end: under load it would never come to an end. */
async function readAgain(client: QueryClient, queryKey: QueryKey): Promise<void> {
  const isBeingRead = client.isFetching({ queryKey }) > 0
  await client.invalidateQueries({ queryKey }, { cancelRefetch: false })
  if (isBeingRead) await client.invalidateQueries({ queryKey }, { cancelRefetch: false })
}

function isSame(one: QueueAddress, other: QueueAddress): boolean {
  return one.step === other.step && one.topic === other.topic && one.kind === other.kind
}

/** The known queues with the changed ones in their places, new ones at the end. */
export function merged(known: Queue[], changed: Queue[]): Queue[] {
  const name = (queue: Queue): string => JSON.stringify([queue.kind, queue.topic, queue.step])
  const all = new Map([...known, ...changed].map((queue) => [name(queue), queue]))
  return [...all.values()]
}
