import { describe, expect, test } from 'vitest'

import { graphOf, undeclared, withSeen, type Graph } from './graph.ts'
import { apiOf, stepOf } from './testSteps.ts'

/** Edges as `a -topic-> b kind`, in any order. */
function lines({ edges }: Graph): string[] {
  const short = (id: string): string => id.replace(/^steps\/|\.step\.ts$/g, '')
  return edges.map(({ source, target, topic, kind, isConditional }) => `${short(source)} -${topic}-> ${short(target)} ${kind}${isConditional ? ' if' : ''}`).toSorted()
}

test('what is emitted leads to all who subscribe, and to nobody else', () => {
  const graph = graphOf([stepOf('a', { emits: ['t', 'nobody'] }), stepOf('b', { takes: ['t'] }), stepOf('c', { takes: ['t', 'other'] })], [])
  expect(lines(graph)).toEqual(['a -t-> b real', 'a -t-> c real'])
  expect(graph.nodes.map(({ id }) => id)).toEqual(['steps/a.step.ts', 'steps/b.step.ts', 'steps/c.step.ts'])
})

describe('virtual', () => {
  const noop = stepOf('noop', { type: 'noop', virtualSubscribes: ['t'], virtualEmits: ['done', '/hook', 'PUT /other'] })

  test('an edge is virtual when either end is', () => {
    const graph = graphOf([noop, stepOf('a', { emits: ['t'], virtualEmits: ['v'] }), stepOf('b', { takes: ['v', 'done'] })], [])
    expect(lines(graph)).toEqual(['a -t-> noop virtual', 'a -v-> b virtual', 'noop -done-> b virtual'])
  })

  test('a path leads to the api step that has it', () => {
    const graph = graphOf([noop, stepOf('hook', { triggers: [apiOf('POST', '/hook')] }), stepOf('other', { triggers: [apiOf('PUT', '/other')] })], [])
    expect(lines(graph)).toEqual(['noop -/hook-> hook virtual', 'noop -PUT /other-> other virtual'])
  })

  test('what is real and virtual between the same two is drawn once, as real', () => {
    const graph = graphOf([stepOf('a', { emits: ['t'], virtualEmits: [{ topic: 't', label: 'said', conditional: true }] }), stepOf('b', { takes: ['t'], virtualSubscribes: ['t'] })], [])
    expect(lines(graph)).toEqual(['a -t-> b real'])
    expect(graph.edges[0]?.label).toBe('said')
  })
})

test('conditional edges are marked and carry their labels', () => {
  const graph = graphOf([stepOf('a', { emits: [{ topic: 't', label: 'Paid', conditional: true }] }), stepOf('b', { takes: ['t'] })], [])
  expect(graph.edges).toMatchObject([{ isConditional: true, label: 'Paid', kind: 'real' }])
})

describe('undeclared', () => {
  const steps = [stepOf('a', { emits: ['t'], virtualEmits: ['drawn'] }), stepOf('b', { takes: ['t', 'secret', 'drawn'] })]

  test('what was seen and no config declares is drawn besides', () => {
    const graph = withSeen(graphOf(steps, []), [{ step: 'a', topic: 't' }, { step: 'a', topic: 'secret' }, { step: 'gone', topic: 'secret' }])
    expect(lines(graph)).toEqual(['a -drawn-> b virtual', 'a -secret-> b undeclared', 'a -t-> b real'])
  })

  test('what was only to be drawn and happened is undeclared', () => {
    expect(lines(withSeen(graphOf(steps, []), [{ step: 'a', topic: 'drawn' }]))).toContain('a -drawn-> b undeclared')
  })

  test('without news the graph stays the same', () => {
    const graph = graphOf(steps, [])
    expect(withSeen(graph, [{ step: 'a', topic: 't' }]).edges).toBe(graph.edges)
    expect(undeclared(steps, [{ step: 'a', topic: 't' }])).toEqual([])
  })
})

test('each of several triggers leads to the step', () => {
  const both = stepOf('both', { takes: ['x', 'y'], triggers: [apiOf('GET', '/'), { kind: 'cron', expression: '* * * * *', timezone: '' }] })
  const graph = graphOf([both, stepOf('a', { emits: ['x', 'y'] })], [])
  expect(lines(graph)).toEqual(['a -x-> both real', 'a -y-> both real'])
  expect(graph.edges.map(({ lane, lanes }) => [lane, lanes])).toEqual([[0, 2], [1, 2]])
})

test('declared streams and groups of state lead to the steps that look at them', () => {
  const on = ['create', 'update']
  const steps = [
    stepOf('s', { triggers: [{ kind: 'stream', stream: 'board', group: '', id: '', on }] }),
    stepOf('unknown', { triggers: [{ kind: 'stream', stream: 'nowhere', group: '', id: '', on }] }),
    stepOf('g', { triggers: [{ kind: 'state', group: 'orders', key: '', on }] }),
    stepOf('any', { triggers: [{ kind: 'state', group: '', key: '', on }] }),
  ]
  const graph = graphOf(steps, [{ name: 'board', language: 'node', file: 'b.stream.ts', schema: null, isGuarded: false }])
  expect(lines(graph)).toEqual(['state:orders -create, update-> g change', 'stream:board -create, update-> s change'])
  expect(graph.nodes.flatMap((node) => (node.kind === 'step' ? [] : [node.id]))).toEqual(['state:orders', 'stream:board'])
})

test('circles, also of one step, are edges as all others', () => {
  const graph = graphOf([stepOf('a', { takes: ['y', 'self'], emits: ['x', 'self'] }), stepOf('b', { takes: ['x'], emits: ['y'] })], [])
  expect(lines(graph)).toEqual(['a -self-> a real', 'a -x-> b real', 'b -y-> a real'])
})

test('the order of the steps does not count', () => {
  const steps = [stepOf('c', { takes: ['t'] }), stepOf('a', { emits: ['t'] }), stepOf('b', { takes: ['t'] })]
  expect(graphOf(steps, [])).toEqual(graphOf(steps.toReversed(), []))
})
