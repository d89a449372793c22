// Whatever comes over connections and datagrams: the gateway stays up, holds little, and hears the next whole message.
import fc from 'fast-check';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { COMMANDS, encodeFrame, Gb26875Framer } from '../../../gateway/gb26875/frame.ts';
import { GB26875_LIMITS } from '../../../gateway/gb26875/limits.ts';
import { until } from '../../helpers/wait.ts';
import { operation, status } from './messages.ts';
import { listener, undo, type Listener } from './rig.ts';
import { BAD_SUM, BEIJING, VECTORS, type VectorName } from './vectors.ts';

const RUNS = 60;
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const names = Object.keys(VECTORS) as VectorName[];

/** A frame of device 889 with any command, any data unit and any serial: replays, confirms and denials of nothing. */
const frame = fc
  .record({
    serial: fc.integer({ min: 0, max: 3 }),
    command: fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 200),
    adu: fc.oneof(
      fc.constantFrom(
        Buffer.alloc(0),
        status(1, 2),
        status(2, 0xffff),
        operation(1),
        VECTORS.madeAnalog.subarray(27, -3),
      ),
      fc.uint8Array({ maxLength: 120 }).map((b) => Buffer.from(b)),
    ),
    time: fc.constantFrom(Date.UTC(2026, 10, 22), Date.UTC(2001, 0, 1)),
  })
  .map(({ serial, command, adu, time }) =>
    encodeFrame({ serial, version: 1, userVersion: 1, time, source: 889, destination: 88_888, command, adu }, BEIJING),
  );
const bytes = fc.oneof(
  frame,
  fc.constantFrom(...names.map((name) => VECTORS[name]), BAD_SUM),
  fc.uint8Array({ maxLength: 200 }).map((b) => Buffer.from(b)),
  fc.tuple(frame, fc.nat(60)).map(([whole, cut]) => whole.subarray(0, cut)),
);

let serial = 10_000;
/** A whole message that nobody has sent before. */
function fresh(): { readonly serial: number; readonly bytes: Buffer } {
  serial++;
  const head = { serial, version: 1, userVersion: 1, time: Date.now(), source: 889, destination: 88_888 };
  return { serial, bytes: encodeFrame({ ...head, command: COMMANDS.send, adu: status(1, 1) }, BEIJING) };
}

const confirms = (chunk: Buffer, framer: Gb26875Framer): number[] => {
  const found: number[] = [];
  framer.receive(chunk, {
    frame: (f) => void (f.command === COMMANDS.confirm && found.push(f.serial)),
    refused: () => undefined,
  });
  return found;
};

/** Two devices that say they are the same one write by turns, hang up at the end, and a third is heard. */
async function overTcp({ driver }: Listener, turns: readonly (readonly [number, Buffer])[]): Promise<void> {
  const open = async () => {
    const socket = connect(driver.listening, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.resume();
    return socket;
  };
  const pair = [await open(), await open()];
  for (const [who, chunk] of turns) pair[who]?.write(chunk);
  const [half, other] = pair;
  half?.end();
  other?.destroy();
  const last = await open();
  const confirmed: number[] = [];
  const framer = new Gb26875Framer(BEIJING);
  last.on('data', (chunk: Buffer) => confirmed.push(...confirms(chunk, framer)));
  const sent = fresh();
  last.write(sent.bytes);
  await until(() => confirmed.includes(sent.serial), { what: 'a whole message is confirmed after all that' });
  last.destroy();
  half?.destroy();
}

test(`[S1] hears the next message after any sequence over connections (seed ${SEED})`, async () => {
  const l = await listener({ clockTrusted: true });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(1), bytes), { maxLength: 30 }), (turns) => overTcp(l, turns)),
    { numRuns: RUNS, seed: SEED },
  );
  expect(l.driver.refusals().length).toBeLessThanOrEqual(GB26875_LIMITS.refusals);
  // What was made up is learned as a real device's would be, and no more than that.
  expect(l.points().length).toBeLessThan(2_000);
}, 60_000);

test(`[S1] hears the next message after any datagrams (seed ${SEED})`, async () => {
  const l = await listener({ transport: 'udp' });
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  undo.push(async () => void socket.close());
  const confirmed: number[] = [];
  socket.on('message', (chunk) => confirmed.push(...confirms(chunk, new Gb26875Framer(BEIJING))));
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { maxLength: 30 }), async (datagrams) => {
      for (const datagram of datagrams) socket.send(datagram, l.driver.listening, '127.0.0.1');
      const sent = fresh();
      socket.send(sent.bytes, l.driver.listening, '127.0.0.1');
      await until(() => confirmed.includes(sent.serial), { what: 'a whole datagram is confirmed after all that' });
    }),
    { numRuns: RUNS, seed: SEED },
  );
  expect(l.driver.refusals().length).toBeLessThanOrEqual(GB26875_LIMITS.refusals);
}, 60_000);
