import type { ApiRouteConfig, Handlers } from 'motia'

// The package of this name wants `emits`, also where there are none.
export const config: ApiRouteConfig = { type: 'api', name: 'Hello', method: 'GET', path: '/hello', emits: [] }

export const handler: Handlers['Hello'] = async () => {
  return { status: 200, body: { message: 'hello', from: 'bench', items: [1, 2, 3] } }
}
