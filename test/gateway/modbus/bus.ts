// What link tests share: a link with waits short enough for a test, and a way to ask it one read.
import { onTestFinished } from 'vitest';
import type { Priority } from '../../../gateway/modbus/bus-queue.ts';
import { TcpFramer } from '../../../gateway/modbus/framer.ts';
import { MODBUS_LIMITS, type ModbusLimits } from '../../../gateway/modbus/limits.ts';
import { Link, type LinkEvents, type Ticket } from '../../../gateway/modbus/link.ts';
import { RtuFramer } from '../../../gateway/modbus/rtu-framer.ts';
import { TcpTransport } from '../../../gateway/modbus/tcp-transport.ts';
import {
  startMisbehaving,
  type Behaviour,
  type MisbehavingServer,
} from '../../helpers/modbus-servers/misbehaving-server.ts';
import { until, within } from '../../helpers/wait.ts';
import { realClock } from './site.ts';

export interface Settings {
  readonly limits?: Partial<ModbusLimits>;
  readonly maxInFlight?: number;
  readonly requestGapMs?: number;
  readonly settleMs?: number;
  readonly framing?: 'tcp' | 'rtu';
}

/** Waits short enough for a test; the ratios are those of the defaults. */
export const QUICK: ModbusLimits = {
  ...MODBUS_LIMITS,
  resetPauseMs: 5,
  backoffMinMs: 10,
  backoffMaxMs: 40,
  downAfterMs: 200,
  busyRetryMs: 2,
  breakerProbeMinMs: 60,
  breakerProbeMaxMs: 240,
};

export interface Told {
  readonly link: Link;
  readonly events: string[];
  readonly notes: string[];
}

/** A started link, stopped when the test is over. */
export function makeLink(port: number, settings: Settings = {}): Told {
  const events: string[] = [];
  const notes: string[] = [];
  const limits = { ...QUICK, ...settings.limits };
  const rtu = settings.framing === 'rtu';
  const transport = new TcpTransport<Ticket>({
    host: '127.0.0.1',
    port,
    framer: rtu ? new RtuFramer<Ticket>() : new TcpFramer<Ticket>(limits.lateIdsMax),
    maxInFlight: rtu ? 1 : (settings.maxInFlight ?? 1),
    clock: realClock,
    limits,
  });
  const heard: LinkEvents = {
    ready: () => events.push('ready'),
    up: () => events.push('up'),
    down: (reason) => events.push(`down ${reason}`),
    slaveLost: (unit, reason) => events.push(`lost ${unit} ${reason}`),
    slaveBack: (unit) => events.push(`back ${unit}`),
  };
  const link = new Link({
    name: 'test',
    transport,
    clock: realClock,
    limits,
    settleMs: settings.settleMs ?? 0,
    requestGapMs: settings.requestGapMs ?? 0,
    events: heard,
    random: () => 0,
    note: (context, message) => notes.push(`${message} ${JSON.stringify(context)}`),
  });
  onTestFinished(() => link.stop());
  link.start();
  return { link, events, notes };
}

export interface Want {
  readonly unit?: number;
  readonly address?: number;
  readonly count?: number;
  readonly timeoutMs?: number;
  readonly priority?: Priority;
}

/** Submits until the link takes it, again after an interruption, as its owner would; gives the registers or the reason. */
export async function ask(link: Link, want: Want = {}): Promise<number[] | string> {
  const { unit = 1, address = 0, count = 2, timeoutMs = 5_000, priority = 1 } = want;
  let settle: (outcome: number[] | string | undefined) => void = () => undefined;
  const ticket: Ticket = {
    unit,
    table: 'holding',
    address,
    count,
    priority,
    timeoutMs,
    attempts: 0,
    done: (data) => settle(Array.from({ length: count }, (_, k) => data.readUInt16BE(k * 2))),
    failed: (reason) => settle(reason),
    interrupted: () => settle(undefined),
  };
  for (;;) {
    const heard = new Promise<number[] | string | undefined>((resolve) => (settle = resolve));
    const submitted = link.submit(ticket);
    if (submitted === 'breaker-open' || submitted === 'link-down') return submitted;
    if (submitted !== 'queued') {
      await until(() => link.state.name === 'ready', { what: 'the link is ready', everyMs: 1 });
      continue;
    }
    const outcome = await within(heard, { what: `unit ${unit} address ${address} is settled` });
    if (outcome !== undefined) return outcome;
  }
}

export const behaveOnce =
  (first: Behaviour): Behaviour =>
  (asked, server) =>
    asked.nth === 0 ? first(asked, server) : server.answer(asked);

export const server = (behave?: Behaviour, framing: 'tcp' | 'rtu' = 'tcp'): Promise<MisbehavingServer> =>
  startMisbehaving(behave, framing);

export const makeTicket = (): Ticket => ({
  unit: 1,
  table: 'holding',
  address: 0,
  count: 1,
  priority: 1,
  timeoutMs: 100,
  attempts: 0,
  done: () => undefined,
  failed: () => undefined,
  interrupted: () => undefined,
});
