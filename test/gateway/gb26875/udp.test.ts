// Transmission devices by datagrams: confirmed when durable, taken once, and nobody is answered whom the site does not name.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { COMMANDS, Gb26875Framer, type Frame } from '../../../gateway/gb26875/frame.ts';
import { until } from '../../helpers/wait.ts';
import { listener, undo, type Listener } from './rig.ts';
import { BAD_SUM, BEIJING, VECTORS } from './vectors.ts';

/** A device that sends datagrams from one address of this machine. */
async function sender({ driver }: Listener, host = '127.0.0.1') {
  const socket: Socket = createSocket('udp4');
  const heard: Frame[] = [];
  socket.on('message', (bytes) =>
    new Gb26875Framer(BEIJING).receive(bytes, { frame: (f) => void heard.push(f), refused: () => undefined }),
  );
  socket.bind(0, host);
  await once(socket, 'listening');
  undo.push(async () => void socket.close());
  const send = (bytes: Buffer): void => socket.send(bytes, driver.listening, '127.0.0.1');
  const answers = (command: number): Frame[] => heard.filter((f) => f.command === command);
  return { send, heard, answers };
}

test('[S1] a fire by datagram is confirmed once it is on disk, a repetition is confirmed and not taken twice', async () => {
  const l = await listener({ transport: 'udp' });
  const device = await sender(l);
  device.send(VECTORS.smokeFire);
  await until(() => device.answers(COMMANDS.confirm).length === 1, { what: 'the confirmation' });
  expect(l.active()).toEqual(['FIRE part-1-1-40-10-2']);
  device.send(VECTORS.smokeFire);
  await until(() => device.answers(COMMANDS.confirm).length === 2, { what: 'the second confirmation' });
  expect(l.values('part-1-1-40-10-2')).toEqual([2]);
  expect(l.counters()).toMatchObject({ datagrams: 2, repeated: 1, strangers: 0 });
});

test('an address that the site does not name is neither heard nor answered, whatever device it says it is', async () => {
  const l = await listener({ transport: 'udp' });
  const stranger = await sender(l, '127.0.0.2');
  for (const bytes of [VECTORS.smokeFire, BAD_SUM, VECTORS.heartbeat]) stranger.send(bytes);
  await until(() => l.counters()['strangers'] === 3, { what: 'three datagrams of a stranger' });
  // Whoever is named is answered after them, so an answer to the stranger would be here by now.
  const device = await sender(l);
  device.send(VECTORS.smokeFire);
  await until(() => device.answers(COMMANDS.confirm).length === 1, { what: 'the confirmation' });
  expect(stranger.heard).toEqual([]);
  expect(l.driver.refusals().map((r) => r.reason)).toEqual(['stranger', 'stranger', 'stranger']);
});

test('a device of another source address is no better than a stranger; a wrong sum of a named one is denied', async () => {
  const l = await listener({ transport: 'udp' });
  const device = await sender(l);
  device.send(VECTORS.heartbeat);
  await until(() => l.counters()['strangers'] === 1, { what: 'a source that the site does not name' });
  device.send(BAD_SUM);
  await until(() => device.answers(COMMANDS.deny).length === 1, { what: 'the denial' });
  expect(device.heard).toHaveLength(1);
});

test('half a frame waits for nothing: what it lacks comes in no other datagram; a long one is not looked at', async () => {
  const l = await listener({ transport: 'udp' });
  const device = await sender(l);
  device.send(VECTORS.smokeFire.subarray(0, 40));
  device.send(VECTORS.smokeFire.subarray(40));
  device.send(Buffer.alloc(20_000, 0x40));
  await until(() => l.counters()['datagrams'] === 3, { what: 'three datagrams' });
  expect(l.counters()).toMatchObject({ torn: 1, noise: 1, overLong: 1, frames: 0 });
  device.send(VECTORS.smokeFire);
  await until(() => device.answers(COMMANDS.confirm).length === 1, { what: 'the confirmation' });
});
