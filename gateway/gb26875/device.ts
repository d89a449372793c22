// One transmission device: its messages become learned points and readings, in their order, and each is answered only
// when what it says is on disk.
import type { Compiled } from '../../device-profiles/compile.ts';
import {
  CLOCK_OFFSET_POINT,
  CLOCK_POINT,
  CLOCK_WORDS,
  componentPoint,
  quantityPoint,
  systemPoint,
  UNKNOWN_POINT,
  type Learned,
} from '../../device-profiles/gb26875/grow.ts';
import type { Gb26875Tables } from '../../device-profiles/gb26875/tables.ts';
import type { DriverPort, Reading, SiteDevice } from '../drivers/driver.ts';
import { withSourceTime } from '../normalise.ts';
import { REPORT_LIMITS } from '../report.ts';
import { readAdu, type Adu, type AduObject, type CentreRequest } from './adu.ts';
import { COMMANDS, type Frame } from './frame.ts';
import { DeviceClock } from './device-clock.ts';
import { Inquiry } from './inquiry.ts';
import { afterReset, byOurClock, learn, resetIn, toldBy, type Told } from './learn.ts';
import type { Gb26875Limits } from './limits.ts';

/** A device of the site that calls in by GB/T 26875.3. */
export interface CallingDevice extends SiteDevice {
  /** Its model with what it has told of. */
  readonly grow: (learned: Learned) => Compiled;
}

export interface DeviceParts {
  readonly device: CallingDevice;
  readonly learned: Learned;
  readonly tables: Gb26875Tables;
  readonly port: DriverPort;
  readonly limits: Gb26875Limits;
  /** Keeps what was learned; never rejects. */
  readonly keep: (learned: Learned) => Promise<void>;
  /** Sends a request to the device, where it is connected. */
  readonly send: (request: CentreRequest, serial: number) => void;
  /** Whether our own clock is sure, so that a device may be set by it. */
  readonly clockTrusted: () => boolean;
}

/** What a message came to, once it is settled: how it is answered, if at all. */
export type Outcome = 'confirm' | 'deny' | 'none';

/** How often the points of a device that is heard are said to be fresh, ms. */
const FRESH_MS = 1_000;
/** Marks a message that could not be read at all; type flags are below it. */
const UNREADABLE = 0xffff;
/** An offset that a point of 32 bits can hold, s. */
const OFFSET_MAX_S = 2_000_000_000;
/** Marks a message that tells of points for which there is no room. */
const NO_PLACE = 0xfffe;

export class TransmissionDevice {
  readonly #o: DeviceParts;
  #device: CallingDevice;
  #learned: Learned;
  /** Places of the points of the model in force. */
  #places: ReadonlyMap<string, number>;
  /** What its installer called each component, by point. */
  #texts: ReadonlyMap<string, string>;
  /** Last value of each point since the device was heard, by id. */
  readonly #values = new Map<string, number>();
  #told: readonly number[] = [];
  #toldStale = true;
  /** What the messages say that wait behind one whose points are not in force yet. */
  readonly #ahead: (readonly AduObject[])[] = [];
  /** Messages that wait for points to be in force go on in their order. */
  #tail: Promise<unknown> = Promise.resolve();
  readonly #seen = new Set<string>();
  #heardAt: number;
  #freshAt = -Infinity;
  #online: boolean | undefined;
  /** It has called anew since it was last heard. */
  #calledAnew = false;
  readonly inquiry: Inquiry;
  readonly clock: DeviceClock;
  #clockAskedAt = -Infinity;
  readonly counters = {
    messages: 0,
    repeated: 0,
    notUnderstood: 0,
    learnedPoints: 0,
    refusedPoints: 0,
    clockSet: 0,
    clockDenied: 0,
    timesDoubted: 0,
  };

  constructor(o: DeviceParts) {
    this.#o = o;
    this.#device = o.device;
    this.#learned = o.learned;
    this.#places = placesOf(o.device);
    this.#texts = textsOf(o.learned);
    this.#heardAt = o.port.clock.monotonic();
    this.inquiry = new Inquiry(o.limits, o.send);
    this.clock = new DeviceClock(o.device.model.gb26875?.clockSet, o.limits);
  }

