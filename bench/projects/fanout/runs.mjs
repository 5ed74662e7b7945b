// What the subscribers of a fan-out and the handlers of groups note, of our steps and of the peer alike.
import { noteChain, noteDone } from './figures.mjs'

const left = new Map()
const groups = new Map()
let faults = []

/** The subscriber of this name, one of so many, has stored what it had to of the event, emitted at the given time. */
export function noteSubscriber(name, event, at, subscribers) {
  noteDone(`${event} ${name}`)
  const others = (left.get(event) ?? subscribers) - 1
  if (others) return left.set(event, others)
  left.delete(event)
  noteChain(at)
}

/** The handler of a group's event begins: the one before it must have ended, and must have been the one before. */
export function noteTurn(group, number) {
  const { running, last } = groups.get(group) ?? { running: null, last: -1 }
  if (running !== null) faults.push(`${group}: ${number} began while ${running} ran`)
  if (number !== last + 1) faults.push(`${group}: ${number} came after ${last}`)
  groups.set(group, { running: number, last: number })
}

/** The handler of a group's event has stored what it had to. */
export function noteTurnEnd(group, number) {
  groups.set(group, { running: null, last: number })
  noteDone(`${group} ${number}`)
}

/** What was wrong with the order of groups since this was asked last, and how many groups there were. */
export function order() {
  const found = { groups: groups.size, faults }
  groups.clear()
  faults = []
  return found
}
