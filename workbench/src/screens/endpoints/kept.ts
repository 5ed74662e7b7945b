import { NO_AUTH, type Auth, type Draft } from './draft.ts'

/** A request that was sent, and what came of it. */
export interface Past {
  at: string
  draft: Draft
  /** 0 when no answer came. */
  status: number
  seconds: number
}

const MOST = 10
/** A request that is longer as JSON is not kept: the browser gives all projects 5 MB together. */
const LONGEST = 40_000

/** What is kept of the endpoints of a project, in this browser only. */
export class Kept {
  constructor(
    private readonly project: string,
    private readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
  ) {}

  auth(endpoint: string): Auth {
    return this.read<Auth>('auth', endpoint) ?? NO_AUTH
  }

  setAuth(endpoint: string, auth: Auth): void {
    this.write('auth', endpoint, auth.kind === 'none' ? null : auth)
  }

  /** The newest first. */
  history(endpoint: string): Past[] {
    return this.read<Past[]>('requests', endpoint) ?? []
  }

  /** Adds a request, in place of an equal one before; returns what is kept now. */
  add(endpoint: string, past: Past): Past[] {
    const before = this.history(endpoint).filter(({ draft }) => JSON.stringify(draft) !== JSON.stringify(past.draft))
    if (JSON.stringify(past).length > LONGEST) return before
    const all = [past, ...before].slice(0, MOST)
    this.write('requests', endpoint, all)
    return all
  }

  clear(endpoint: string): void {
    this.write('requests', endpoint, null)
  }

  private read<T>(what: string, endpoint: string): T | undefined {
    try {
      return (JSON.parse(this.storage.getItem(this.name(what, endpoint)) ?? 'null') as T | null) ?? undefined
    } catch {
      return undefined
    }
  }

  private write(what: string, endpoint: string, value: unknown): void {
    const name = this.name(what, endpoint)
    try {
      if (value === null) this.storage.removeItem(name)
      else this.storage.setItem(name, JSON.stringify(value))
    } catch {
      // It is full: what was kept of this endpoint makes room, and the request counts all the same.
      this.storage.removeItem(name)
    }
  }

  private name(what: string, endpoint: string): string {
    return `workbench-${what} ${this.project} ${endpoint}`
  }
}
