import { config } from '@motiadev/core';
import { AnyAdapter } from '@motiadev/adapter-any';
import { increment } from './steps/lib/counter';
import { heard } from './steps/lib/heard';

class NoEntry extends Error {}

export default config({
  loaded: increment(),
  nested: { n: 1, run: () => 1 },
  app: () => undefined,
  adapters: { state: new AnyAdapter({ port: 1, retry: () => 1 }) },
  streamAuth: {
    authenticate({ headers, url }) {
      switch (headers['x-do']) {
        case 'nothing':
          return null;
        case 'throw':
          throw new NoEntry('no entry');
        case 'odd':
          return { user: { run: () => 1 } };
        case 'big':
          return 'x'.repeat(Number(headers['x-size']));
        case 'heard':
          return heard;
      }
      return { headers, url };
    },
  },
} as any);
