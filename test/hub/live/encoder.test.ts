// Frames of values are encoded once for all screens, and what goes over the wire is what socket.io itself would send.
import { Encoder, PacketType, type Packet } from 'socket.io-parser';
import { expect, test } from 'vitest';
import { FrameEncoder } from '../../../hub/live/encoder.ts';

const FRAME = [1, 2.5, 0, 1_700_000_000_000, 2, 'text "quoted"', 1, 1_700_000_000_001, 3, null, 3, 0];
const packet = (id: number | undefined, data: unknown): Packet => ({
  type: PacketType.EVENT,
  nsp: '/',
  data,
  ...(id === undefined ? {} : { id }),
});

test('a frame is written out once for twenty screens, each with its own number for the answer', () => {
  const encoder = new FrameEncoder();
  const sent = Array.from({ length: 20 }, (_, id) => encoder.encode(packet(id, ['values', FRAME])));
  expect(encoder.encoded).toBe(1);
  expect(sent).toEqual(sent.map((_, id) => new Encoder().encode(packet(id, ['values', FRAME]))));
});

test('another frame is another text', () => {
  const encoder = new FrameEncoder();
  encoder.encode(packet(1, ['values', FRAME]));
  expect(encoder.encode(packet(2, ['values', [9, 9, 0, 9]]))).toEqual(['22["values",[9,9,0,9]]']);
});

test.each([
  packet(undefined, ['values', FRAME]),
  packet(1, ['beat', { beat: 1 }]),
  packet(2, ['values']),
  { type: PacketType.ACK, nsp: '/', id: 3, data: [{ ok: true, snapshot: FRAME }] },
  { type: PacketType.CONNECT, nsp: '/', data: { sid: 'x' } },
])('anything else is left to socket.io: %j', (other) => {
  const encoder = new FrameEncoder();
  expect(encoder.encode(other)).toEqual(new Encoder().encode(other));
  expect(encoder.encoded).toBe(0);
});
