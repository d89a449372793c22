// Between the drivers and the spool: what is worth reporting is given its place in the order and put into its lane, and
// a driver that must answer its device hears when that is on disk.
import { LANES, type Lane, type Reason } from '../device-profiles/contract/point.ts';
import type { Sample } from '../device-profiles/contract/wire.ts';
import type { DriverPort, GatewayClock, Logger, Reading, SiteDevice } from './drivers/driver.ts';
import { ReportTable, type Reports } from './report.ts';
import type { Group, Spool } from './spool.ts';

/** How often points are looked at for silence and heartbeats, ms. */
export const SWEEP_MS = 1_000;

const DONE = Promise.resolve();

/** What was on its way from a device when the site changed: not kept, so that it is not acknowledged either. */
const gone = (device: SiteDevice): Promise<never> => {
  const refusal = Promise.reject(new Error(`device ${device.id} is not of this site any more`));
  refusal.catch(() => undefined);
  return refusal;
};

export class Intake implements DriverPort {
  readonly clock: GatewayClock;
  readonly log: Logger;
  #table: ReportTable;
  #replace: DriverPort['replace'] = () => Promise.reject(new Error('the devices of this site are fixed'));
  readonly #spool: Spool;
  /** The last group of each lane that a device's records joined. */
  readonly #waiting = new Map<SiteDevice, Partial<Record<Lane, Group | undefined>>>();
  readonly #links = new Map<string, Reason | ''>();
  readonly #listeners = new Set<(samples: readonly Sample[]) => void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: {
    devices: readonly SiteDevice[];
    links: readonly string[];
    spool: Spool;
    clock: GatewayClock;
    log: Logger;
  }) {
    this.clock = parts.clock;
    this.log = parts.log;
    this.#spool = parts.spool;
    this.#table = new ReportTable(parts.devices, () => parts.spool.nextN());
    for (const link of parts.links) this.#links.set(link, 'not-yet-read');
    parts.spool.onRefused(() => this.table.repeatAll());
  }

  /** What is known and was told of every point in force. Another one after `reshape`. */
  get table(): ReportTable {
    return this.#table;
  }

  /** Who puts another device into the site. */
  replacing(replace: DriverPort['replace']): void {
    this.#replace = replace;
  }

  replace(before: SiteDevice, after: SiteDevice): Promise<void> {
    return this.#replace(before, after);
  }

  /** These are the devices from now on; of points that were there before, what was known stays known. */
  reshape(devices: readonly SiteDevice[]): void {
    const table = new ReportTable(devices, () => this.#spool.nextN());
    table.adopt(this.#table);
    this.#table = table;
    for (const device of this.#waiting.keys()) if (!devices.includes(device)) this.#waiting.delete(device);
  }

  /** These are the links from now on. */
  relink(links: readonly string[]): void {
    for (const link of this.#links.keys()) if (!links.includes(link)) this.#links.delete(link);
    for (const link of links) if (!this.#links.has(link)) this.#links.set(link, 'not-yet-read');
  }

  start(): void {
    this.#timer = setInterval(() => this.sweep(), SWEEP_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Reports what fell silent and what is due; called by the timer. */
  sweep(): void {
    const reports = this.table.sweep({ wall: this.clock.now(), mono: this.clock.monotonic() });
    for (const lane of LANES) this.#append(lane, reports[lane]);
  }

  accept(device: SiteDevice, readings: readonly Reading[], receivedTime: number): Promise<void> {
    if (!this.#table.has(device)) return gone(device);
    return this.#keep(device, this.table.take(device, readings, receivedTime, this.clock.monotonic()));
  }

  fresh(device: SiteDevice, points: ArrayLike<number>, receivedTime: number): void {
    if (!this.#table.has(device)) return;
    const reports = this.table.fresh(device, points, receivedTime, this.clock.monotonic());
    if (reports) void this.#keep(device, reports).catch(() => undefined);
  }

  online(device: SiteDevice, online: boolean, reason: Reason): Promise<void> {
    if (!this.#table.has(device)) return gone(device);
    const at = { wall: this.clock.now(), mono: this.clock.monotonic() };
    return this.#keep(device, this.table.online(device, online, reason, at));
  }

  /** The wall clock was set by so many ms, + is forward: told before anything on the new time is reported. */
  clockJumped(ms: number): void {
    this.table.clockJumped(ms);
    void this.#spool.clockJumped(ms);
  }

  link(link: string, reason: Reason | ''): void {
    const before = this.#links.get(link);
    // A link that is of the site no longer may still say that it ended.
    if (before === undefined || before === reason) return;
    this.#links.set(link, reason);
    if (reason && reason !== 'not-yet-read') this.log.warn({ link, reason }, 'link is not well');
    else this.log.info({ link }, 'link is well');
  }

  /** State of every link: '' is well. */
  links(): Record<string, string> {
    return Object.fromEntries(this.#links);
  }

  /** Calls back with every sample reported from now on. @returns how to stop that */
  onSamples(listener: (samples: readonly Sample[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Also waits for what an earlier call of the device put in: a message that is delivered again, and so changes nothing,
   * must not be answered before the first delivery is on disk.
   */
  #keep(device: SiteDevice, reports: Reports): Promise<void> {
    let waiting = this.#waiting.get(device);
    if (!waiting) this.#waiting.set(device, (waiting = {}));
    const open: Promise<void>[] = [];
    for (const lane of LANES) {
      const group = this.#append(lane, reports[lane]) ?? waiting[lane];
      if (!group || group.settled) {
        if (group && reports[lane].length > 0) open.push(group.done);
        waiting[lane] = undefined;
        continue;
      }
      waiting[lane] = group;
      open.push(group.done);
    }
    if (open.length === 0) return DONE;
    const all = open.length === 1 && open[0] ? open[0] : Promise.all(open).then(() => undefined);
    // Polled drivers do not listen; the refusal is heard through `onRefused` and the next reading repeats the value.
    all.catch(() => undefined);
    return all;
  }

  #append(lane: Lane, samples: readonly Sample[]): Group | undefined {
    if (samples.length === 0) return undefined;
    const group = this.#spool.append(lane, samples);
    for (const listener of this.#listeners) listener(samples);
    return group;
  }
}
