import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData, type QueryClient } from '@tanstack/react-query'

import { api } from '../../api/client.ts'
import { ApiError } from '../../api/error.ts'
import { following, patched, type Page } from '../../api/listing.ts'
import { useChanges } from '../../api/useChanges.ts'
import type { Json, LiveEvents } from '../../api/types.ts'
import { kindOf, preview } from '../../components/json/tree.ts'

const GROUPS = 500
const KEYS = 200
/** When more have changed at once, the list is read again instead of each of them. */
const EACH = 20

export interface GroupRow {
  key: string
  keys: number
}

/** A value in a line of a list. */
export interface KeyRow {
  key: string
  type: string
  preview: string
}

export interface Entry {
  value: Json
  version: number
}

const names = {
  groups: ['state groups'] as const,
  keys: (group: string) => ['state keys', group] as const,
  value: (group: string, key: string) => ['state value', group, key] as const,
}

export function useGroups() {
  return useInfiniteQuery({
    queryKey: names.groups,
    queryFn: async ({ pageParam, signal }): Promise<Page<GroupRow>> => {
      const { groups, next } = await api.get<{ groups: { group: string; keys: number }[]; next: string | null }>(
        '/state',
        { limit: GROUPS, after: pageParam },
        signal,
      )
      return { rows: groups.map(({ group, keys }) => ({ key: group, keys })), total: 0, hasMore: next !== null }
    },
    initialPageParam: null as string | null,
    getNextPageParam: following,
  })
}

interface Keys {
  keys: { key: string; value: Json }[]
  total: number
  next: string | null
}

/** Only a line is kept of each value: they may be long, and there may be many. */
export function useKeys(group: string) {
  return useInfiniteQuery({
    queryKey: names.keys(group),
    queryFn: async ({ pageParam, signal }): Promise<Page<KeyRow>> => {
      const query = { group, limit: KEYS, values: true, after: pageParam }
      const { keys, total, next } = await api.get<Keys>('/state/keys', query, signal)
      return { rows: keys.map(({ key, value }) => lineOf(key, value)), total, hasMore: next !== null }
    },
    initialPageParam: null as string | null,
    getNextPageParam: following,
  })
}

function lineOf(key: string, value: Json): KeyRow {
  return { key, type: kindOf(value), preview: preview(value, 160) }
}

function readEntry(group: string, key: string, signal?: AbortSignal): Promise<Entry | null> {
  return api.get<Entry>('/state/value', { group, key }, signal).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return null
    throw error
  })
}

/** A value with its version; null when there is none. */
export function useEntry(group: string, key: string) {
  return useQuery({ queryKey: names.value(group, key), queryFn: ({ signal }) => readEntry(group, key, signal) })
}

/** Keeps what is shown of the state as it is; to be called once by the screen. */
export function useStateChanges(): void {
  const client = useQueryClient()
  useChanges('state', (changed) => void apply(client, changed))
}

async function apply(client: QueryClient, changed: LiveEvents['state']): Promise<void> {
  void client.invalidateQueries({ queryKey: names.groups })
  const groups = Map.groupBy(changed, ({ group }) => group)
  for (const [group, changes] of groups) {
    const keys = new Set(changes.map(({ key }) => key))
    if (keys.has('') || keys.size > EACH) {
      void client.invalidateQueries({ queryKey: names.keys(group) })
      void client.invalidateQueries({ queryKey: ['state value', group] })
    } else await Promise.all([...keys].map((key) => applyKey(client, group, key)))
  }
}

async function applyKey(client: QueryClient, group: string, key: string): Promise<void> {
  const list = names.keys(group)
  const isShown = client.getQueryData(names.value(group, key)) !== undefined
  if (!isShown && client.getQueryData(list) === undefined) return
  const entry = await client.fetchQuery({ queryKey: names.value(group, key), queryFn: () => readEntry(group, key), staleTime: 0 })
  const row = entry === null ? null : lineOf(key, entry.value)
  client.setQueryData<InfiniteData<Page<KeyRow>, string | null>>(list, (data) => data && patched(data, key, row))
}

interface Written {
  value: Json
  ttl?: number | undefined
  ifVersion?: number
}

/** Writes to the state; the screen hears of it as of any other change. */
export const writes = {
  set: (group: string, key: string, { value, ttl, ifVersion }: Written): Promise<unknown> =>
    api.post('/state/set', { group, key }, { value, ...(ttl === undefined ? {} : { ttl }), ...(ifVersion === undefined ? {} : { ifVersion }) }),
  delete: (group: string, key: string): Promise<unknown> => api.post('/state/delete', { group, key }),
  clear: (group: string): Promise<{ cleared: number }> => api.post('/state/clear', { group }),
}

/** Reads a value again, for instance after a write was refused. */
export function useReadAgain(): (group: string, key: string) => Promise<void> {
  const client = useQueryClient()
  return (group, key) => applyKey(client, group, key)
}
