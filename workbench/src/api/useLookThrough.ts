import { useCallback, useEffect, useMemo, useState } from 'react'

import type { Page } from './listing.ts'

/** Without being asked again, so many rows are looked through. */
const AT_ONCE = 5000

export interface Paged<Row extends { key: string }> {
  data: { pages: Page<Row>[] } | undefined
  hasNextPage: boolean
  isFetching: boolean
  isError: boolean
  fetchNextPage: () => unknown
}

/** Rows of a list in parts that have a text in their key; to find them, the rest of the list is read too. */
export function useLookThrough<Row extends { key: string }>(list: Paged<Row>, text: string) {
  const [most, setMost] = useState(AT_ONCE)
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = list
  const all = useMemo(() => data?.pages.flatMap(({ rows }) => rows) ?? [], [data])
  const rows = useMemo(() => (text === '' ? all : all.filter(({ key }) => key.toLowerCase().includes(text.toLowerCase()))), [all, text])
  const goesOn = text !== '' && all.length < most
  useEffect(() => {
    if (goesOn && hasNextPage && !isFetching && !isError) fetchNextPage()
  }, [goesOn, hasNextPage, isFetching, isError, fetchNextPage])
  const more = useCallback(() => {
    if (hasNextPage && !isFetching && text === '') fetchNextPage()
  }, [hasNextPage, isFetching, fetchNextPage, text])
  return {
    rows,
    looked: all.length,
    total: data?.pages.at(-1)?.total ?? 0,
    /** Reads the next part; a list calls it at its end. */
    more,
    /** Looks further for the text; null when all has been looked through, or is just being. */
    further: text !== '' && hasNextPage && !goesOn ? () => setMost(most + AT_ONCE) : null,
  }
}
