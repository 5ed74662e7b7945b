import type { NoopConfig } from 'motia'

export const config: NoopConfig = {
  type: 'noop',
  name: 'ApproveOrder',
  description: 'A person looks at orders that are confirmed',
  virtualSubscribes: ['order.confirmed'],
  virtualEmits: ['order.approved'],
  flows: ['orders'],
}
