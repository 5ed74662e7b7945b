// What the core starts: it makes sure that this Node is new enough before anything is read that an old one cannot parse.
// It is built for old ones, as `dist/main.js`, and stays a file of its own for that.

import * as nodeModule from 'node:module';
import { join } from 'node:path';
import runner from '../package.json' with { type: 'json' };

/** Tells the core that another start would end in the same way (PROTOCOL.md, section 2); EX_CONFIG of sysexits.h. */
const EXIT_UNFIT = 78;

const least = Number(/\d+/.exec(runner.engines.node));
if (Number(process.versions.node.split('.')[0]) < least) {
  process.stderr.write(`the steps' Node is ${process.version} (${process.execPath}), and the runner needs at least ${least}\n`);
  process.exit(EXIT_UNFIT);
}
// What V8 makes of the runner and of the project's files is kept between starts, where this Node can.
const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => void };
const { RUNTIME_CACHE_DIR: cacheDir } = process.env;
if (cacheDir && enableCompileCache) enableCompileCache(join(cacheDir, 'compiled'));
require('./runner.js');
