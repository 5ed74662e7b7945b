// What both sides of the connection keep to.

import type { Limits } from './_gen/runtime/runner/v1/runner.js';

/** The `Limits` of a connection, as numbers. */
export interface Bounds {
  maxInFlight: number;
  maxPayloadBytes: number;
  chunkBytes: number;
  maxQueuedBytes: number;
  maxHostCalls: number;
  bodyWindowBytes: number;
  maxBodies: number;
}

/** Reads the limits of a `Welcome`; without any every bound is 0. */
export function boundsOf(limits: Limits | undefined): Bounds {
  return {
    maxInFlight: limits?.maxInFlight ?? 0,
    maxPayloadBytes: Number(limits?.maxPayloadBytes ?? 0),
    chunkBytes: limits?.chunkBytes ?? 0,
    maxQueuedBytes: Number(limits?.maxQueuedBytes ?? 0),
    maxHostCalls: limits?.maxHostCalls ?? 0,
    bodyWindowBytes: limits?.bodyWindowBytes ?? 0,
    maxBodies: limits?.maxBodies ?? 0,
  };
}
