// How many events the handlers of this project have emitted and handled since the start, each counted once.
const counts = { accepted: 0, done: 0, repeated: 0 }
const open = new Set()
let events = 0

/** The number of an event that is to be emitted. */
export function noteEvent() {
  events += 1
  open.add(events)
  return events
}

/** An event is safely kept. */
export function noteAccepted() {
  counts.accepted += 1
}

/** The handler of the event of this number has stored what it had to. */
export function noteDone(event) {
  if (open.delete(event)) counts.done += 1
  else counts.repeated += 1
}

export function read() {
  return counts
}
