/** The token of this run: from the page, from the link that brought us here, or from the person. */

const KEPT_AS = 'runtime-token'
const IN_LINK = /^#token=([^&]+)$/

let token = ''
const listeners = new Set<() => void>()

/** Finds the token; to be called once, before anything looks at the hash. */
export function findToken(): void {
  const fromLink = IN_LINK.exec(location.hash)?.[1]
  if (fromLink !== undefined) {
    // The link must not stay in the history, nor be copied with the token in it.
    history.replaceState(null, '', `${location.pathname}${location.search}`)
    setToken(decodeURIComponent(fromLink))
    return
  }
  token = inPage(document) || sessionStorage.getItem(KEPT_AS) || ''
}

export function currentToken(): string {
  return token
}

/** Uses this token from now on, in this tab also after a reload. */
export function setToken(next: string): void {
  token = next.trim()
  sessionStorage.setItem(KEPT_AS, token)
  for (const listener of listeners) listener()
}

function inPage(page: Document): string {
  return page.querySelector<HTMLMetaElement>('meta[name="runtime-token"]')?.content ?? ''
}

/** The token that this page has now: each run of the runtime has one of its own. Empty when it is not in the page. */
export async function tokenOfPage(): Promise<string> {
  const response = await fetch(location.pathname, { cache: 'no-store' })
  return response.ok ? inPage(new DOMParser().parseFromString(await response.text(), 'text/html')) : ''
}

export function onToken(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
