import { StreamConfig } from 'motia';
import { z } from 'zod';

export const config: StreamConfig<{ region: string }> = {
  name: 'orders',
  schema: z.object({ id: z.string(), state: z.enum(['new', 'sent']), note: z.string().nullable() }),
  baseConfig: { storageType: 'default' },
  canAccess: ({ groupId, id }, auth) => auth?.region === groupId || id === 'public',
};
