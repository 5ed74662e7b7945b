import type { InfiniteData } from '@tanstack/react-query'

/** A part of a long list that comes in parts. */
export interface Page<Row extends { key: string }> {
  rows: Row[]
  /** Of the whole list. */
  total: number
  hasMore: boolean
}

type Pages<Row extends { key: string }> = InfiniteData<Page<Row>, string | null>

/** What the next part comes behind; null when there is none. */
export function following<Row extends { key: string }>(last: Page<Row>, all: Page<Row>[]): string | null {
  return last.hasMore ? (all.findLast(({ rows }) => rows.length > 0)?.rows.at(-1)?.key ?? null) : null
}

/** The list after one of its rows was set, or deleted (null); a new row comes at its end, in sight when the end is. */
export function patched<Row extends { key: string }>(data: Pages<Row>, key: string, row: Row | null): Pages<Row> {
  const isKnown = data.pages.some(({ rows }) => rows.some((each) => each.key === key))
  const end = data.pages.at(-1)
  // Nothing is known of a row that is out of sight: neither whether it was there, nor whether the total has changed.
  if (!isKnown && (row === null || end === undefined || end.hasMore)) return data
  const change = isKnown ? (row === null ? -1 : 0) : 1
  const pages = data.pages.map((page) => {
    const total = page.total + change
    if (isKnown) return { ...page, total, rows: page.rows.flatMap((each) => (each.key !== key ? [each] : row === null ? [] : [row])) }
    return page === end && row !== null ? { ...page, total, rows: [...page.rows, row] } : { ...page, total }
  })
  return { ...data, pages }
}
