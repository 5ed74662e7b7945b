// `ctx.state`: values by group and key.

import type { StateManager } from '../sdk/types.js';
import { HostOp } from './_gen/runtime/runner/v1/runner.js';
import { encodeOperations, encodeOptions, isName, type Named, record, shown, text } from './arguments.js';
import type { Ask, HostRequest } from './hostcalls.js';
import { encode } from './values.js';

/** The group of the calls that name none. */
const DEFAULT_GROUP = 'default';
const SET_OPTIONS = ['ttl', 'ifVersion'];

/** Makes the state of a run. */
export function stateOf(ask: Ask): StateManager {
  const ofKey = (op: HostOp, method: string, given: unknown[]): Promise<unknown> =>
    ask(method, () => keyed(op, method, inDefault(given, 2)));
  const ofGroup = (op: HostOp, method: string, group: unknown): Promise<unknown> =>
    ask(method, () => ({ op, group: text(group, method, 'group') }));
  return {
    get: (...given: unknown[]) => ofKey(HostOp.STATE_GET, 'state.get', given),
    getEntry: (...given: unknown[]) => ofKey(HostOp.STATE_GET_ENTRY, 'state.getEntry', given),
    set: (...given: unknown[]) => set(ask, given),
    delete: (...given: unknown[]) => ofKey(HostOp.STATE_DELETE, 'state.delete', given),
    update: (...given: unknown[]) => ask('state.update', () => updateRequest(inDefault(given, 3))),
    getGroup: (group: unknown) => ofGroup(HostOp.STATE_GET_GROUP, 'state.getGroup', group),
    keys: (group: unknown) => ofGroup(HostOp.STATE_KEYS, 'state.keys', group),
    clear: (group: unknown) => ofGroup(HostOp.STATE_CLEAR, 'state.clear', group),
  } as StateManager;
}

async function set(ask: Ask, given: unknown[]): Promise<unknown> {
  const named = leavesOutGroup(given) ? [DEFAULT_GROUP, ...given] : given;
  const [, , value, options] = named;
  await ask('state.set', () => ({
    ...keyed(HostOp.STATE_SET, 'state.set', named),
    payload: encode(value, 'value'),
    options: setOptions(record(options ?? {}, 'state.set: the options')),
  }));
  return value;
}

/** Tells `(key, value)` and `(key, value, options)`, which takes a value that could be no key, from what names a group. */
function leavesOutGroup(given: unknown[]): boolean {
  return given.length < 3 || (given.length === 3 && given[1] != null && !isName(given[1]));
}

function setOptions(options: Named): Buffer {
  // Left out, it would write whatever is stored: not what who asks for a version of nothing has meant.
  if ('ifVersion' in options && options.ifVersion == null) {
    const is = shown(options.ifVersion);
    throw new TypeError(`state.set: ifVersion must be a version that getEntry gave, or 0 for when there is no value, got ${is}`);
  }
  return encodeOptions(options, SET_OPTIONS, 'state.set');
}

function updateRequest(given: unknown[]): HostRequest {
  return { ...keyed(HostOp.STATE_UPDATE, 'state.update', given), payload: encodeOperations(given[2], 'state.update') };
}

/** Puts the default group before arguments that are fewer than `all`. */
function inDefault(given: unknown[], all: number): unknown[] {
  return given.length < all ? [DEFAULT_GROUP, ...given] : given;
}

function keyed(op: HostOp, method: string, [group, key]: unknown[]): HostRequest {
  return { op, group: text(group, method, 'group'), key: text(key, method, 'key') };
}
