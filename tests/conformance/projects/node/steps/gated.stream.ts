import type { StreamConfig } from 'motia';
import { heard, meet } from './lib/heard';

class NotYours extends Error {}

export const config: StreamConfig = {
  name: 'gated',
  async canAccess({ groupId, id }, authContext) {
    switch (authContext?.do) {
      case 'give':
        return authContext.value;
      case 'give later':
        return new Promise((resolve) => setImmediate(resolve, authContext.value));
      case 'give a function':
        return (() => false) as unknown as boolean;
      case 'throw':
        throw new NotYours('it is not yours');
      case 'meet':
        await meet(authContext.count);
        return true;
      case 'hang':
        await new Promise(() => undefined);
    }
    return authContext === null && groupId === 'open' && id === undefined;
  },
  async onJoin(subscription, authContext) {
    if (authContext?.do === 'hang') await new Promise(() => undefined);
    heard.push(['joined', subscription, authContext]);
  },
  onLeave(subscription, authContext) {
    heard.push(['left', subscription, authContext]);
    return 'nobody reads this';
  },
};
