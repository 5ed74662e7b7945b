import type { StreamConfig } from 'motia'

export const config: StreamConfig = {
  name: 'orderBoard',
  schema: {
    type: 'object',
    properties: { total: { type: 'number' }, confirmation: { type: 'string' } },
    required: ['total', 'confirmation'],
  },
  baseConfig: { storageType: 'default' },
}
