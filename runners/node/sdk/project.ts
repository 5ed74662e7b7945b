// What a project adds to the module: its generated types say it, here stands what holds for any project.

import type { FlowContext, MotiaStream } from './types.js';

/** The handlers of the project by step name. */
export interface Handlers {
  [step: string]: (input: any, ctx: FlowContext<any>) => any;
}

/** The project's streams by name. */
export interface FlowContextStateStreams {
  [name: string]: MotiaStream<any>;
}