  get id(): string {
    return this.#device.id;
  }

  /** The device has another connection: what it told on the way down of the last one may be lost, so it is asked. */
  calledAnew(): void {
    this.#calledAnew = true;
    this.clock.connected(this.#o.port.clock.now());
  }

  /** A frame of the device. Resolves when what it says is on disk; rejects when it could not be kept. */
  take(frame: Frame): Promise<Outcome> {
    const read = readAdu(frame.adu, this.#o.tables.utcOffsetMinutes);
    this.#ahead.push(read.result === 'read' ? read.objects : []);
    // In the order of arrival up to `accept`, which keeps the order itself; only the disk is waited for side by side.
    const begun = this.#tail.then(() => {
      this.#ahead.shift();
      return this.#begin(frame, read);
    });
    this.#tail = begun.catch(() => undefined);
    return begun.then(({ outcome, kept }) => kept.then(() => outcome));
  }

  async #begin(frame: Frame, read: Adu): Promise<{ outcome: Outcome; kept: Promise<void> }> {
    const { port } = this.#o;
    this.counters.messages++;
    const heard = this.#hear();
    const done = (outcome: Outcome, kept: Promise<void> = Promise.resolve()) => ({
      outcome,
      kept: Promise.all([heard, kept]).then(() => undefined),
    });
    const { command, adu } = frame;
    this.#hearClock(frame);
    if (command === COMMANDS.confirm || command === COMMANDS.deny) return done('none');
    if (command !== COMMANDS.send && command !== COMMANDS.reply) return done('deny');
    const outcome = command === COMMANDS.send ? 'confirm' : 'none';
    // An empty unit, or one vendor's single byte, says no more than that the device lives.
    if (adu.length < 2) return done(outcome);
    const key = keyOf(frame);
    if (this.#seen.has(key)) {
      this.counters.repeated++;
      // Answered when its first delivery is on disk.
      return done(outcome, port.accept(this.#device, [], port.clock.now()));
    }
    if (read.result !== 'read') {
      this.counters.notUnderstood++;
      const told = { point: UNKNOWN_POINT, value: read.result === 'bad' ? UNREADABLE : read.flag, time: undefined };
      return done(read.result === 'bad' ? 'deny' : outcome, this.#accept([told]));
    }
    await this.#grow(read.objects);
    const told = byOurClock(this.#tellings(read.objects), this.#correction(frame));
    const homeless = told.filter(({ point }) => !this.#places.has(point));
    if (homeless.length === 0) return done(outcome, this.#remember(key, this.#accept(told)));
    // More than a device or a site may hold: what has a place is taken, and the device hears that not all of it was.
    this.counters.refusedPoints += homeless.length;
    const notice = { point: UNKNOWN_POINT, value: NO_PLACE, time: undefined };
    return done('deny', this.#accept([...told.filter(({ point }) => this.#places.has(point)), notice]));
  }

  /** What a frame says of the device's clock, and of what we asked. */
  #hearClock({ command, adu, serial, time }: Frame): void {
    const { clock } = this.#o.port;
    const now = clock.now();
    if (command === COMMANDS.send && adu.length < 2) this.clock.beat(time, now);
    const { reply, confirm, deny } = COMMANDS;
    const isAnswer = command === reply || command === confirm || command === deny;
    const answered = isAnswer ? this.inquiry.answered(serial, command === deny, clock.monotonic()) : undefined;
    if (answered?.request.ask === 'set-clock') this.#clockSettled(command !== deny);
    else if (answered && command === reply) this.clock.answered(time, now, answered.tookMs);
    this.#tellClock();
  }

  #clockSettled(taken: boolean): void {
    const { port } = this.#o;
    const device = this.#device.id;
    const offMs = this.clock.offset;
    this.clock.settled(taken);
    if (taken) {
      this.counters.clockSet++;
      port.log.info({ device, offMs }, 'the clock of a transmission device was set');
      const moment = { point: CLOCK_POINT, time: undefined };
      this.#accept([
        { ...moment, value: CLOCK_WORDS.set },
        { ...moment, value: CLOCK_WORDS.well },
      ]).catch(() => undefined);
      this.#askClock();
    } else {
      this.counters.clockDenied++;
      port.log.warn({ device, offMs }, 'a transmission device refuses to have its clock set; it is left alone');
    }
  }

  /** Any answer carries the device's time. */
  #askClock(): void {
    this.#clockAskedAt = this.#o.port.clock.monotonic();
    this.inquiry.also({ ask: 'device-status' }, this.#clockAskedAt);
  }

  /** What the times of a frame are ahead of ours, ms; undefined where they can't be believed. */
  #correction({ time, command }: Frame): number | undefined {
    const { clock } = this.#o.port;
    const correction = this.clock.correction(time, clock.now());
    if (correction !== undefined) return correction;
    this.counters.timesDoubted++;
    const asked = clock.monotonic() - this.#clockAskedAt < this.#o.limits.answerMs;
    if (time !== undefined && command === COMMANDS.send && !asked) this.#askClock();
    return undefined;
  }

  #tellClock(): void {
    const { offset, leftAlone } = this.clock;
    if (offset === undefined) return;
    const told: Told[] = [];
    const seconds = Math.max(-OFFSET_MAX_S, Math.min(OFFSET_MAX_S, Math.round(offset / 1_000)));
    // Tags are whole seconds: one more or less is no news.
    if (Math.abs(seconds - (this.#values.get(CLOCK_OFFSET_POINT) ?? Infinity)) > 1)
      told.push({ point: CLOCK_OFFSET_POINT, value: seconds, time: undefined });
    const standing = leftAlone ? CLOCK_WORDS.leftAlone : CLOCK_WORDS.well;
    if (this.#values.get(CLOCK_POINT) !== standing) told.push({ point: CLOCK_POINT, value: standing, time: undefined });
    // A refused disk is told by the records themselves; the next frame says it again.
    if (told.length > 0) this.#accept(told).catch(() => undefined);
  }

  /** What a message says, and what a reset in it takes back. */
  #tellings(objects: readonly AduObject[]): Told[] {
    const { tables } = this.#o;
    const told = toldBy(objects, tables);
    const resets = resetIn(objects, tables);
    if (resets.length === 0) return told;
    const now = (point: string): number | undefined => this.#values.get(point);
    const back = resets.flatMap((system) => afterReset(system, this.#learned, tables, now));
    this.#inquire();
    return [...told, ...back];
  }

  #accept(told: readonly Told[]): Promise<void> {
    const { port } = this.#o;
    const receivedTime = port.clock.now();
    const readings: Reading[] = [];
    for (const { point, value, time, doubted } of told) {
      const at = this.#places.get(point);
      if (at === undefined) continue;
      if (!this.#values.has(point)) this.#toldStale = true;
      this.#values.set(point, value);
      const reading: Reading = { point: at, value, quality: 'good', reason: doubted ? 'source-clock' : '' };
      readings.push(...withSourceTime([reading], time, receivedTime));
    }
    return port.accept(this.#device, readings, receivedTime);
  }

  /** Points for what these objects tell of, in force before anything is said of them. */
  async #grow(objects: readonly AduObject[]): Promise<void> {
    if (!this.#tellsOfNew(objects)) return;
    // A device that tells of a thousand components makes a few new indexes, not a thousand.
    const learned = learn(this.#learned, [...objects, ...this.#ahead.flat()]);
    if (learned === this.#learned) return;
    const { port, keep } = this.#o;
    const { model } = this.#device.grow(learned);
    if (!model) {
      port.log.error({ device: this.#device.id }, 'a transmission device tells of more points than a device may have');
      return;
    }
    const after: CallingDevice = { ...this.#device, model };
    try {
      // Kept when it is in force: what a gateway can't announce would keep it from starting.
      await port.replace(this.#device, after);
      await keep(learned);
    } catch (error) {
      port.log.error(
        { device: this.#device.id, error: String(error) },
        'new points of a device could not be put in force',
      );
      return;
    }
    this.counters.learnedPoints += model.points.length - this.#device.model.points.length;
    this.#device = after;
    this.#learned = learned;
    this.#places = placesOf(after);
    this.#texts = textsOf(learned);
    this.#toldStale = true;
  }

  /** Cheap for the usual message, which tells of nothing new. */
  #tellsOfNew(objects: readonly AduObject[]): boolean {
    return objects.some((object) => {
      if ('component' in object) {
        if (object.kind === 'analog' && !this.#places.has(quantityPoint(object.component, object.quantity)))
          return true;
        const id = componentPoint(object.component);
        const text = 'text' in object ? object.text : '';
        return !this.#places.has(id) || (text !== '' && this.#texts.get(id) !== text);
      }
      const system = 'system' in object ? object.system : undefined;
      return system !== undefined && !this.#places.has(systemPoint(system));
    });
  }

  /** A message that is kept is not taken again. One that was given up is: its repetition is all there is of it. */
  #remember(key: string, kept: Promise<void>): Promise<void> {
    this.#seen.add(key);
    if (this.#seen.size > this.#o.limits.remembered) {
      const [oldest] = this.#seen;
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    kept.catch(() => this.#seen.delete(key));
    return kept;
  }

  #hear(): Promise<void> {
    const { port } = this.#o;
    const now = port.clock.monotonic();
    this.#heardAt = now;
    if (this.#calledAnew || this.#online !== true) {
      this.#calledAnew = false;
      this.inquiry.reset();
      this.#inquire();
    }
    if (this.#online !== true) {
      this.#online = true;
      // What changed while nobody listened was not told to anyone: until it is told again, it is not known.
      this.#values.clear();
      this.#toldStale = true;
      return port.online(this.#device, true, '');
    }
    if (now - this.#freshAt >= FRESH_MS) {
      this.#freshAt = now;
      port.fresh(this.#device, this.#toldPlaces(), port.clock.now());
    }
    return Promise.resolve();
  }

  #toldPlaces(): readonly number[] {
    if (this.#toldStale) {
      this.#told = [...this.#values.keys()].flatMap((point) => this.#places.get(point) ?? []);
      this.#toldStale = false;
    }
    return this.#told;
  }

  /** Asks the device for the state of everything it has told of. */
  #inquire(): void {
    const { systems, components } = this.#learned;
    const requests: CentreRequest[] = [
      { ask: 'device-status' },
      ...systems.map((system) => ({ ask: 'system-status', system }) as const),
      ...components.map(({ system, address }) => ({ ask: 'component-status', system, address }) as const),
    ];
    this.inquiry.begin(requests, this.#o.port.clock.monotonic());
  }

  /** Looks for silence and late answers; called by the driver's timer. */
  check(): void {
    const { port } = this.#o;
    const now = port.clock.monotonic();
    this.inquiry.check(now);
    if (this.#online && this.clock.due(now) && this.#o.clockTrusted()) {
      this.clock.sent(now);
      this.inquiry.also({ ask: 'set-clock' }, now);
    }
    const silentMs = (this.#device.model.gb26875?.expectEveryS ?? 0) * 1_000 * REPORT_LIMITS.staleIntervals;
    if (this.#online === false || now - this.#heardAt <= silentMs) return;
    this.#online = false;
    port.online(this.#device, false, 'silent').catch(() => undefined);
  }
}

/** The serial alone wraps and begins anew with each start of a device; with the moment and the content it does not. */
const keyOf = ({ serial, time, adu }: Frame): string => `${serial} ${time ?? ''} ${adu.toString('base64')}`;

const placesOf = ({ model }: SiteDevice): ReadonlyMap<string, number> =>
  new Map(model.points.map((point, place) => [point.id, place]));

const textsOf = ({ components }: Learned): ReadonlyMap<string, string> =>
  new Map(components.map((c) => [componentPoint(c), c.text]));
