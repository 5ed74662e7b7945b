const config = { type: 'api', name: 'CancelledList', method: 'GET', path: '/cancelled' }

const handler = async (_req, { state }) => ({ status: 200, body: await state.keys('cancelled') })

module.exports = { config, handler }
