import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApiRouteConfig, Handlers } from 'motia'

import { findPackages } from './board-packages'

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'ShowBoard',
  description: 'Shows a page with the orders as they move',
  method: 'GET',
  path: '/orders/board',
  includeFiles: ['board.html'],
  flows: ['orders'],
}

export const handler: Handlers['ShowBoard'] = async (req, { logger }) => {
  try {
    findPackages()
  } catch (error) {
    logger.warn('the order board cannot be shown', { reason: String(error) })
    return { status: 503, body: '<h1>Almost there</h1><p>Run <code>npm install</code> in the folder of this project, then load this page again.' }
  }
  return { status: 200, body: await readFile(join(__dirname, 'board.html'), 'utf8') }
}
