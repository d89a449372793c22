// What is worth reporting: holds the last known and the last reported state of every point of the gateway and turns
// readings into samples. Pure: times and sequence numbers are handed in. Columns instead of objects, because a site has
// 100,000 points and a poll touches most of them without changing one.
import { ONLINE_POINT, type ModelPoint } from '../device-profiles/contract/profile.ts';
import {
  QUALITIES,
  REASONS,
  type Lane,
  type Quality,
  type Reason,
  type Value,
} from '../device-profiles/contract/point.ts';
import { WIRE_LIMITS, type Sample } from '../device-profiles/contract/wire.ts';
import type { Reading, SiteDevice } from './drivers/driver.ts';

export const REPORT_LIMITS = {
  /** A point that is heard and does not change is reported this often, ms (DESIGN 5). */
  heartbeatMs: 60_000,
  /** Silence of this many expected intervals makes a point stale … */
  staleIntervals: 3,
  /** … but no sooner than this, ms: a slow bus that is late by a poll or two is not silence. */
  staleFloorMs: 5_000,
} as const;

/** How often a point of a device is to be heard, ms. */
export const expectedMs = ({ model: { mqtt }, pollMs }: SiteDevice, point: ModelPoint): number =>
  mqtt && !point.modbus ? mqtt.expectEveryS * 1_000 : pollMs[point.poll];

/** When a call happens: wall clock and monotonic, ms. */
export interface Moment {
  readonly wall: number;
  readonly mono: number;
}

export type Reports = Record<Lane, Sample[]>;

const QUALITY = new Map<Quality, number>(QUALITIES.map((q, i) => [q, i]));
const REASON = new Map<Reason, number>(REASONS.map((r, i) => [r, i]));
const GOOD = QUALITIES.indexOf('good');
const STALE = QUALITIES.indexOf('stale');
const NEVER = QUALITIES.indexOf('never');
const NOT_YET_READ = REASONS.indexOf('not-yet-read');
const SILENT = REASONS.indexOf('silent');
const DEVICE_OFFLINE = REASONS.indexOf('device-offline');
const KIND = { none: 0, number: 1, text: 2 } as const;

interface DeviceState {
  readonly device: SiteDevice;
  /** Index of its first point in the columns and on the wire. */
  readonly base: number;
  readonly count: number;
  /** Index of its `online` point, −1 where the model has none. */
  readonly onlineIndex: number;
  online: boolean | undefined;
}

/** One set of columns: values, and how far they may be believed. */
class StateColumns {
  readonly kind: Uint8Array;
  readonly num: Float64Array;
  readonly text = new Map<number, string>();
  readonly quality: Uint8Array;
  readonly reason: Uint8Array;
  readonly source: Float64Array;
  readonly received: Float64Array;
  readonly sourceClock: Uint8Array;

  constructor(size: number) {
    this.kind = new Uint8Array(size);
    this.num = new Float64Array(size);
    this.quality = new Uint8Array(size).fill(NEVER);
    this.reason = new Uint8Array(size).fill(NOT_YET_READ);
    this.source = new Float64Array(size);
    this.received = new Float64Array(size);
    this.sourceClock = new Uint8Array(size);
  }

  set(i: number, value: Value): void {
    if (typeof value === 'number' && Number.isFinite(value)) {
      this.kind[i] = KIND.number;
      this.num[i] = value;
    } else if (typeof value === 'string') {
      this.kind[i] = KIND.text;
      this.text.set(i, value.slice(0, WIRE_LIMITS.textBytes));
    } else this.kind[i] = KIND.none;
  }

  value(i: number): Value {
    if (this.kind[i] === KIND.number) return this.num[i] ?? null;
    return this.kind[i] === KIND.text ? (this.text.get(i) ?? null) : null;
  }

  /** Moves the times that are the gateway's own; none gets before 1970, which the wire has no words for. */
  shift(ms: number): void {
    for (let i = 0; i < this.quality.length; i++) {
      if (this.quality[i] === NEVER) continue;
      this.received[i] = Math.max(0, (this.received[i] ?? 0) + ms);
      if (this.sourceClock[i] === 0) this.source[i] = Math.max(0, (this.source[i] ?? 0) + ms);
    }
  }

