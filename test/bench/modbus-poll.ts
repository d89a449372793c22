// What polling Modbus costs: a thousand devices each second, and one link as fast as it goes against a bare socket.
import { connect } from 'node:net';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import type { DriverPort } from '../../gateway/drivers/driver.ts';
import { modbusDriver } from '../../gateway/drivers/modbus.ts';
import { TcpFramer } from '../../gateway/modbus/framer.ts';
import { MODBUS_LIMITS } from '../../gateway/modbus/limits.ts';
import { Link, type Ticket } from '../../gateway/modbus/link.ts';
import { TcpTransport } from '../../gateway/modbus/tcp-transport.ts';
import { device, model, realClock, registers } from '../gateway/modbus/site.ts';
import { cleanUp } from '../helpers/cleanup.ts';
import { startNode } from '../helpers/processes.ts';
import { until } from '../helpers/wait.ts';

const SERVER = 'test/helpers/modbus-servers/fast-server.ts';
const print = (line: Record<string, unknown>): void => console.log(JSON.stringify({ bench: 'modbus-poll', ...line }));
const round = (x: number, digits = 2): number => Number(x.toFixed(digits));

/** Counts and keeps nothing: what the rest of the gateway costs is measured elsewhere. */
function countingPort(): DriverPort & { readonly counts: { readings: number; fresh: number } } {
  const counts = { readings: 0, fresh: 0 };
  const quiet = (): void => undefined;
  return {
    counts,
    accept: async (_device, readings) => void (counts.readings += readings.length),
    online: async () => undefined,
    replace: async () => undefined,
    fresh: (_device, points) => void (counts.fresh += points.length),
    link: quiet,
    clock: realClock,
    log: { info: quiet, warn: quiet, error: quiet, debug: quiet },
  };
}

interface PollCase {
  readonly devices: number;
  readonly links: number;
  /** Share of all registers that changes each second. */
  readonly share: number;
  readonly seconds: number;
}

async function pollCase({ devices, links, share, seconds }: PollCase): Promise<void> {
  const server = await startNode(SERVER, [JSON.stringify({ ports: links, changeMs: 1_000, share })]);
  const { ports } = server.ready as { ports: number[] };
  const deviceModel = model(registers(0, 99));
  const port = countingPort();
  const driver = modbusDriver({
    port,
    links: ports.map((p, i) => ({ id: `l${i}`, type: 'modbus-tcp', host: '127.0.0.1', port: p })),
    devices: Array.from({ length: devices }, (_, i) =>
      device(`d${i}`, deviceModel, 1 + Math.floor(i / links), `l${i % links}`),
    ),
  });
  await driver.start();
  await until(() => port.counts.readings >= devices * 100, { ms: 30_000, what: 'every device was read once' });
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const sum = (name: string): number =>
    Object.values(driver.counters?.() ?? {}).reduce((n, c) => n + (c[name] ?? 0), 0);
  const before = { ...port.counts };
  const replies = sum('replies');
  const cpu = process.cpuUsage();
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const used = process.cpuUsage(cpu);
  const s = (performance.now() - start) / 1_000;
  print({
    case: 'devices x 100 registers each second',
    devices,
    links,
    changingPerSecond: share,
    cores: round((used.user + used.system) / 1e6 / s, 3),
    rssMb: round(process.memoryUsage.rss() / 2 ** 20, 0),
    registersPerSecond: round(((sum('replies') - replies) * 100) / s, 0),
    readingsPerSecond: round((port.counts.readings - before.readings) / s, 0),
    overruns: sum('overruns'),
    missed: sum('missed'),
    failures: sum('failures'),
  });
  await driver.stop();
  await server.stop();
}

