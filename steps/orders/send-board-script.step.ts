import { readFile } from 'node:fs/promises'
import type { ApiRouteConfig, Handlers } from 'motia'

import { findScript } from './board-packages'

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'SendBoardScript',
  description: 'Gives the page the stream client that npm has installed',
  method: 'GET',
  path: '/orders/board/packages/:script*',
  flows: ['orders'],
}

export const handler: Handlers['SendBoardScript'] = async (req) => {
  const script = findScript(req.pathParams.script)
  if (!script) return { status: 404, body: { error: 'the board needs no such script' } }

  return { status: 200, body: await readFile(script, 'utf8'), headers: { 'content-type': 'text/javascript; charset=utf-8' } }
}
