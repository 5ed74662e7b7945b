import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData, type QueryClient } from '@tanstack/react-query'

import { api } from '../../api/client.ts'
import { ApiError } from '../../api/error.ts'
import { following, patched, type Page } from '../../api/listing.ts'
import { useChanges } from '../../api/useChanges.ts'
import type { Json, LiveEvents } from '../../api/types.ts'
import { dataOf, lineOf, type ItemRow } from './items.ts'

const GROUPS = 500
const ITEMS = 200
/** When more have changed at once, the list is read again instead of each of them. */
const EACH = 20

export interface GroupRow {
  key: string
  items: number
}

const names = {
  groups: (stream: string) => ['stream groups', stream] as const,
  items: (stream: string, group: string) => ['stream items', stream, group] as const,
  item: (stream: string, group: string, id: string) => ['stream item', stream, group, id] as const,
}

export function useGroups(stream: string) {
  return useInfiniteQuery({
    queryKey: names.groups(stream),
    queryFn: async ({ pageParam, signal }): Promise<Page<GroupRow>> => {
      const query = { stream, limit: GROUPS, after: pageParam }
      const { groups, next } = await api.get<{ groups: { group: string; items: number }[]; next: string | null }>('/groups', query, signal)
      return { rows: groups.map(({ group, items }) => ({ key: group, items })), total: 0, hasMore: next !== null }
    },
    initialPageParam: null as string | null,
    getNextPageParam: following,
    enabled: stream !== '',
  })
}

interface Items {
  items: { id: string; item: Json }[]
  total: number
  next: string | null
}

/** Only a line is kept of each item: they may be long, and there may be many. */
export function useItems(stream: string, group: string) {
  return useInfiniteQuery({
    queryKey: names.items(stream, group),
    queryFn: async ({ pageParam, signal }): Promise<Page<ItemRow>> => {
      const query = { stream, group, limit: ITEMS, after: pageParam }
      const { items, total, next } = await api.get<Items>('/items', query, signal)
      return { rows: items.map(({ id, item }) => lineOf(id, item)), total, hasMore: next !== null }
    },
    initialPageParam: null as string | null,
    getNextPageParam: following,
  })
}

function readItem(stream: string, group: string, id: string, signal?: AbortSignal): Promise<Json> {
  return api.get<{ item: Json }>('/item', { stream, group, id }, signal).then(
    ({ item }) => item,
    (error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return null
      throw error
    },
  )
}

/** An item as the methods of streams give it; null when there is none. */
export function useItem(stream: string, group: string, id: string) {
  return useQuery({ queryKey: names.item(stream, group, id), queryFn: ({ signal }) => readItem(stream, group, id, signal) })
}

/** Keeps what is shown of the streams as it is; to be called once by the screen. */
export function useItemChanges(): void {
  const client = useQueryClient()
  useChanges('items', (changed) => void apply(client, changed))
}

async function apply(client: QueryClient, changed: LiveEvents['items']): Promise<void> {
  for (const stream of new Set(changed.map((each) => each.stream))) void client.invalidateQueries({ queryKey: names.groups(stream) })
  const groups = Map.groupBy(changed, ({ stream, group }) => JSON.stringify([stream, group]))
  for (const changes of groups.values()) {
    const [{ stream, group } = { stream: '', group: '' }] = changes
    const ids = new Set(changes.map(({ id }) => id))
    if (ids.has('') || ids.size > EACH) {
      void client.invalidateQueries({ queryKey: names.items(stream, group) })
      void client.invalidateQueries({ queryKey: ['stream item', stream, group] })
    } else await Promise.all([...ids].map((id) => applyItem(client, stream, group, id)))
  }
}

async function applyItem(client: QueryClient, stream: string, group: string, id: string): Promise<Json> {
  const list = names.items(stream, group)
  const isShown = client.getQueryData(names.item(stream, group, id)) !== undefined
  if (!isShown && client.getQueryData(list) === undefined) return null
  const queryKey = names.item(stream, group, id)
  const item = await client.fetchQuery({ queryKey, queryFn: () => readItem(stream, group, id), staleTime: 0 })
  const row = item === null ? null : lineOf(id, item)
  client.setQueryData<InfiniteData<Page<ItemRow>, string | null>>(list, (data) => data && patched(data, id, row))
  return item
}

/** Writes to streams, as steps do; the screen hears of it as of any other change. */
export const writes = {
  set: (stream: string, group: string, id: string, value: Json): Promise<unknown> => api.put('/item', { stream, group, id }, { value }),
  delete: (stream: string, group: string, id: string): Promise<unknown> => api.delete('/item', { stream, group, id }),
  /** To the followers of a group, or of an item. */
  send: (stream: string, group: string, id: string, event: { type: string; data: Json }): Promise<unknown> =>
    api.post('/stream/send', { stream, group, ...(id === '' ? {} : { id }) }, event),
}

/** Whether an item is as it was, read just now. */
export function useIsUnchanged(): (stream: string, group: string, id: string, version: string) => Promise<boolean> {
  const client = useQueryClient()
  return async (stream, group, id, version) => versionOf(await applyItem(client, stream, group, id)) === version
}

/** Items have no version of their own: their content is it. */
export function versionOf(item: Json): string {
  return JSON.stringify(item === null ? null : dataOf(item))
}

/** Reads an item again after it was written. */
export function useReadItem(): (stream: string, group: string, id: string) => Promise<Json> {
  const client = useQueryClient()
  return (stream, group, id) => applyItem(client, stream, group, id)
}
