// Whatever comes to the port that DTUs call: the gateway stays up, holds little, and the device behind a DTU is read.
import fc from 'fast-check';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { ModbusCallInDriver } from '../../../gateway/drivers/modbus-call-in.ts';
import { crc16 } from '../../../gateway/modbus/crc16.ts';
import { until } from '../../helpers/wait.ts';
import { device, model, quick, RecordingPort, registers } from './site.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const LINE = {
  id: 'dtu-1',
  type: 'modbus-dtu',
  port: 0,
  framing: 'rtu',
  registration: { text: 'DTU1' },
  heartbeats: [{ hex: 'fe' }],
  silentS: 300,
  latencyMs: 0,
  lateMs: 50,
} as const;

const piece = fc.oneof(
  fc.constantFrom('DTU', 'DTU1', 'DTU2', 'þ').map((text) => Buffer.from(text, 'latin1')),
  fc.constantFrom(Buffer.from([1, 3, 2]), Buffer.from([1, 0x83, 2, 0xc0, 0xf1]), Buffer.from([1])),
  fc.uint8Array({ maxLength: 600 }).map((b) => Buffer.from(b)),
);
const caller = fc.record({ pieces: fc.array(piece, { maxLength: 6 }), end: fc.constantFrom('destroy', 'end', 'stay') });

/** A DTU in this process: answers each read of registers with the number of the round. */
async function honest(port: number, value: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write('DTU1');
  socket.on('data', (asked: Buffer) => {
    if (asked.length < 8) return;
    const reply = Buffer.from([1, 3, 2, value >> 8, value & 0xff, 0, 0]);
    reply.writeUInt16LE(crc16(reply, 0, 5), 5);
    socket.write(reply);
  });
  return socket;
}

test(`callers of any kind, seed ${SEED}`, async () => {
  const port = new RecordingPort();
  const driver = new ModbusCallInDriver({
    host: '127.0.0.1',
    port: 0,
    links: [LINE],
    devices: [quick(device('d1', model(registers(0, 0), { timeoutMs: 50 }), 1, 'dtu-1'), 10)],
    intake: port,
    limits: { registrationMs: 100, registrationPauseMs: 5, unregistered: 8, quietMs: 5, downAfterMs: 50 },
    modbusLimits: { tickMs: 1, breakerProbeMinMs: 20, breakerProbeMaxMs: 40 },
  });
  await driver.start();
  let value = 0;
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(caller, { maxLength: 8 }), async (callers) => {
        const left: Socket[] = [];
        for (const { pieces, end } of callers) {
          const socket = connect(driver.listening, '127.0.0.1');
          socket.on('error', () => undefined);
          await once(socket, 'connect');
          for (const bytes of pieces) socket.write(bytes);
          if (end === 'destroy') socket.destroy();
          else if (end === 'end') socket.end();
          left.push(socket);
        }
        expect(driver.standing().unregistered).toBeLessThanOrEqual(8);
        value++;
        // Last to call, so that its line is the one in force; others may have its registration.
        await until(() => driver.standing().unregistered === 0, { what: 'all others have been judged' });
        const dtu = await honest(driver.listening, value);
        await until(() => port.last('r0')?.value === value, { what: `${value} is read behind the DTU` });
        dtu.destroy();
        for (const socket of left) socket.destroy();
      }),
      { seed: SEED, numRuns: 25 },
    );
  } finally {
    await driver.stop();
  }
  expect(driver.refusals().length).toBeLessThanOrEqual(100);
  expect(port.taken.filter((t) => t.quality === 'good').every((t) => Number(t.value) <= value)).toBe(true);
});
