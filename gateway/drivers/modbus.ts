// The Modbus driver: links, the devices on them, and when each is asked. Reads only; hands readings to the port.
import type { Reason } from '../../device-profiles/contract/point.ts';
import type { DeviceModel, ModbusSection } from '../../device-profiles/contract/profile.ts';
import type { Priority } from '../modbus/bus-queue.ts';
import { DevicePoll } from '../modbus/device-poll.ts';
import { TcpFramer } from '../modbus/framer.ts';
import { MODBUS_LIMITS, type ModbusLimits } from '../modbus/limits.ts';
import type { ModbusMemory } from '../modbus/memory.ts';
import { Link, type LinkEvents, type Ticket } from '../modbus/link.ts';
import type { ReadPlan } from '../modbus/plan-reads.ts';
import { plansOf, type Cycle, type PollCounters } from '../modbus/poll-cycle.ts';
import { PollSchedule } from '../modbus/poll-schedule.ts';
import type { ReadRequest } from '../modbus/request.ts';
import { RtuFramer } from '../modbus/rtu-framer.ts';
import { SerialTransport, type SerialSettings } from '../modbus/serial-transport.ts';
import { TcpTransport } from '../modbus/tcp-transport.ts';
import type { Transport } from '../modbus/transport.ts';
import type { Driver, DriverPort, GatewayClock, SiteDevice } from './driver.ts';

/** A link of the site file. Serial settings that it leaves out come from the profiles of its devices. */
export type ModbusLink =
  | {
      readonly id: string;
      readonly type: 'modbus-tcp' | 'modbus-rtu-tcp';
      readonly host: string;
      readonly port: number;
    }
  | ({ readonly id: string; readonly type: 'modbus-rtu'; readonly path: string } & Partial<
      Omit<SerialSettings, 'path'>
    >);
/** A line that the device opens: what stands behind it is handed in as a transport. */
export interface CalledBus {
  readonly id: string;
  readonly type: 'modbus-dtu';
  readonly framing: 'rtu' | 'tcp';
}

export interface ModbusDriverOptions {
  readonly links: readonly (ModbusLink | CalledBus)[];
  /** By link id: the lines that devices open. */
  readonly lines?: ReadonlyMap<string, Transport<Ticket>>;
  /** Devices of these links; others are left alone. */
  readonly devices: readonly SiteDevice[];
  readonly port: DriverPort;
  readonly limits?: Partial<ModbusLimits>;
  /** Keeps what is learned of devices; without it that is for this run alone. */
  readonly memory?: ModbusMemory;
  /** In [0, 1): jitter of reconnects. */
  readonly random?: () => number;
  /** Told of every lost connection; the log by default. */
  readonly note?: (context: object, message: string) => void;
}

/** Unit of a device whose site entry and profile name none. */
const DEFAULT_UNIT = 1;

/** One bus: the links of the site that share its address, and everything on it. */
interface Bus {
  readonly ids: readonly string[];
  readonly link: Link;
  readonly polls: DevicePoll[];
  readonly counters: PollCounters;
}

interface Job {
  readonly poll: DevicePoll;
  readonly cycle: Cycle;
}

/** @throws Error naming the link or device whose settings make no sense. Does nothing until started. */
export function modbusDriver(options: ModbusDriverOptions): Driver {
  return new ModbusDriver(options);
}

