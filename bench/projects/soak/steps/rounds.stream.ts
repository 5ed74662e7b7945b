import type { StreamConfig } from 'motia'

export const config: StreamConfig = { name: 'rounds', schema: { type: 'object' }, baseConfig: { storageType: 'default' } }
