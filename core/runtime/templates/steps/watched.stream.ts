import type { StreamConfig } from 'motia'

export const config: StreamConfig = {
  name: 'STEP_STREAM',
  schema: { type: 'object' },
}
