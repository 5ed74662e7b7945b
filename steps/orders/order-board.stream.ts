import type { StreamConfig } from 'motia'

export const config: StreamConfig = {
  name: 'orderBoard',
  schema: {
    type: 'object',
    properties: {
      status: { enum: ['received', 'scored', 'confirmed'] },
      items: { type: 'array', items: { type: 'string' } },
      total: { type: 'number' },
      risk: { enum: ['low', 'high'] },
      confirmation: { type: 'string' },
    },
    required: ['status', 'items'],
  },
  baseConfig: { storageType: 'default' },
}
