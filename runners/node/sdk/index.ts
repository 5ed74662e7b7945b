// The module 'motia': what step files import.

export { HttpError, NonRetriableError, VersionConflict } from './errors.js';
export { config } from './project-config.js';
export type * from './config.js';
export type * from './handlers.js';
export type * from './project.js';
export type * from './project-config.js';
export type * from './types.js';
