// Which files are the user's.

import { sep } from 'node:path';

/** Folders under the project root that hold what others wrote: packages, virtual environments, caches. */
const FOREIGN = /[\\/](?:node_modules|site-packages|\.[^\\/]+)[\\/]/;

/** Tells files that belong to the project at `root` from installed ones and from Node's own. */
export function isOwnFile(file: string, root: string): boolean {
  return file.startsWith(root + sep) && !FOREIGN.test(file.slice(root.length)) && !file.startsWith(__dirname + sep);
}

/** Gives a path from the project root, with "/" as separator. */
export function fromRoot(file: string, root: string): string {
  return file.slice(root.length + 1).replaceAll(sep, '/');
}
