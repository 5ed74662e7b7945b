/** How rows are ordered: by which column, and whether the greatest comes first. */
export interface Order {
  by: string
  isDown: boolean
}

/** What a row counts as in an order; null comes last, whichever way. */
export type Rank = string | number | null

export interface Ordering<Row> {
  /** Its name in the address. */
  name: string
  of: (row: Row) => Rank
  /** Whether the greatest comes first when a person asks for it the first time. */
  isDownFirst?: boolean
}

/** Of `-dead` or `topic`; null for an empty text. */
export function parseOrder(text: string): Order | null {
  const isDown = text.startsWith('-')
  const by = isDown ? text.slice(1) : text
  return by === '' ? null : { by, isDown }
}

export function formatOrder(order: Order | null): string {
  return order === null ? '' : `${order.isDown ? '-' : ''}${order.by}`
}

/** What a press on a column's title makes of the order: its way first, then the other, then none. */
export function nextOrder<Row>(order: Order | null, { name, isDownFirst = false }: Ordering<Row>): Order | null {
  if (order?.by !== name) return { by: name, isDown: isDownFirst }
  return order.isDown === isDownFirst ? { by: name, isDown: !isDownFirst } : null
}

/** The rows in an order; as they come when no column is called like that. */
export function ordered<Row>(rows: readonly Row[], orderings: readonly Ordering<Row>[], order: Order | null): readonly Row[] {
  const ordering = orderings.find(({ name }) => name === order?.by)
  if (ordering === undefined || order === null) return rows
  return rows.toSorted((one, other) => compared(ordering.of(one), ordering.of(other), order.isDown))
}

function compared(one: Rank, other: Rank, isDown: boolean): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null)
  const up = typeof one === 'number' && typeof other === 'number' ? one - other : String(one).localeCompare(String(other))
  return isDown ? -up : up
}
