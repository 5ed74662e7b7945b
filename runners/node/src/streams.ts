// `ctx.streams`: the items of each stream; `ctx.stream`: texts that are read while they are written.

import type { FlowContextStateStreams } from '../sdk/project.js';
import type { MotiaStream, TextStream } from '../sdk/types.js';
import { HostOp } from './_gen/runtime/runner/v1/runner.js';
import { encodeOperations, isName, record, shown, text, wellFormed } from './arguments.js';
import type { Ask, HostRequest } from './hostcalls.js';
import { encode } from './values.js';

const EMPTY = Buffer.alloc(0);
/** What `send` takes, for errors. */
const CHANNEL = "{ groupId: 'the group' }, with an id beside it for one item";
const EVENT = "{ type: 'a name', data: ... }";

/** Makes the streams of a run. */
export function streamsOf(ask: Ask): FlowContextStateStreams {
  const streams = Object.create(null) as FlowContextStateStreams;
  // The streams may be defined in any language, so every name is one; the core knows which are.
  return new Proxy(streams, {
    get: (made, name) => (typeof name === 'string' ? (made[name] ??= streamOf(name, ask)) : undefined),
  });
}

/** Makes the text streams of a run. */
export function textStreamOf(ask: Ask): TextStream {
  return {
    write: (id, piece) => ask('stream.write', () => writeRequest(id, piece)) as Promise<void>,
    close: (id) => ask('stream.close', () => ({ op: HostOp.TEXT_CLOSE, key: textId(id, 'stream.close') })) as Promise<void>,
  };
}

function writeRequest(id: unknown, piece: unknown): HostRequest {
  if (typeof piece !== 'string') {
    const advice = piece instanceof Promise ? '' : '; make it one, as with JSON.stringify';
    throw new TypeError(`stream.write: text must be a string, got ${shown(piece)}${advice}`);
  }
  return { op: HostOp.TEXT_WRITE, key: textId(id, 'stream.write'), payload: encode(piece, 'text') };
}

function textId(id: unknown, method: string): string {
  if (id === '') throw new TypeError(`${method}: id must be a text that is not empty`);
  return text(id, method, 'id');
}

function streamOf(name: string, ask: Ask): MotiaStream {
  const request = (op: HostOp, method: string, groupId: unknown, id?: [unknown], payload: Buffer = EMPTY): HostRequest => ({
    op,
    target: wellFormed(name, method, 'the name of the stream'),
    group: text(groupId, method, 'groupId'),
    key: id === undefined ? '' : text(id[0], method, 'id'),
    payload,
  });
  const named = (method: string): string => `streams.${name}.${method}`;
  const call = (method: string, make: (method: string) => HostRequest): Promise<any> =>
    ask(named(method), () => make(named(method)));
  const stream: MotiaStream = {
    get: (groupId, id) => call('get', (method) => request(HostOp.STREAM_GET, method, groupId, [id])),
    set: (groupId, id, data) =>
      call('set', (method) => request(HostOp.STREAM_SET, method, groupId, [id], encode(data, 'data'))),
    delete: (groupId, id) => call('delete', (method) => request(HostOp.STREAM_DELETE, method, groupId, [id])),
    getGroup: (groupId) => call('getGroup', (method) => request(HostOp.STREAM_GET_GROUP, method, groupId)),
    update: (groupId, id, list) =>
      call('update', (method) => request(HostOp.STREAM_UPDATE, method, groupId, [id], encodeOperations(list, method))),
    send: (channel, event) =>
      call('send', (method) => {
        const { groupId, id } = record(channel, `${method}: the channel`, CHANNEL);
        if (!isName(groupId)) {
          throw new TypeError(`${method}: groupId of the channel must be a text, got ${shown(groupId)}; the channel is ${CHANNEL}`);
        }
        return request(HostOp.STREAM_SEND, method, groupId, id == null ? undefined : [id], eventOf(event, method));
      }),
  };
  return stream;
}

function eventOf(event: unknown, method: string): Buffer {
  const { type, data } = record(event, `${method}: the event`, EVENT);
  if (!isName(type)) throw new TypeError(`${method}: event.type must be a text, got ${shown(type)}; the event is ${EVENT}`);
  return encode({ type: String(type), data }, 'event');
}
