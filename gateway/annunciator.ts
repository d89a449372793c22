// What is active now, evaluated on the gateway itself: the last resort of the people on site when the hub is dead.
// It mirrors conditions only. Acknowledging, latching and silencing are the hub's and the panel's.
import { evaluate, expandSignals, type PointSignal, type Truth } from '../device-profiles/contract/conditions.ts';
import { ALARM_CLASSES, CLASS_RANK, type AlarmClass } from '../device-profiles/contract/signal.ts';
import type { Sample } from '../device-profiles/contract/wire.ts';
import type { ModelPoint } from '../device-profiles/contract/profile.ts';
import type { SiteDevice } from './drivers/driver.ts';
import type { ReportTable } from './report.ts';

/** One signal on one point of one device. */
interface Watched {
  readonly device: SiteDevice;
  readonly signal: PointSignal;
  readonly alarmClass: AlarmClass;
  readonly index: ReadonlyMap<string, number>;
  readonly base: number;
  truth: Truth;
  /** Wall clock of the last change to true, ms. */
  since: number;
  held: boolean;
}

const keyOf = ({ device, signal }: Watched): string => `${device.id} ${signal.signal.id} ${signal.point}`;

export interface ActiveSignal {
  readonly alarmClass: AlarmClass;
  readonly since: number;
  /** It was active when it was last known; what it reads is not known now. */
  readonly unknown: boolean;
  readonly device: SiteDevice;
  readonly point: ModelPoint | undefined;
  readonly text: { readonly zh: string; readonly en: string };
}

export class Annunciator {
  #table: ReportTable;
  /** Signals by the point on the wire that they read. */
  #byPoint = new Map<number, Watched[]>();
  #active = new Set<Watched>();

  constructor(devices: readonly SiteDevice[], table: ReportTable) {
    this.#table = table;
    this.#watchAll(devices);
  }

  /** These are the devices from now on; what is active on a point that was there before stays, since when it was. */
  reshape(devices: readonly SiteDevice[], table: ReportTable): void {
    const before = new Map([...this.#active].map((w) => [keyOf(w), w]));
    this.#table = table;
    this.#byPoint = new Map();
    this.#active = new Set();
    this.#watchAll(devices);
    for (const watched of new Set([...this.#byPoint.values()].flat())) {
      const known = before.get(keyOf(watched));
      if (!known) continue;
      watched.truth = known.truth;
      watched.since = known.since;
      watched.held = true;
      this.#active.add(watched);
    }
  }

  #watchAll(devices: readonly SiteDevice[]): void {
    const places = new Map<SiteDevice['model'], ReadonlyMap<string, number>>();
    for (const device of devices) {
      const { model } = device;
      const index = places.get(model) ?? new Map(model.points.map((p, k) => [p.id, k]));
      places.set(model, index);
      for (const signal of expandSignals(model.signals, model.points)) this.#watch(device, signal, index);
    }
  }

  #watch(device: SiteDevice, signal: PointSignal, index: ReadonlyMap<string, number>): void {
    const alarmClass = ALARM_CLASSES.find((c) => c === signal.signal.class);
    if (!alarmClass) return;
    const base = this.#table.base(device);
    const watched: Watched = { device, signal, alarmClass, index, base, truth: 'unknown', since: 0, held: false };
    for (const id of signal.reads) {
      const at = index.get(id);
      if (at === undefined) continue;
      const there = this.#byPoint.get(base + at);
      if (there) there.push(watched);
      else this.#byPoint.set(base + at, [watched]);
    }
  }

  /** Takes what was just reported. */
  take(samples: readonly Sample[]): void {
    for (const sample of samples) {
      if (sample.historical) continue;
      for (const watched of this.#byPoint.get(sample.i) ?? []) this.#evaluate(watched, sample.receivedTime);
    }
  }

  #evaluate(w: Watched, now: number): void {
    const lookup = (id: string | undefined) => {
      const at = w.index.get(id ?? w.signal.point);
      return at === undefined ? undefined : this.#table.told(w.base + at);
    };
    w.truth = evaluate(w.signal.when, lookup, w.held);
    if (w.truth === 'unknown' || (w.truth === 'true') === w.held) return;
    w.held = w.truth === 'true';
    if (w.held) {
      w.since = now;
      this.#active.add(w);
    } else this.#active.delete(w);
  }

  /** The wall clock was set by so many ms: since when something is active is shown in the new time. */
  clockJumped(ms: number): void {
    for (const watched of this.#active) watched.since += ms;
  }

  /** Active signals, the gravest and oldest first. */
  active(): ActiveSignal[] {
    return [...this.#active]
      .sort((a, b) => CLASS_RANK[a.alarmClass] - CLASS_RANK[b.alarmClass] || a.since - b.since)
      .map((w) => ({
        alarmClass: w.alarmClass,
        since: w.since,
        unknown: this.#isUnknown(w),
        device: w.device,
        point: w.device.model.points[w.index.get(w.signal.point) ?? -1],
        text: w.signal.signal.text,
      }));
  }

  // A device that went offline changes what is known without a sample of each point.
  #isUnknown(w: Watched): boolean {
    return w.signal.reads.some((id) => {
      const at = w.index.get(id);
      return at === undefined || this.#table.told(w.base + at).quality !== 'good';
    });
  }
}
