// One route for each row of the context's table; the other languages have the same under their own names.
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { HttpError, VersionConflict } = require('motia')

const config = {
  type: 'api',
  name: 'JavaScriptEverything',
  method: 'POST',
  path: '/javascript/:what',
  emits: ['javascript.heard', 'javascript.hopeless'],
  flows: ['contract', 'javascript'],
  includeFiles: ['../assets/*.txt'],
}

const tasks = {
  async context(_req, ctx) {
    const { traceId, flows, trigger, attempt, signal, idempotencyKey } = ctx
    return { traceId, flows, trigger, attempt, aborted: signal.aborted, hasKey: idempotencyKey !== undefined }
  },
  async emits(_req, { emit }) {
    const first = await emit({ topic: 'javascript.heard', data: { form: 'map' } })
    const second = await emit('javascript.heard', { form: 'words' }, { idempotencyKey: 'javascript-words' })
    const again = await emit('javascript.heard', { form: 'words' }, { idempotencyKey: 'javascript-words' })
    return { texts: [first, second].every((id) => typeof id === 'string'), same: second === again }
  },
  async leaves(_req, { emit, state }) {
    void emit({ topic: 'javascript.heard', data: { form: 'left' } })
    void state.set('javascript', 'left', true)
    return {}
  },
  async state(_req, { state }) {
    const group = 'javascript-state'
    const seen = [await state.get(group, 'absent'), await state.set(group, 'b', { n: 1 }), await state.set(group, 'a', 2)]
    seen.push(await state.getGroup(group), await state.keys(group), await state.get(group, 'b'))
    seen.push(await state.update(group, 'b', [{ op: 'increment', path: 'n', value: 4 }]))
    seen.push(await state.delete(group, 'a'), await state.delete(group, 'a'))
    await state.clear(group)
    seen.push(await state.getGroup(group), await state.set('javascript-alone', 7), await state.get('javascript-alone'))
    return seen
  },
  async streams(_req, { streams }) {
    const made = await streams.notes.set('javascript', 'one', { text: 'a' })
    const changed = await streams.notes.update('javascript', 'one', [{ op: 'set', path: 'text', value: 'b' }])
    await streams.notes.send({ groupId: 'javascript' }, { type: 'ping', data: {} })
    const all = await streams.notes.getGroup('javascript')
    const gone = await streams.notes.delete('javascript', 'one')
    return [made.text, changed.text, all.length, gone.id, await streams.notes.get('javascript', 'one')]
  },
  async entries(_req, { state }) {
    const group = 'javascript-entries'
    const none = await state.getEntry(group, 'a')
    await state.set(group, 'a', { n: 1 }, { ifVersion: 0, ttl: 600 })
    const first = await state.getEntry(group, 'a')
    await state.set(group, 'a', { n: 2 }, { ifVersion: first.version })
    const second = await state.getEntry(group, 'a')
    const late = state.set(group, 'a', { n: 3 }, { ifVersion: first.version })
    const conflict = await late.catch((error) => error instanceof VersionConflict)
    await state.set('javascript-short', { n: 4 }, { ttl: 600 })
    const short = await state.getEntry('javascript-short')
    return [none, first.value, second.value, second.version > first.version, conflict, short.value, await state.get(group, 'a')]
  },
  async insists(_req, { state }) {
    return state.set('javascript-entries', 'b', 1, { ifVersion: 1 })
  },
  async operations(_req, { state, streams }) {
    const operations = [
      { op: 'set', path: 'a', value: { b: [1] } },
      { op: 'increment', path: 'n', value: 4 },
      { op: 'decrement', path: 'n' },
      { op: 'append', path: 'a.b', value: 2 },
      { op: 'merge', path: 'a', value: { c: true } },
      { op: 'set', path: 'gone', value: 1 },
      { op: 'remove', path: ['gone'] },
    ]
    const item = await streams.notes.update('javascript-operated', 'one', operations)
    return [await state.update('javascript-operated', operations), { a: item.a, n: item.n, gone: 'gone' in item }]
  },
  async texts(_req, { stream }) {
    for (const piece of ['a', 'bé', '\n', 'c']) void stream.write('javascript-text', piece)
    await stream.write('javascript-open', 'on')
    void stream.close('javascript-text')
    return {}
  },
  async changes(_req, { state, streams }) {
    await state.set('javascript-watched', 'k', 1)
    await state.set('javascript-watched', 'k', { n: 2 })
    await state.delete('javascript-watched', 'k')
    await streams.notes.set('javascript-watched', 'i', { text: 'a' })
    await streams.notes.set('javascript-watched', 'i', { text: 'b' })
    await streams.notes.delete('javascript-watched', 'i')
    return {}
  },
  async seen(_req, { state }) {
    return state.getGroup('javascript-seen')
  },
  async logs(_req, { logger }) {
    for (const level of ['debug', 'info', 'warn', 'error']) logger[level](`javascript ${level}`, { level })
    return {}
  },
  async file() {
    return readFileSync(join(__dirname, '../assets/note.txt'), 'utf8')
  },
  async refuses(req) {
    throw new HttpError(418, { error: 'a teapot', for: req.body.who })
  },
  async hopeless(_req, { emit }) {
    return emit({ topic: 'javascript.hopeless', data: {} })
  },
}

const handler = async (req, ctx) => ({ status: 200, body: { result: await tasks[req.pathParams.what](req, ctx) } })

module.exports = { config, handler }
