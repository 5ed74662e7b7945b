// One route for each row of the context's table; the other languages have the same under their own names.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ApiRouteConfig, Handlers, HttpError } from 'motia'

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
