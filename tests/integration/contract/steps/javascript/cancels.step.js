const config = { type: 'api', name: 'Cancels', method: 'POST', path: '/cancels', emits: ['cancelled'] }

const handler = async (_req, { emit }) => ({ status: 202, body: { id: await emit({ topic: 'cancelled', data: {} }) } })

module.exports = { config, handler }