  copyFrom(from: StateColumns, i: number, j = i): void {
    this.kind[i] = from.kind[j] ?? 0;
    this.num[i] = from.num[j] ?? 0;
    const text = from.kind[j] === KIND.text ? from.text.get(j) : undefined;
    if (text !== undefined) this.text.set(i, text);
    this.quality[i] = from.quality[j] ?? NEVER;
    this.reason[i] = from.reason[j] ?? NOT_YET_READ;
    this.source[i] = from.source[j] ?? 0;
    this.received[i] = from.received[j] ?? 0;
    this.sourceClock[i] = from.sourceClock[j] ?? 0;
  }
}

export class ReportTable {
  readonly size: number;
  readonly #devices: DeviceState[] = [];
  readonly #byDevice = new Map<SiteDevice, DeviceState>();
  /** What was heard last, and what was reported last. */
  readonly #now: StateColumns;
  readonly #told: StateColumns;
  readonly #toldN: Float64Array;
  /** Monotonic times of the last hearing and the last report. */
  readonly #heardAt: Float64Array;
  readonly #toldAt: Float64Array;
  /** 1: the next reading is reported whatever it is. */
  readonly #due: Uint8Array;
  readonly #safety: Uint8Array;
  readonly #deadband: Float64Array;
  readonly #staleMs: Float64Array;
  readonly #nextN: () => number;

  constructor(devices: readonly SiteDevice[], nextN: () => number) {
    this.#nextN = nextN;
    const size = devices.reduce((sum, d) => sum + d.model.points.length, 0);
    this.size = size;
    this.#now = new StateColumns(size);
    this.#told = new StateColumns(size);
    this.#toldN = new Float64Array(size);
    this.#heardAt = new Float64Array(size);
    this.#toldAt = new Float64Array(size);
    this.#due = new Uint8Array(size).fill(1);
    this.#safety = new Uint8Array(size);
    this.#deadband = new Float64Array(size);
    this.#staleMs = new Float64Array(size);
    let base = 0;
    for (const device of devices) {
      this.#add(device, base);
      base += device.model.points.length;
    }
  }

