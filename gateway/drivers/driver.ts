// What every driver is: it hears devices and hands readings on; what must not be lost it acknowledges to the device
// only after `accept` has resolved, which is after the spool's fsync (hard rule 2).
import type { DeviceModel, ModelPoint } from '../../device-profiles/contract/profile.ts';
import type { Quality, Reason, Text, Value } from '../../device-profiles/contract/point.ts';

/** A device of the site with its compiled model; `index` of each point is its place in `model.points`. */
export interface SiteDevice {
  readonly id: string;
  readonly name?: Text;
  /** Where it stands; a point with its own place is there. */
  readonly building?: string;
  readonly floor?: number;
  readonly place?: string;
  readonly link: string;
  /** Modbus unit (slave) address, 0–255. */
  readonly unit?: number;
  /** Variables for topics, e.g. the serial number. */
  readonly vars: Readonly<Record<string, string>>;
  readonly model: DeviceModel;
  /** Poll interval per class for this site, ms. */
  readonly pollMs: Readonly<Record<ModelPoint['poll'], number>>;
}

/** One decoded value of one point, before deadband and heartbeat. */
export interface Reading {
  /** Index into the device's `model.points`. */
  readonly point: number;
  readonly value: Value;
  readonly quality: Quality;
  readonly reason: Reason;
  /** The device's own time of this value, ms UTC, where it has one. */
  readonly sourceTime?: number;
  /** Cached by the device and sent late: goes to history, never raises a live alarm. */
  readonly historical?: boolean;
}

/** What a driver may do. Everything else (spool, uplink, history) is behind these calls. */
export interface DriverPort {
  /**
   * Takes readings of one device. Resolves when every record of this device that had to be reported, now or in an
   * earlier call, is on disk; rejects when one could not be kept. Polled drivers need not wait (an unheard rejection
   * does no harm, the next heartbeat repeats the value); a driver that answers its device (PUBACK, confirm,
   * handshake) must, and must not answer on a rejection.
   */
  accept(device: SiteDevice, readings: readonly Reading[], receivedTime: number): Promise<void>;
  /**
   * The device is heard (true, reason '') or not (false, with the reason). Idempotent: only a change is a record, and
   * it is one record for the whole device: its points need no readings of bad quality beside it. Resolves as `accept`.
   * After it is heard again, every point's next reading is reported even if unchanged.
   */
  online(device: SiteDevice, online: boolean, reason: Reason): Promise<void>;
  /**
   * These points were read again and nothing about them has changed: what `accept` took last still stands, as of
   * `receivedTime` (wall time, ms). Called only after an `accept` of every one of them. Cheap by contract (no promise,
   * no allocation): it renews freshness so that polled points need not be decoded and handed over again, and reports
   * those that had gone stale meanwhile. `points` are indexes into the device's `model.points`; a driver passes the same
   * array object for the same read every time.
   */
  fresh(device: SiteDevice, points: ArrayLike<number>, receivedTime: number): void;
  /**
   * A device has told of points that nobody knew: `after` stands in the place of `before` (same id). Resolves when it is
   * in force: readings of `after` can be handed on, and `before` is of the site no longer. What both have keeps its
   * state. Rejects when it can't be, e.g. because a site holds no more; then `before` stays.
   */
  replace(before: SiteDevice, after: SiteDevice): Promise<void>;
  /** State of a link for health and beats: '' is well. */
  link(link: string, reason: Reason | ''): void;
  readonly clock: GatewayClock;
  readonly log: Logger;
}

export interface GatewayClock {
  /** Wall clock, ms since 1970 UTC. */
  now(): number;
  /** Monotonic, ms. Intervals and deadlines use this. */
  monotonic(): number;
}

export interface Logger {
  info(context: object, message: string): void;
  warn(context: object, message: string): void;
  error(context: object, message: string): void;
  debug(context: object, message: string): void;
}

export interface Driver {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Counters since start, by link id: what was dropped, skipped, retried. For health and metrics. */
  counters?(): Readonly<Record<string, Readonly<Record<string, number>>>>;
}
