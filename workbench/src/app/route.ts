/** Where the page is, as the hash of its address says: `#/traces/<id>?status=failed`. */
export interface Route {
  screen: string
  /** What follows the screen's name, decoded. */
  path: string[]
  query: Record<string, string>
}

export function parseRoute(hash: string): Route {
  const [, path = '', query = ''] = /^#?\/?([^?]*)\??(.*)$/s.exec(hash) ?? []
  const [screen = '', ...rest] = path.split('/').filter(Boolean).map(decoded)
  return { screen, path: rest, query: Object.fromEntries(new URLSearchParams(query)) }
}

/** The hash of a route; members of the query that are empty are left out. */
export function formatRoute({ screen, path = [], query = {} }: Partial<Route>): string {
  const place = [screen ?? '', ...path].map(encodeURIComponent).join('/')
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString()
  return `#/${place}${asked === '' ? '' : `?${asked}`}`
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