  #add(device: SiteDevice, base: number): void {
    const { points } = device.model;
    const onlineAt = points.findIndex((p) => p.id === ONLINE_POINT);
    const state: DeviceState = {
      device,
      base,
      count: points.length,
      onlineIndex: onlineAt < 0 ? -1 : base + onlineAt,
      online: undefined,
    };
    this.#devices.push(state);
    this.#byDevice.set(device, state);
    points.forEach((point, k) => {
      this.#safety[base + k] = point.lane === 'safety' ? 1 : 0;
      this.#deadband[base + k] = point.deadband ?? 0;
      this.#staleMs[base + k] = Math.max(
        expectedMs(device, point) * REPORT_LIMITS.staleIntervals,
        REPORT_LIMITS.staleFloorMs,
      );
    });
  }

  /** Takes over what another table knows of the points that both have, by device and point; of the same type only. */
  adopt(other: ReportTable): void {
    const known = new Map(other.#devices.map((d) => [d.device.id, d]));
    for (const state of this.#devices) {
      const before = known.get(state.device.id);
      if (!before) continue;
      state.online = before.online;
      const places = new Map(before.device.model.points.map((p, k) => [`${p.type} ${p.id}`, before.base + k]));
      state.device.model.points.forEach((point, k) => {
        const at = places.get(`${point.type} ${point.id}`);
        if (at !== undefined) this.#adoptPoint(state.base + k, other, at);
      });
    }
  }

  #adoptPoint(i: number, other: ReportTable, at: number): void {
    this.#now.copyFrom(other.#now, i, at);
    this.#told.copyFrom(other.#told, i, at);
    this.#toldN[i] = other.#toldN[at] ?? 0;
    this.#heardAt[i] = other.#heardAt[at] ?? 0;
    this.#toldAt[i] = other.#toldAt[at] ?? 0;
    this.#due[i] = other.#due[at] ?? 1;
  }

  has(device: SiteDevice): boolean {
    return this.#byDevice.has(device);
  }

  /** Index of the device's first point on the wire. @throws Error for a device that is not of this site */
  base(device: SiteDevice): number {
    return this.#state(device).base;
  }

  /** Heard devices and those known not to be heard; the rest has not been tried yet. */
  counts(): { online: number; offline: number } {
    let online = 0;
    let offline = 0;
    for (const d of this.#devices)
      if (d.online === true) online++;
      else if (d.online === false) offline++;
    return { online, offline };
  }

  isOnline(device: SiteDevice): boolean | undefined {
    return this.#state(device).online;
  }

  /** Readings of one device. Only what must be told comes out. */
  take(device: SiteDevice, readings: readonly Reading[], receivedTime: number, mono: number): Reports {
    const state = this.#state(device);
    const out: Reports = { safety: [], telemetry: [] };
    for (const reading of readings) {
      if (reading.point < 0 || reading.point >= state.count) continue;
      const i = state.base + reading.point;
      if (reading.historical) {
        this.#emitHistorical(i, reading, receivedTime, out);
        continue;
      }
      this.#hear(i, reading, receivedTime, mono);
      // One record has told that the device is not heard; more of the same would only bury it.
      if (state.online === false && reading.quality !== 'good') continue;
      if (this.#mustTell(i)) this.#tell(i, mono, out);
    }
    return out;
  }

  /** Points read again without a change since the last `take`. */
  fresh(device: SiteDevice, points: ArrayLike<number>, receivedTime: number, mono: number): Reports | undefined {
    const state = this.#state(device);
    if (state.online === false) return undefined;
    let out: Reports | undefined;
    const { base } = state;
    for (let k = 0; k < points.length; k++) {
      const i = base + (points[k] ?? 0);
      this.#heardAt[i] = mono;
      this.#now.received[i] = receivedTime;
      if (this.#now.sourceClock[i] === 0) this.#now.source[i] = receivedTime;
      if (this.#due[i] === 1 && this.#now.quality[i] !== NEVER) {
        out ??= { safety: [], telemetry: [] };
        this.#tell(i, mono, out);
      }
    }
    return out;
  }

  /** The device is heard or not, and why not: one record, and only on a change of either. */
  online(device: SiteDevice, online: boolean, reason: Reason, at: Moment): Reports {
    const state = this.#state(device);
    const out: Reports = { safety: [], telemetry: [] };
    const i = state.onlineIndex;
    const why = online ? 0 : (REASON.get(reason) ?? 0);
    const isNews = state.online !== online;
    if (!isNews && (i < 0 || this.#now.reason[i] === why)) return out;
    state.online = online;
    if (!online && isNews)
      for (let k = state.base; k < state.base + state.count; k++) {
        // Told by the one record below: from here on each point is stale until it is read again.
        this.#told.quality[k] = this.#told.quality[k] === NEVER ? NEVER : STALE;
        this.#told.reason[k] = this.#told.quality[k] === NEVER ? NOT_YET_READ : DEVICE_OFFLINE;
        this.#due[k] = 1;
      }
    if (i < 0) return out;
    this.#now.set(i, online ? 1 : 0);
    this.#now.quality[i] = GOOD;
    this.#now.reason[i] = why;
    this.#now.source[i] = this.#now.received[i] = at.wall;
    this.#tell(i, at.mono, out);
    return out;
  }

  /** Once a second: points that fell silent, and heartbeats. */
  sweep(at: Moment): Reports {
    const out: Reports = { safety: [], telemetry: [] };
    for (const state of this.#devices) {
      this.#sweepOnline(state, at, out);
      if (state.online === false) continue;
      const end = state.base + state.count;
      for (let i = state.base; i < end; i++) if (i !== state.onlineIndex) this.#sweepPoint(i, at.mono, out);
    }
    return out;
  }

  #sweepOnline(state: DeviceState, at: Moment, out: Reports): void {
    const i = state.onlineIndex;
    if (i < 0 || state.online === undefined || at.mono - (this.#toldAt[i] ?? 0) < REPORT_LIMITS.heartbeatMs) return;
    // Whether the device is heard is our own knowledge, so it is always fresh.
    this.#now.source[i] = this.#now.received[i] = at.wall;
    this.#tell(i, at.mono, out);
  }

  #sweepPoint(i: number, mono: number, out: Reports): void {
    const heardAt = this.#heardAt[i] ?? 0;
    const toldGood = this.#told.quality[i] === GOOD;
    if (toldGood && this.#now.quality[i] === GOOD && mono - heardAt > (this.#staleMs[i] ?? Infinity)) {
      this.#tell(i, mono, out, STALE, SILENT);
      this.#due[i] = 1;
      return;
    }
    // Without a newer hearing there is no proof to tell of.
    const heardSince = this.#due[i] === 0 && this.#now.received[i] !== this.#told.received[i];
    if (heardSince && mono - (this.#toldAt[i] ?? 0) >= REPORT_LIMITS.heartbeatMs) this.#tell(i, mono, out);
  }

  /**
   * The wall clock was set by so many ms: when something was heard or told is known in the new time from now on. What
   * devices say about their own time stays, and so does the place in the order.
   */
  clockJumped(ms: number): void {
    for (const columns of [this.#now, this.#told]) columns.shift(ms);
  }

  /** Records that were told did not survive: every point is told again with its next reading. */
  repeatAll(): void {
    this.#due.fill(1);
    for (const state of this.#devices) if (state.onlineIndex >= 0) this.#toldAt[state.onlineIndex] = -Infinity;
  }

  /** The last reported state of a point. */
  told(i: number): Sample {
    return this.#sample(this.#told, i, this.#toldN[i] ?? 0);
  }

  /** The last reported state of all points. */
  snapshot(): Sample[] {
    return Array.from({ length: this.size }, (_, i) => this.told(i));
  }

  #state(device: SiteDevice): DeviceState {
    const state = this.#byDevice.get(device);
    if (!state) throw new Error(`device ${device.id} is not of this site`);
    return state;
  }

  #hear(i: number, r: Reading, receivedTime: number, mono: number): void {
    const now = this.#now;
    now.set(i, r.value);
    now.quality[i] = QUALITY.get(r.quality) ?? GOOD;
    now.reason[i] = REASON.get(r.reason) ?? 0;
    // What a driver hands on as the device's time has been found plausible (normalise.ts).
    now.source[i] = r.sourceTime ?? receivedTime;
    now.sourceClock[i] = r.sourceTime === undefined ? 0 : 1;
    now.received[i] = receivedTime;
    this.#heardAt[i] = mono;
  }

  #mustTell(i: number): boolean {
    const now = this.#now;
    const told = this.#told;
    if (this.#due[i] === 1 || now.quality[i] !== told.quality[i] || now.reason[i] !== told.reason[i]) return true;
    if (now.kind[i] !== told.kind[i]) return true;
    if (now.kind[i] === KIND.text) return now.text.get(i) !== told.text.get(i);
    if (now.kind[i] !== KIND.number) return false;
    const change = Math.abs((now.num[i] ?? 0) - (told.num[i] ?? 0));
    return change > 0 && change >= (this.#deadband[i] ?? 0);
  }

  #tell(i: number, mono: number, out: Reports, quality?: number, reason?: number): void {
    const first = this.#toldN[i] === 0;
    this.#told.copyFrom(this.#now, i);
    if (quality !== undefined) this.#told.quality[i] = quality;
    if (reason !== undefined) this.#told.reason[i] = reason;
    this.#toldN[i] = this.#nextN();
    // Points that are first told together would have their heartbeats together for ever: spread them over the interval.
    this.#toldAt[i] = first ? mono - ((i * 7_919) % REPORT_LIMITS.heartbeatMs) : mono;
    this.#due[i] = 0;
    this.#push(i, this.told(i), out);
  }

  #emitHistorical(i: number, r: Reading, receivedTime: number, out: Reports): void {
    this.#push(
      i,
      {
        i,
        value: typeof r.value === 'string' ? r.value.slice(0, WIRE_LIMITS.textBytes) : r.value,
        quality: r.quality,
        reason: r.reason,
        sourceTime: r.sourceTime ?? receivedTime,
        receivedTime,
        n: this.#nextN(),
        historical: true,
        sourceClock: r.sourceTime !== undefined,
      },
      out,
    );
  }

  #push(i: number, sample: Sample, out: Reports): void {
    (this.#safety[i] === 1 ? out.safety : out.telemetry).push(sample);
  }

  #sample(from: StateColumns, i: number, n: number): Sample {
    return {
      i,
      value: from.value(i),
      quality: QUALITIES[from.quality[i] ?? NEVER] ?? 'never',
      reason: REASONS[from.reason[i] ?? NOT_YET_READ] ?? '',
      sourceTime: from.source[i] ?? 0,
      receivedTime: from.received[i] ?? 0,
      n,
      historical: false,
      sourceClock: from.sourceClock[i] === 1,
    };
  }
}
