/** Headers that ask for their trace to be kept (W3C Trace Context): who sends by hand wants to see it. What a person has written counts. */
export function sampled(headers: readonly [string, string][]): [string, string][] {
  if (headers.some(([name]) => name.toLowerCase() === 'traceparent')) return [...headers]
  return [...headers, ['traceparent', `00-${randomHex(16)}-${randomHex(8)}-01`]]
}

/** `crypto.randomUUID` is not there in a page that came from another machine without TLS. */
function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes))
  // An id of nothing but zeros is none.
  random[0] ||= 1
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
