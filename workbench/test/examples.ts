import type { Failure, Log, Operation, Span, Trace, TraceSummary } from '../src/api/types.ts'

/** Traces, spans and lines for tests. */
export function summary(part: Partial<TraceSummary> = {}): TraceSummary {
  return {
    traceId: 'a'.repeat(32),
    name: 'POST /orders',
    kind: 'api',
    step: 'CreateOrder',
    steps: ['CreateOrder'],
    began: '2026-01-31T12:00:00.000+00:00',
    seconds: 0.01,
    status: 'ok',
    spans: 1,
    failed: 0,
    httpStatus: 201,
    repeats: null,
    error: null,
    ...part,
  }
}

export function span(part: Partial<Span> = {}): Span {
  return {
    spanId: 's1',
    parentId: null,
    step: 'CreateOrder',
    language: 'typescript',
    file: 'steps/create.step.ts',
    kind: 'api',
    source: 'POST /orders',
    attempt: 1,
    offset: 0,
    queued: 0,
    waited: 0.001,
    seconds: 0.01,
    status: 'ok',
    httpStatus: null,
    causeId: null,
    input: null,
    inputIsCut: false,
    inputBytes: 0,
    failure: null,
    then: null,
    deadLetter: null,
    operations: [],
    lostOperations: 0,
    isRepeatable: true,
    ...part,
  }
}

export function operation(part: Partial<Operation> = {}): Operation {
  return { offset: 0, name: 'emit', target: 'order.created', group: '', key: '', eventId: null, data: null, isCut: false, bytes: 0, seconds: 0, error: null, ...part }
}

export function log(part: Partial<Log> = {}): Log {
  return { id: 1, time: '2026-01-31T12:00:00.000+00:00', level: 'info', source: 'CreateOrder', message: 'order received', data: null, traceId: null, spanId: null, ...part }
}

export function trace(spanList: Span[], logs: Log[] = []): Trace {
  return { ...summary(), spans: spanList.length, spanList, logs, lostLogs: 0, lostSpans: 0 }
}

export function failure(part: Partial<Failure> = {}): Failure {
  return { kind: 'handler', type: 'Error', message: 'no', stack: '', frames: [], cause: null, ...part }
}
