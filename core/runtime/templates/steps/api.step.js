export const config = {
  type: 'api',
  name: 'STEP_NAME',
  method: 'STEP_METHOD',
  path: 'STEP_PATH',
}

/** @satisfies {import('motia').Handlers['STEP_NAME']} */
export const handler = async (req, { logger }) => {
  logger.info('a request', { path: req.path })

  return { status: 200, body: { message: 'STEP_NAME answers' } }
}
