// One route for each row of the context's table; the other languages have the same under their own names.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ApiRouteConfig, Handlers, HttpError, VersionConflict } from 'motia'

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'TypeScriptEverything',
  method: 'POST',
  path: '/typescript/:what',
  emits: ['typescript.heard', 'typescript.hopeless'],
  flows: ['contract', 'typescript'],
  includeFiles: ['../assets/*.txt'],
}

const tasks: Record<string, (req: any, ctx: any) => Promise<unknown>> = {
  async context(_req, ctx) {
    const { traceId, flows, trigger, attempt, signal, idempotencyKey } = ctx
    return { traceId, flows, trigger, attempt, aborted: signal.aborted, hasKey: idempotencyKey !== undefined }
  },
  async emits(_req, { emit }) {
    const first = await emit({ topic: 'typescript.heard', data: { form: 'map' } })
    const second = await emit('typescript.heard', { form: 'words' }, { idempotencyKey: 'typescript-words' })
    const again = await emit('typescript.heard', { form: 'words' }, { idempotencyKey: 'typescript-words' })
    return { texts: [first, second].every((id) => typeof id === 'string'), same: second === again }
  },
  async leaves(_req, { emit, state }) {
    void emit({ topic: 'typescript.heard', data: { form: 'left' } })
    void state.set('typescript', 'left', true)
    return {}
  },
  async state(_req, { state }) {
    const group = 'typescript-state'
    const seen: unknown[] = [await state.get(group, 'absent'), await state.set(group, 'b', { n: 1 }), await state.set(group, 'a', 2)]
    seen.push(await state.getGroup(group), await state.keys(group), await state.get(group, 'b'))
    seen.push(await state.update(group, 'b', [{ op: 'increment', path: 'n', value: 4 }]))
    seen.push(await state.delete(group, 'a'), await state.delete(group, 'a'))
    await state.clear(group)
    seen.push(await state.getGroup(group), await state.set('typescript-alone', 7), await state.get('typescript-alone'))
    return seen
  },
  async streams(_req, { streams }) {
    const made = await streams.notes.set('typescript', 'one', { text: 'a' })
    const changed = await streams.notes.update('typescript', 'one', [{ op: 'set', path: 'text', value: 'b' }])
    await streams.notes.send({ groupId: 'typescript' }, { type: 'ping', data: {} })
    const all = await streams.notes.getGroup('typescript')
    const gone = await streams.notes.delete('typescript', 'one')
    return [made.text, changed.text, all.length, gone.id, await streams.notes.get('typescript', 'one')]
  },
  async entries(_req, { state }) {
    const group = 'typescript-entries'
    const none = await state.getEntry(group, 'a')
    await state.set(group, 'a', { n: 1 }, { ifVersion: 0, ttl: 600 })
    const first = await state.getEntry(group, 'a')
    await state.set(group, 'a', { n: 2 }, { ifVersion: first.version })
    const second = await state.getEntry(group, 'a')
    const late = state.set(group, 'a', { n: 3 }, { ifVersion: first.version })
    const conflict = await late.catch((error: unknown) => error instanceof VersionConflict)
    await state.set('typescript-short', { n: 4 }, { ttl: 600 })
    const short = await state.getEntry('typescript-short')
    return [none, first.value, second.value, second.version > first.version, conflict, short.value, await state.get(group, 'a')]
  },
  async insists(_req, { state }) {
    return state.set('typescript-entries', 'b', 1, { ifVersion: 1 })
  },
  async operations(_req, { state, streams }) {
    const operations: any[] = [
      { op: 'set', path: 'a', value: { b: [1] } },
      { op: 'increment', path: 'n', value: 4 },
      { op: 'decrement', path: 'n' },
      { op: 'append', path: 'a.b', value: 2 },
      { op: 'merge', path: 'a', value: { c: true } },
      { op: 'set', path: 'gone', value: 1 },
      { op: 'remove', path: ['gone'] },
    ]
    const item = await streams.notes.update('typescript-operated', 'one', operations)
    return [await state.update('typescript-operated', operations), { a: item.a, n: item.n, gone: 'gone' in item }]
  },
  async texts(_req, { stream }) {
    for (const piece of ['a', 'bé', '\n', 'c']) void stream.write('typescript-text', piece)
    await stream.write('typescript-open', 'on')
    void stream.close('typescript-text')
    return {}
  },
  async changes(_req, { state, streams }) {
    await state.set('typescript-watched', 'k', 1)
    await state.set('typescript-watched', 'k', { n: 2 })
    await state.delete('typescript-watched', 'k')
    await streams.notes.set('typescript-watched', 'i', { text: 'a' })
    await streams.notes.set('typescript-watched', 'i', { text: 'b' })
    await streams.notes.delete('typescript-watched', 'i')
    return {}
  },
  async seen(_req, { state }) {
    return state.getGroup('typescript-seen')
  },
  async logs(_req, { logger }) {
    for (const level of ['debug', 'info', 'warn', 'error']) logger[level](`typescript ${level}`, { level })
    return {}
  },
  async file() {
    return readFileSync(join(__dirname, '../assets/note.txt'), 'utf8')
  },
  async refuses(req) {
    throw new HttpError(418, { error: 'a teapot', for: req.body.who })
  },
  async hopeless(_req, { emit }) {
    return emit({ topic: 'typescript.hopeless', data: {} })
  },
}

export const handler: Handlers['TypeScriptEverything'] = async (req, ctx) => ({
  status: 200,
  body: { result: await tasks[req.pathParams.what](req, ctx) },
})
