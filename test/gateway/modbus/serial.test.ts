// Serial links over a pair of pseudo-terminals, with a server of other authors at the far end.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { modbusDriver, type ModbusLink } from '../../../gateway/drivers/modbus.ts';
import type { Driver } from '../../../gateway/drivers/driver.ts';
import { describeWith } from '../../helpers/needs.ts';
import { requirePart } from '../../helpers/parts.ts';
import { runToEnd, startProcess } from '../../helpers/processes.ts';
import { SERIALPORT_MISSING } from '../../../gateway/modbus/serial-transport.ts';
import { tempDir } from '../../helpers/temp.ts';
import { startPymodbus } from '../../helpers/modbus-servers/pymodbus.ts';
import { until } from '../../helpers/wait.ts';
import { device, model, point, quick, RecordingPort, registers } from './site.ts';

const QUICK = {
  tickMs: 1,
  resetPauseMs: 20,
  backoffMinMs: 20,
  backoffMaxMs: 100,
  downAfterMs: 200,
  breakerProbeMinMs: 100,
};

let running: Driver | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

/** Two serial lines joined end to end. */
async function lines(dir = tempDir('serial')): Promise<{ near: string; far: string; cut(): Promise<unknown> }> {
  const [near, far] = [join(dir, 'near'), join(dir, 'far')];
  const socat = await startProcess(
    requirePart('socat'),
    [`pty,raw,echo=0,link=${near}`, `pty,raw,echo=0,link=${far}`],
    { ready: 'none' },
  );
  await until(() => existsSync(near) && existsSync(far), { what: 'both lines exist' });
  return { near, far, cut: () => socat.stop() };
}

const serial = { baud: 19_200, parity: 'none', stopBits: 1 } as const;

describeWith(['socat', 'pymodbus'], 'a serial bus', () => {
  test('all four tables are read, a refused place is a hole, a dead slave does not stall the other', async () => {
    const { near, far } = await lines();
    const server = await startPymodbus({ framing: 'serial', path: far, units: [1] });
    await server.set(1, 'holding', 3, [1234]);
    await server.set(1, 'input', 4, [0xfffe]);
    await server.set(1, 'coil', 5, [1]);
    await server.set(1, 'discrete', 6, [1]);
    const points = [
      point({ id: 'holding', address: 3 }),
      point({ id: 'input', table: 'input', address: 4, type: 'int16' }),
      point({ id: 'coil', table: 'coil', address: 5 }),
      point({ id: 'discrete', table: 'discrete', address: 6 }),
      ...registers(199, 200),
    ];
    const port = new RecordingPort();
    running = modbusDriver({
      links: [{ id: 'bus', type: 'modbus-rtu', path: near }],
      devices: [
        quick(device('d1', model(points, { serial })), 100),
        quick(device('gone', model(registers(0, 0), { serial, timeoutMs: 200 }), 7), 100),
      ],
      port,
      limits: QUICK,
    });
    await running.start();
    await until(() => points.every((p) => port.last(p.id)) && port.state('gone') === 'offline timeout', {
      ms: 20_000,
      what: () => `every point was read and the dead slave is offline; ${JSON.stringify(port.logged.slice(-3))}`,
    });
    expect(['holding', 'input', 'coil', 'discrete'].map((id) => port.last(id)?.value)).toEqual([1234, -2, 1, 1]);
    expect(port.last('r200')).toMatchObject({ quality: 'bad', reason: 'exception-02' });
    expect(port.state('d1')).toBe('online');
    await server.set(1, 'holding', 3, [4321]);
    await until(() => port.last('holding')?.value === 4321, { what: 'the change was read' });
  });

  test('a line that is pulled is offline, and is read again when it is back', async () => {
    const dir = tempDir('serial');
    const { near, far, cut } = await lines(dir);
    const server = await startPymodbus({ framing: 'serial', path: far, units: [1] });
    const port = new RecordingPort();
    const link: ModbusLink = { id: 'bus', type: 'modbus-rtu', path: near, ...serial };
    const d1 = quick(device('d1', model(registers(0, 0), { timeoutMs: 300 })), 100);
    running = modbusDriver({ links: [link], devices: [d1], port, limits: QUICK });
    await running.start();
    await until(() => port.state() === 'online', { what: 'online' });
    await cut();
    await until(() => port.state() === 'offline link-down', { what: 'offline' });
    expect(port.links.at(-1)).toEqual({ link: 'bus', reason: 'link-down' });
    await server.stop();

    // The same names again, as udev gives an adapter that is plugged in once more.
    await lines(dir);
    const back = await startPymodbus({ framing: 'serial', path: far, units: [1] });
    await back.set(1, 'holding', 0, [9]);
    await until(() => port.state() === 'online' && port.last('r0')?.value === 9, { what: 'read again', ms: 20_000 });
  });
});

test('a serial port that does not exist is a link that is down, in words that name it', async () => {
  const port = new RecordingPort();
  const link: ModbusLink = { id: 'bus', type: 'modbus-rtu', path: '/dev/no-such-port', ...serial };
  running = modbusDriver({ links: [link], devices: [device('d1', model(registers(0, 0)))], port, limits: QUICK });
  await running.start();
  await until(() => port.state() === 'offline link-down', { what: 'offline' });
  expect(JSON.stringify(port.logged)).toContain('/dev/no-such-port');
});

test('a serial link whose line settings nobody gives is refused by name', () => {
  const link: ModbusLink = { id: 'bus-7', type: 'modbus-rtu', path: '/dev/ttyUSB0' };
  const devices = [device('d1', model(registers(0, 0)), 1, 'bus-7')];
  expect(() => modbusDriver({ links: [link], devices, port: new RecordingPort() })).toThrow(
    'link bus-7: baud, parity and stopBits are needed',
  );
});

test('without the optional package serialport a serial link is down and says what to install', async () => {
  // A process of its own, in which the package can't be found, as after an install without optional packages.
  const script = `
    import Module from 'node:module';
    const find = Module._resolveFilename;
    Module._resolveFilename = function (name, ...rest) {
      if (name === 'serialport')
        throw Object.assign(new Error("Cannot find module 'serialport'"), { code: 'MODULE_NOT_FOUND' });
      return find.call(this, name, ...rest);
    };
    const { SerialTransport } = await import('./gateway/modbus/serial-transport.ts');
    new SerialTransport({ path: '/dev/ttyS99', baud: 9600, parity: 'none', stopBits: 1 }).connect({
      connected: () => console.log('connected'),
      lost: (reason, victims, why) => console.log(reason, why),
    });`;
  const { stdout } = await runToEnd(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script]);
  expect(stdout.trim()).toBe(`link-down /dev/ttyS99: ${SERIALPORT_MISSING}`);
});
