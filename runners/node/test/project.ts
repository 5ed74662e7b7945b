// Projects in a temporary folder, loaded as the core would have them loaded.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import type { LoadFailure, Manifest, StepEntry } from '../src/_gen/runtime/runner/v1/runner.js';
import { Loader } from '../src/loader.js';
import { Modules } from '../src/modules.js';
import { decode } from '../src/values.js';

/** The module 'motia' as it was built for the tests. */
export const SDK = join(__dirname, 'motia.cjs');

/** One folder for a test file: a process has one module system. */
export class Project {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'runner-node-')));
  readonly cacheDir = join(this.root, '.runtime', 'cache');
  readonly modules = new Modules({ root: this.root, sdk: __dirname, cacheDir: this.cacheDir });
  /** What was warned of. */
  readonly warnings: string[] = [];
  readonly loader = new Loader(this.modules, this.root, (message) => this.warnings.push(message));

  constructor() {
    after(() => rmSync(this.root, { recursive: true }));
  }

  /** Writes files; the keys are paths from the root. */
  write(files: Record<string, string>): void {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.root, file)), { recursive: true });
      writeFileSync(join(this.root, file), text);
    }
  }

  load(stepFiles: string[], streamFiles: string[] = []): Promise<Manifest> {
    return this.loader.load({ stepFiles, streamFiles });
  }

  /** Writes files and loads the first as a step; throws when it does not load. */
  async step(files: Record<string, string>): Promise<{ entry: StepEntry; config: any; handler: (...args: any[]) => any }> {
    const file = this.writeFirst(files);
    const { steps, loadFailures } = await this.load([file]);
    const [entry] = steps;
    if (entry === undefined) throw new Error(JSON.stringify(loadFailures[0]?.failure, null, 2));
    return { entry, config: decode(entry.config), handler: this.loader.step(file)?.handler as (...args: any[]) => any };
  }

  /** Writes files and loads the first as a step, which must fail. */
  async failure(files: Record<string, string>): Promise<LoadFailure> {
    const { loadFailures } = await this.load([this.writeFirst(files)]);
    const [failure] = loadFailures;
    if (failure === undefined) throw new Error('the file has loaded');
    return failure;
  }

  private writeFirst(files: Record<string, string>): string {
    this.write(files);
    return Object.keys(files)[0] as string;
  }
}
