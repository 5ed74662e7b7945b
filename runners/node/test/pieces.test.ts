import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodePiece } from '../src/pieces.js';

const encoded = async (piece: unknown, areEvents = true): Promise<string> => (await encodePiece(piece, 3, areEvents)).toString();

test('text and bytes are sent as they are', async () => {
  for (const areEvents of [false, true]) {
    assert.equal(await encoded('grüße', areEvents), 'grüße');
    assert.equal(await encoded(Buffer.from('a'), areEvents), 'a');
    assert.equal(await encoded(new Uint8Array([98]).buffer, areEvents), 'b');
  }
});

const REFUSED: [unknown, boolean, RegExp][] = [
  [5, false, /^body piece 3 is a number; a piece is text or bytes$/],
  [null, true, /^body piece 3 is null; a piece is text, bytes or an event such as/],
  [[], true, /^body piece 3 is a list/],
  [{ data: 1 }, false, /^body piece 3 is a map; .*content type text\/event-stream/],
  [{ datta: 1 }, true, /^body piece 3 has the key "datta"; an event has data, event, id and retry/],
  [{ data: { a: [() => 1] } }, true, /^body piece 3\.data\.a\[0\] is a function/],
  [{ event: 1.5 }, true, /^body piece 3\.event is a number; it is text/],
  [{ id: true }, true, /^body piece 3\.id is a boolean; it is text/],
  [{ event: 'a\nb' }, true, /^body piece 3\.event has a line break/],
  [{ id: 'a\0' }, true, /^body piece 3\.id has a line break or a NUL/],
  [{ retry: '5' }, true, /^body piece 3\.retry is a string; it is a whole number of milliseconds/],
  [{ retry: -1 }, true, /^body piece 3\.retry is a number/],
];
for (const [piece, areEvents, message] of REFUSED) {
  test(`refuses ${JSON.stringify(piece)}`, () => assert.rejects(encoded(piece, areEvents), { name: 'InvalidOutputError', message }));
}

test('an event', async () => {
  const event = { retry: 5, data: 'a\nb\r\nc\rd', id: 7, event: 'tick' };
  assert.equal(await encoded(event), 'event: tick\nid: 7\nretry: 5\ndata: a\ndata: b\ndata: c\ndata: d\n\n');
  assert.equal(await encoded({ data: { a: [1, 'ü\n'] }, event: undefined, id: null }), 'data: {"a":[1,"ü\\n"]}\n\n');
  assert.equal(await encoded({ data: null }), 'data: null\n\n');
  assert.equal(await encoded({ event: 'only' }), 'event: only\n\n');
  const large = 'x'.repeat(600_000);
  assert.equal(await encoded({ data: [large] }), `data: ["${large}"]\n\n`);
});
