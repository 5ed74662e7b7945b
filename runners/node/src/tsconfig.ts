// The tsconfig.json that holds for a file: the nearest one above it, with what it extends.

import { dirname } from 'node:path';
import { type Cache, createPathsMatcher, getTsconfig, type PathsMatcher, type TsConfigJsonResolved } from 'get-tsconfig';

/** The `compilerOptions` of a tsconfig. */
export type CompilerOptions = NonNullable<TsConfigJsonResolved['compilerOptions']>;

/** What a tsconfig says about compiling a file and about the imports in it. */
export interface Project {
  compilerOptions: CompilerOptions;
  /** Gives the paths that an import may mean; empty when `paths` and `baseUrl` say nothing about it. */
  candidates: PathsMatcher;
}

const NONE: Project = { compilerOptions: {}, candidates: () => [] };

/** Reads tsconfig files, each folder's once. */
export class Tsconfigs {
  private readonly folders = new Map<string, Project>();
  private readonly cache: Cache = new Map();

  /** Gives what holds for a file. Throws when its tsconfig cannot be read. */
  of(file: string): Project {
    const folder = dirname(file);
    let project = this.folders.get(folder);
    if (project === undefined) {
      project = this.read(folder);
      this.folders.set(folder, project);
    }
    return project;
  }

  private read(folder: string): Project {
    const found = getTsconfig(folder, 'tsconfig.json', this.cache);
    if (found === null) return NONE;
    return {
      compilerOptions: found.config.compilerOptions ?? {},
      candidates: createPathsMatcher(found) ?? NONE.candidates,
    };
  }
}
