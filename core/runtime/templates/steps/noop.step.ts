import type { NoopConfig } from 'motia'

export const config: NoopConfig = {
  type: 'noop',
  name: 'STEP_NAME',
  description: 'Something that happens outside of the project',
}
