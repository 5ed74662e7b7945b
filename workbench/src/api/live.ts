import { request } from './client.ts'
import { ApiError } from './error.ts'
import { EventParser } from './events.ts'
import type { LiveEvents, LiveTopic } from './types.ts'

export type LiveStatus = 'connecting' | 'open' | 'waiting' | 'paused'

/** How the live connection stands. */
export interface LiveState {
  status: LiveStatus
  /** Why it is not open, in words; empty when nothing is wrong. */
  reason: string
}

type Listener<T extends LiveTopic> = (data: LiveEvents[T]) => void
type Open = (topics: LiveTopic[], signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>

const FIRST_DELAY = 500
const LONGEST_DELAY = 3000
/** Topics that are wanted a moment later come with the same connection. */
const GATHER = 20
/** Who leaves a screen may come back to it. */
const LINGER = 5000

export async function openLive(topics: LiveTopic[], signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const response = await request('GET', '/live', { query: { topics: topics.join(',') }, signal })
  if (response.body === null) throw new ApiError('the live connection has no body', 0)
  return response.body
}

/**
 * One connection for all that is shown live, with the topics that somebody listens to.
 *
 * When the topics change, the next connection says hello before the old one ends, so that nothing is missed; for a
 * moment an event may come twice. After a gap, `onResumed` tells that everything has to be read again.
 */
export class Live {
  private readonly listeners = new Map<LiveTopic, Set<Listener<LiveTopic>>>()
  private readonly watchers = new Set<() => void>()
  private readonly resumed = new Set<() => void>()
  private state: LiveState = { status: 'paused', reason: '' }
  private current: AbortController | undefined
  private next: AbortController | undefined
  private carried = new Set<LiveTopic>()
  private timer: ReturnType<typeof setTimeout> | undefined
  private failures = 0
  private hadGap = false
  private isHidden = false

  constructor(private readonly open: Open) {}

  /** Hears of a topic until the function that is returned is called. */
  on<T extends LiveTopic>(topic: T, listener: Listener<T>): () => void {
    const all = this.listeners.get(topic) ?? new Set()
    this.listeners.set(topic, all.add(listener as Listener<LiveTopic>))
    this.topicsChanged()
    return () => {
      all.delete(listener as Listener<LiveTopic>)
      if (all.size === 0) this.listeners.delete(topic)
      this.topicsChanged()
    }
  }

  onResumed(listener: () => void): () => void {
    this.resumed.add(listener)
    return () => this.resumed.delete(listener)
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher)
    return () => this.watchers.delete(watcher)
  }

  readonly snapshot = (): LiveState => this.state

  /** Ends the connection while nobody looks at the page. */
  setHidden(isHidden: boolean): void {
    this.isHidden = isHidden
    if (!isHidden) return this.reconnect()
    this.stop()
    this.hadGap = true
    this.set('paused')
  }

  /** Tries at once, for instance with another token. */
  reconnect(): void {
    this.failures = 0
    if (this.wanted().length > 0 && !this.isHidden) this.schedule(0)
  }

  private wanted(): LiveTopic[] {
    return [...this.listeners.keys()].sort()
  }

  private topicsChanged(): void {
    if (this.isHidden || this.state.status === 'waiting') return
    const wanted = this.wanted()
    const isMissing = wanted.some((topic) => !this.carried.has(topic))
    if (isMissing) this.schedule(GATHER)
    else if (wanted.length < this.carried.size) this.schedule(LINGER)
  }

  private schedule(delay: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.connect(), delay)
  }

  private stop(): void {
    clearTimeout(this.timer)
    this.current?.abort()
    this.next?.abort()
    this.current = this.next = undefined
    this.carried = new Set()
  }

  private async connect(): Promise<void> {
    const topics = this.wanted()
    if (topics.length === 0) {
      this.stop()
      return this.set('paused')
    }
    this.next?.abort()
    const own = (this.next = new AbortController())
    this.carried = new Set(topics)
    if (this.current === undefined) this.set('connecting', this.state.reason)
    try {
      await this.read(await this.open(topics, own.signal), own)
      throw new ApiError('the runtime has ended the connection', 0)
    } catch (error) {
      if (!own.signal.aborted) this.lost(error)
    }
  }

  private async read(body: ReadableStream<Uint8Array>, own: AbortController): Promise<void> {
    const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader()
    const parser = new EventParser()
    for (;;) {
      const { done, value } = await reader.read()
      if (done || own.signal.aborted) return
      for (const { event, data } of parser.push(value)) {
        if (event === 'hello') this.opened(own)
        else this.tell(event as LiveTopic, data)
      }
    }
  }

  private opened(own: AbortController): void {
    if (this.next === own) {
      this.current?.abort()
      this.current = own
      this.next = undefined
    }
    this.failures = 0
    this.set('open')
    if (!this.hadGap) return
    this.hadGap = false
    for (const listener of this.resumed) listener()
  }

  private tell(topic: LiveTopic, data: string): void {
    const listeners = this.listeners.get(topic)
    if (listeners === undefined) return
    const parsed = JSON.parse(data) as LiveEvents[LiveTopic]
    for (const listener of listeners) listener(parsed)
  }

  private lost(error: unknown): void {
    this.stop()
    this.hadGap = true
    this.set('waiting', error instanceof Error ? error.message : String(error))
    const delay = Math.min(FIRST_DELAY * 2 ** this.failures, LONGEST_DELAY)
    this.failures += 1
    this.schedule(delay)
  }

  private set(status: LiveStatus, reason = ''): void {
    if (this.state.status === status && this.state.reason === reason) return
    this.state = { status, reason }
    for (const watcher of this.watchers) watcher()
  }
}
