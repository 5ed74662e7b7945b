// What a test asks of a `Stream`, whichever package it is of.

/** Subscribes, listens and leaves under names that the test gives; tells each change as it comes. */
export class Watcher {
  #stream
  #tell
  #subscriptions = new Map()

  constructor(stream, tell) {
    this.#stream = stream
    this.#tell = tell
  }

  group({ name, stream, group, sortKey, types }) {
    this.#watch(name, this.#stream.subscribeGroup(stream, group, sortKey), types)
  }

  item({ name, stream, group, id, types }) {
    this.#watch(name, this.#stream.subscribeItem(stream, group, id), types)
  }

  hear({ name, type }) {
    this.#subscriptions.get(name).onEvent(type, (data) => this.#tell({ name, event: { type, data } }))
  }

  leave({ name }) {
    this.#subscriptions.get(name).close()
    this.#subscriptions.delete(name)
  }

  close() {
    this.#stream.close()
  }

  #watch(name, subscription, types = []) {
    this.#subscriptions.set(name, subscription)
    subscription.addChangeListener((view) => this.#tell({ name, view }))
    for (const type of types) this.hear({ name, type })
  }
}