/** Requests a second of a bare socket that does nothing but count whole replies. */
async function rawLoop(port: number, count: number, inFlight: number, ms: number): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const reply = 9 + count * 2;
  let id = 0;
  let bytes = 0;
  let replies = 0;
  const ask = (): void => {
    const request = Buffer.allocUnsafe(12);
    request.writeUInt16BE(id++ & 0xffff, 0);
    request.writeUInt32BE(6, 2);
    request.writeUInt16BE(0x0103, 6);
    request.writeUInt16BE(0, 8);
    request.writeUInt16BE(count, 10);
    socket.write(request);
  };
  socket.on('data', (chunk) => {
    for (bytes += chunk.length; bytes >= reply; bytes -= reply) {
      replies++;
      ask();
    }
  });
  const start = performance.now();
  for (let n = 0; n < inFlight; n++) ask();
  await new Promise((resolve) => setTimeout(resolve, ms));
  const rate = replies / ((performance.now() - start) / 1_000);
  socket.destroy();
  return rate;
}

/** The same reads through a link: framing, deadlines, queue, breaker. */
async function linkLoop(port: number, count: number, inFlight: number, ms: number): Promise<number> {
  let replies = 0;
  const quiet = (): void => undefined;
  const link: Link = new Link({
    name: 'bench',
    transport: new TcpTransport<Ticket>({
      host: '127.0.0.1',
      port,
      framer: new TcpFramer<Ticket>(MODBUS_LIMITS.lateIdsMax),
      maxInFlight: inFlight,
      clock: realClock,
      limits: MODBUS_LIMITS,
    }),
    clock: realClock,
    limits: MODBUS_LIMITS,
    settleMs: 0,
    requestGapMs: 0,
    random: () => 0,
    note: quiet,
    events: {
      ready: () => tickets.forEach((t) => link.submit(t)),
      up: quiet,
      down: quiet,
      slaveLost: quiet,
      slaveBack: quiet,
    },
  });
  const kept = Buffer.alloc(count * 2);
  const tickets = Array.from({ length: inFlight }, (): Ticket => {
    const ticket: Ticket = {
      unit: 1,
      table: 'holding',
      address: 0,
      count,
      priority: 1,
      timeoutMs: 1_000,
      attempts: 0,
      done: (data) => {
        replies++;
        if (!kept.equals(data)) data.copy(kept);
        link.submit(ticket);
      },
      failed: quiet,
      interrupted: quiet,
    };
    return ticket;
  });
  link.start();
  await until(() => replies > 0, { what: 'the link answers' });
  const before = replies;
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, ms));
  const rate = (replies - before) / ((performance.now() - start) / 1_000);
  link.stop();
  return rate;
}

async function linkCase(port: number, count: number, inFlight: number, rounds: number, ms: number): Promise<void> {
  const raw: number[] = [];
  const ours: number[] = [];
  // In turns, so that what else runs on the machine meets both.
  for (let n = 0; n < rounds; n++) {
    raw.push(await rawLoop(port, count, inFlight, ms));
    ours.push(await linkLoop(port, count, inFlight, ms));
  }
  const median = (list: number[]): number => list.sort((a, b) => a - b)[list.length >> 1] ?? 0;
  print({
    case: 'requests a second on one link',
    registers: count,
    inFlight,
    link: round(median(ours), 0),
    rawSocket: round(median(raw), 0),
    ratio: round(median(ours) / median(raw)),
  });
}

/** `quick`: a few seconds, for a look; else the sizes that the README's numbers come from. */
export async function main({ quick = false } = {}): Promise<void> {
  const seconds = quick ? 3 : 15;
  for (const share of [0, 0.1, 1]) await pollCase({ devices: 1_000, links: 1_000, share, seconds });
  for (const devices of [10, 100, 1_000])
    await pollCase({ devices, links: Math.ceil(devices / 10), share: 0.1, seconds });
  const server = await startNode(SERVER, [JSON.stringify({ ports: 1, changeMs: 0, share: 0 })]);
  const [port = 0] = (server.ready as { ports: number[] }).ports;
  for (const [count, inFlight] of [
    [10, 1],
    [100, 1],
    [100, 8],
  ] as const)
    await linkCase(port, count, inFlight, quick ? 3 : 7, quick ? 500 : 2_000);
  await server.stop();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await main({ quick: process.argv.includes('--quick') });
  } finally {
    await cleanUp();
  }
}
