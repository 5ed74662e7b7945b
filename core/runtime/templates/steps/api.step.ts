import type { ApiRouteConfig, Handlers } from 'motia'

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'STEP_NAME',
  method: 'STEP_METHOD',
  path: 'STEP_PATH',
}

export const handler: Handlers['STEP_NAME'] = async (req, { logger }) => {
  logger.info('a request', { path: req.path })

  return { status: 200, body: { message: 'STEP_NAME answers' } }
}