class ModbusDriver implements Driver {
  readonly #port: DriverPort;
  readonly #limits: ModbusLimits;
  readonly #buses: readonly Bus[];
  readonly #schedule = new PollSchedule<Job>();
  readonly #jobs: Job[] = [];
  readonly #plans = new Map<DeviceModel, ReadonlyMap<Priority, ReadPlan>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ModbusDriverOptions) {
    this.#port = options.port;
    this.#limits = { ...MODBUS_LIMITS, ...options.limits };
    const byAddress = new Map<string, (ModbusLink | CalledBus)[]>();
    for (const link of options.links)
      byAddress.set(busAddress(link), [...(byAddress.get(busAddress(link)) ?? []), link]);
    this.#buses = [...byAddress.values()].flatMap((links) => this.#bus(links, options) ?? []);
  }

  async start(): Promise<void> {
    const now = this.#port.clock.monotonic();
    for (const job of this.#jobs) this.#schedule.add(job, job.cycle.intervalMs, now);
    for (const bus of this.#buses) bus.link.start();
    this.#arm();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const bus of this.#buses) bus.link.stop();
  }

  counters(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    const all: Record<string, Record<string, number>> = {};
    for (const bus of this.#buses)
      for (const id of bus.ids) all[id] = { ...bus.link.counters, ...bus.counters, waiting: bus.link.waiting };
    return all;
  }

  #bus(links: readonly (ModbusLink | CalledBus)[], options: ModbusDriverOptions): Bus | undefined {
    const ids = links.map((l) => l.id);
    const devices = options.devices.filter((d) => ids.includes(d.link));
    const [first] = links;
    if (!first || devices.length === 0) return undefined;
    const sections = devices.flatMap((d) => d.model.modbus ?? []);
    const polls: DevicePoll[] = [];
    const counters: PollCounters = { overruns: 0, missed: 0, polls: 0, dropped: 0, notKept: 0, holes: 0 };
    const connectDelayMs = Math.max(0, ...sections.map((s) => s.connectDelayMs ?? 0));
    const link = new Link({
      name: ids.join(','),
      transport: this.#transport(first, sections, options),
      clock: this.#port.clock,
      limits: this.#limits,
      settleMs: mayHoldAnswers(first) ? Math.max(connectDelayMs, this.#limits.rtuQuietMs) : connectDelayMs,
      requestGapMs: Math.max(0, ...sections.map((s) => s.requestGapMs ?? 0)),
      events: this.#linkEvents(ids, polls),
      random: options.random ?? Math.random,
      note: options.note ?? ((context, message) => this.#port.log.warn(context, message)),
    });
    const { memory } = options;
    for (const device of devices) polls.push(this.#poll(device, link, { counters, ...(memory ? { memory } : {}) }));
    return { ids, link, polls, counters };
  }

  #transport(
    link: ModbusLink | CalledBus,
    sections: readonly ModbusSection[],
    { lines }: ModbusDriverOptions,
  ): Transport<Ticket> {
    if (link.type !== 'modbus-dtu') return busTransport<Ticket>(link, sections, this.#port.clock, this.#limits);
    const line = lines?.get(link.id);
    if (!line) throw new Error(`link ${link.id}: there is no listener for it`);
    return line;
  }

  #poll(
    device: SiteDevice,
    link: Link,
    shared: { readonly counters: PollCounters; readonly memory?: ModbusMemory },
  ): DevicePoll {
    const { model } = device;
    const plans = this.#plans.get(model) ?? plansOf(model);
    this.#plans.set(model, plans);
    const poll = new DevicePoll({
      device,
      unit: device.unit ?? model.modbus?.serial?.unit ?? DEFAULT_UNIT,
      link,
      port: this.#port,
      limits: this.#limits,
      ...shared,
      timeoutMs: model.modbus?.timeoutMs ?? this.#limits.timeoutMs,
      plans,
    });
    for (const cycle of poll.cycles) this.#jobs.push({ poll, cycle });
    return poll;
  }

  #linkEvents(ids: readonly string[], polls: readonly DevicePoll[]): LinkEvents {
    const tell = (reason: Reason | ''): void => ids.forEach((id) => this.#port.link(id, reason));
    return {
      ready: () => polls.forEach((p) => p.pollAll()),
      up: () => tell(''),
      down: (reason) => {
        tell(reason);
        polls.forEach((p) => p.lost(reason));
      },
      slaveLost: (unit, reason) => polls.forEach((p) => p.unit === unit && p.lost(reason)),
      slaveBack: (unit) => polls.forEach((p) => p.unit === unit && p.pollAll()),
    };
  }

  #arm(): void {
    const next = this.#schedule.next();
    if (next === undefined) return;
    const inMs = Math.max(this.#limits.tickMs, Math.ceil(next - this.#port.clock.monotonic()));
    this.#timer = setTimeout(() => this.#run(), inMs);
  }

  #run(): void {
    this.#schedule.runDue(this.#port.clock.monotonic(), ({ poll, cycle }, missed) => {
      poll.missed(missed);
      poll.poll(cycle);
    });
    this.#arm();
  }
}

/**
 * The connection of a bus, not opened yet.
 * @throws Error when neither the link nor a profile says how a serial line is set
 */
export function busTransport<T extends ReadRequest>(
  link: ModbusLink,
  sections: readonly ModbusSection[],
  clock: GatewayClock,
  limits: ModbusLimits,
): Transport<T> {
  if (link.type === 'modbus-rtu') return new SerialTransport(serialSettings(link, sections));
  const { host, port } = link;
  const common = { host, port, clock, limits };
  if (link.type === 'modbus-rtu-tcp') return new TcpTransport({ ...common, framer: new RtuFramer(), maxInFlight: 1 });
  // The most careful device of a bus decides for all of it.
  const maxInFlight = sections.length === 0 ? 1 : Math.min(...sections.map((s) => s.maxInFlight ?? 1));
  return new TcpTransport({ ...common, framer: new TcpFramer(limits.lateIdsMax), maxInFlight });
}

/** A box in between may still say what was asked on another connection, and RTU frames have no ids to tell it by. */
const mayHoldAnswers = (link: ModbusLink | CalledBus): boolean =>
  link.type === 'modbus-rtu-tcp' || (link.type === 'modbus-dtu' && link.framing === 'rtu');

/** Links of one address are one bus. */
export function busAddress(link: ModbusLink | CalledBus): string {
  if (link.type === 'modbus-dtu') return `${link.type} ${link.id}`;
  return link.type === 'modbus-rtu' ? `serial ${link.path}` : `${link.type} ${link.host}:${link.port}`;
}

/** @throws Error when neither the link nor a profile says how the line is set */
function serialSettings(
  link: Extract<ModbusLink, { type: 'modbus-rtu' }>,
  sections: readonly ModbusSection[],
): SerialSettings {
  const profile = sections.find((s) => s.serial)?.serial;
  const baud = link.baud ?? profile?.baud;
  const parity = link.parity ?? profile?.parity;
  const stopBits = link.stopBits ?? profile?.stopBits;
  if (baud === undefined || parity === undefined || stopBits === undefined)
    throw new Error(`link ${link.id}: baud, parity and stopBits are needed, and no profile of its devices has them`);
  return { path: link.path, baud, parity, stopBits };
}
