/** Between two calls there are at least so many milliseconds. */
const PAUSE = 300

/** Passes on what comes, at once when it was quiet, else together after a pause: however much comes, nothing is lost. */
export class Gather<T> {
  private waiting: T[] = []
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly pass: (all: T[]) => void) {}

  add(more: readonly T[]): void {
    this.waiting.push(...more)
    if (this.timer === undefined) this.flush()
  }

  stop(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.waiting = []
  }

  private flush(): void {
    this.timer = undefined
    if (this.waiting.length === 0) return
    const all = this.waiting
    this.waiting = []
    this.timer = setTimeout(() => this.flush(), PAUSE)
    this.pass(all)
  }
}
