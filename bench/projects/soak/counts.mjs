// How many events the handlers of this project have emitted and handled since the start.
const counts = { accepted: 0, done: 0 }

/** An event is safely kept. */
export function noteAccepted() {
  counts.accepted += 1
}

/** The handler of an event has stored what it had to. */
export function noteDone() {
  counts.done += 1
}

export function read() {
  return counts
}
