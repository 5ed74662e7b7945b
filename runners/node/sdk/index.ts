// The module 'motia': what step files import.

export { HttpError, NonRetriableError } from './errors.js';
export type * from './config.js';
export type * from './handlers.js';
export type * from './project.js';
export type * from './types.js';
