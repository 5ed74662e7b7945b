// What the handlers note about their runs, of our steps and of the peer alike. Times are in milliseconds on the
// clock that Python calls `time.monotonic`, which on Linux is the same for all processes.

const MAX_SAMPLES = 100_000

let noted = blank()
let orders = 0

function blank() {
  return { accepted: 0, handled: new Set(), repeated: 0, began: null, ended: null, lags: [], chains: [] }
}

export function now() {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}

/** An order arrives; gives its name, never the same twice. */
export function noteRequest() {
  noted.began ??= now()
  orders += 1
  return `order-${orders}`
}

/** So many events of a request are safely kept. */
export function noteAccepted(events = 1) {
  noted.accepted += events
}

/** The handler of an event that was emitted at the given time begins. */
export function noteStart(emitted) {
  noted.began ??= now()
  if (noted.lags.length < MAX_SAMPLES) noted.lags.push(now() - emitted)
}

/** The handler of the event of this name has stored what it had to; once more is no work, and must not hide a lost one. */
export function noteDone(event) {
  if (noted.handled.has(event)) noted.repeated += 1
  noted.handled.add(event)
  noted.ended = now()
}

/** The last handler of a chain has stored what it had to; the chain was asked for at the given time. */
export function noteChain(asked) {
  if (noted.chains.length < MAX_SAMPLES) noted.chains.push(now() - asked)
}

export function figures() {
  const lags = Float64Array.from(noted.lags).sort()
  const lag = (share) => (lags.length ? lags[Math.min(lags.length - 1, Math.floor(lags.length * share))] : null)
  const { accepted, handled, repeated, began, ended, chains } = noted
  const counts = { accepted, done: handled.size, repeated, chains: chains.length }
  return { ...counts, began, ended, lag50: lag(0.5), lag99: lag(0.99), chain: chains.at(-1) ?? null }
}

export function reset() {
  noted = blank()
}
