/** Besides the example: a schedule, a route to be asked often, and settings with which nothing old is removed meanwhile. */
export const PROJECT: Record<string, string> = {
  'runtime.yaml': `telemetry:
  retention: { traces: 10000000, logs: 100000000, age: 300000000, bytes: 100000000000 }
`,
  'steps/nightly.step.ts': `
export const config = { type: 'cron', name: 'Nightly', cron: '0 3 * * *', emits: [] }
export const handler = async () => {}
`,
  'steps/ask.step.ts': `
export const config = { type: 'api', name: 'Ask', method: 'GET', path: '/ask/:number', emits: [] }
export const handler = async (req, { logger }) => {
  logger.info('asked ' + req.pathParams.number, { number: req.pathParams.number })
  return { status: 200, body: {} }
}
`,
}
