// The spool: everything reported is on this disk before anyone is told, and stays until all consumers have it.
//
//   append ─▶ Lane (group commit, gateway/spool/lane.ts) ─▶ LaneStore (segments, tail, gateway/spool/store.ts)
//   consumers: `uplink`, `history` ◀─ next(lane, after) … commit(lane, seq, epoch)
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LANES, type Lane as LaneName } from '../device-profiles/contract/point.ts';
import { WIRE_LIMITS, type Sample, type Timebase } from '../device-profiles/contract/wire.ts';
import type { Consumer, NewNote, SpoolOptions, SpoolStats } from './spool/api.ts';
import { BirthStore } from './spool/births.ts';
import { carry } from './spool/carry.ts';
import {
  emptyPositions,
  minPosition,
  newEpoch,
  readCursors,
  readEpoch,
  removeOtherEpochs,
  writeCursors,
  writeEpoch,
  type Positions,
} from './spool/epoch.ts';
import { errorCode, realDisk, type Disk } from './spool/files.ts';
import { Lane, type Group, type LaneIdentity } from './spool/lane.ts';
import { lossEntry } from './spool/loss-entry.ts';
import { SPOOL_LIMITS, type SpoolLimits } from './spool/limits.ts';
import { takeLock, type Lock } from './spool/lock.ts';
import { evict, relieve, type RetentionView } from './spool/retention.ts';
import { segmentPlace, type Damage } from './spool/segments.ts';
import { ReadCache, type Entry } from './spool/entry.ts';
import { LaneStore, type StoreHooks } from './spool/store.ts';

export type { Entry } from './spool/entry.ts';
export type { Group } from './spool/lane.ts';
export type { Consumer, SpoolOptions, SpoolStats } from './spool/api.ts';

interface Reader {
  positions: Positions;
  /** As on disk: what a crash goes back to. */
  saved: Positions;
  cache: ReadCache;
}

export class Spool {
  readonly #o: SpoolOptions;
  #birth: string;
  readonly #limits: SpoolLimits;
  readonly #disk: Disk;
  readonly #lock: Lock;
  readonly #births: BirthStore;
  readonly #readers = new Map<string, Reader>();
  readonly #listeners = new Set<() => void>();
  readonly #refusalListeners = new Set<() => void>();
  readonly #lanes = new Map<LaneName, Lane>();
  #epoch: string;
  #n = 0;
  #timebase: Timebase = { run: 0, jumped: 0 };
  #dropped = 0;
  #damaged = 0;
  #torn = 0;
  #failing: Record<LaneName, string> = { safety: '', telemetry: '' };
  #cursorsDirty = false;
  #minting: Promise<string> | undefined;
  #housekeeping: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(
    o: SpoolOptions,
    parts: { limits: SpoolLimits; disk: Disk; lock: Lock; epoch: string; births: BirthStore },
  ) {
    this.#o = o;
    this.#birth = o.birth.id;
    this.#limits = parts.limits;
    this.#disk = parts.disk;
    this.#lock = parts.lock;
    this.#epoch = parts.epoch;
    this.#births = parts.births;
  }

  /**
   * Opens or makes the spool of a directory.
   * @throws SpoolLocked when another process has it; system errors when it can't be read or first made.
   */
  static async open(o: SpoolOptions): Promise<Spool> {
    const disk = o.disk ?? realDisk;
    const limits = { ...SPOOL_LIMITS, ...o.limits };
    await mkdir(o.dir, { recursive: true, mode: 0o700 });
    const lock = await takeLock(join(o.dir, 'lock'));
    try {
      const found = await readEpoch(disk, o.dir);
      const epoch = found ?? newEpoch();
      if (!found) await writeEpoch(disk, o.dir, epoch);
      await removeOtherEpochs(o.dir, epoch);
      const births = new BirthStore(join(o.dir, 'births'), disk, o.log);
      const spool = new Spool(o, { limits, disk, lock, epoch, births });
      await spool.#start();
      return spool;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { birth, consumers } = this.#o;
    await this.#births.keep(birth.id, birth.bytes);
    const damages: { lane: LaneName; damage: Damage }[] = [];
    for (const lane of LANES) {
      const store = await this.#openStore(lane, this.#epoch, (damage) => damages.push({ lane, damage }));
      this.#lanes.set(lane, this.#laneOn(lane, store));
    }
    // Never used twice, even when the newest records or the whole disk were lost: n starts above the clock's µs.
    const clockN = this.#o.clock.now() * 1_000;
    const lastN = Math.max(...LANES.map((lane) => this.#store(lane).lastN));
    this.#n = Math.max(lastN, clockN < Number.MAX_SAFE_INTEGER / 2 ? Math.trunc(clockN) : 0);
    this.#timebase = { run: this.#n, jumped: 0 };
    const cursors = await readCursors(this.#disk, join(this.#o.dir, this.#epoch), consumers);
    this.#dropped = cursors.dropped;
    for (const name of consumers) {
      const stored = cursors.consumers[name] ?? emptyPositions();
      const positions = emptyPositions();
      for (const lane of LANES) positions[lane] = Math.min(stored[lane], this.#store(lane).head);
      this.#readers.set(name, { positions, saved: { ...positions }, cache: new ReadCache() });
    }
    for (const { lane, damage } of damages) this.#onDamage(lane, damage);
    await this.#births.forgetAllBut(new Set(LANES.flatMap((lane) => [...this.#store(lane).birthTags()])));
    this.#timer = setInterval(() => void this.#housekeep(), this.#limits.cursorSaveMs);
  }

  get epoch(): string {
    return this.#epoch;
  }
  /** Last place given in the gateway-wide order of records. */
  get lastN(): number {
    return this.#n;
  }
  /** Next place in the gateway-wide order of records. */
  nextN(): number {
    return ++this.#n;
  }
  head(): Positions {
    return { safety: this.#store('safety').head, telemetry: this.#store('telemetry').head };
  }

  /** Takes samples of one lane; the group tells when they are durable, or that they were given up. */
  append(lane: LaneName, samples: readonly Sample[]): Group {
    return this.#lane(lane).append(samples);
  }

  /** Puts a note of the gateway about itself into a lane. */
  note(note: NewNote, lane: LaneName = 'safety'): Group {
    const text = note.text === undefined ? {} : { text: note.text.slice(0, WIRE_LIMITS.textBytes) };
    return this.#lane(lane).note({ ...note, ...text, at: this.#o.clock.now(), n: this.nextN() });
  }

  /** Puts a note of the gateway about itself into the safety lane, before everything that follows. */
  announce(note: NewNote): Group {
    const lane = this.#lane('safety');
    // Within a batch notes come after samples, so this one gets a batch of its own.
    lane.flush();
    const group = this.note(note);
    lane.flush();
    return group;
  }

  /** The wall clock was set by so many ms. What waits is on the old time; the note goes before what is on the new one. */
  clockJumped(ms: number): Group {
    for (const lane of LANES) this.#lane(lane).flush();
    const { run, jumped } = this.#timebase;
    this.#timebase = { run, jumped: jumped + ms };
    return this.announce({ kind: 'clock-jump', count: ms });
  }

  /** What times are on from now on. */
  get timebase(): Timebase {
    return this.#timebase;
  }

  /** Writes what waits now, and resolves when it is settled one way or the other. */
  async flush(): Promise<void> {
    const groups = LANES.map((lane) => this.#lane(lane).flush());
    await Promise.allSettled(groups.map((g) => g?.done));
    await Promise.all(LANES.map((lane) => this.#store(lane).settled()));
  }

  /** Calls back whenever a consumer may find something new. @returns how to stop that */
  onAdvance(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls back when records were given up before they were durable. @returns how to stop that */
  onRefused(listener: () => void): () => void {
    this.#refusalListeners.add(listener);
    return () => this.#refusalListeners.delete(listener);
  }

  /** @throws Error for a name that was not given at `open`: its needs would not be kept */
  consumer(name: string): Consumer {
    const reader = this.#readers.get(name);
    if (!reader) throw new Error(`no consumer ${name} of the spool`);
    return {
      position: (lane) => reader.positions[lane],
      next: (lane, after) => this.#store(lane).after(after, reader.cache),
      commit: (lane, seq, epoch) => {
        if (epoch !== this.#epoch || seq === reader.positions[lane]) return;
        reader.positions[lane] = Math.min(seq, this.#store(lane).head);
        this.#cursorsDirty = true;
      },
    };
  }

  /** Running CRC of a lane at a sequence; see LaneStore.crcAt. */
  crcAt(lane: LaneName, seq: number): Promise<number | 'ahead' | 'inside' | 'unknown'> {
    return this.#store(lane).crcAt(seq, new ReadCache());
  }

  /** Keeps another point index, then puts it in force for what is appended next; `inForce` is called in the same step. */
  async reindex({ id, bytes }: SpoolOptions['birth'], inForce: () => void): Promise<void> {
    await this.#births.keep(id, bytes);
    this.#birth = id;
    for (const lane of this.#lanes.values()) lane.reindex(id);
    inForce();
  }

  /** The encoded birth (without snapshot) of an id, for batches of an older point index. */
  birth(id: string): Promise<Buffer | undefined> {
    return this.#births.read(id);
  }

  /** The batch that tells of this entry's sequences as lost, for one that nobody can understand any more. */
  asLoss(lane: LaneName, entry: Entry): Entry {
    const { first, last, time, crc } = entry;
    const hole = { from: first, to: last, fromTime: time, toTime: time, crc };
    return lossEntry(this.#identity(lane, this.#epoch), hole, this.#o.clock.now());
  }

  stats(): SpoolStats {
    const safety = this.#store('safety');
    const telemetry = this.#store('telemetry');
    return {
      epoch: this.#epoch,
      bytes: safety.bytes + telemetry.bytes,
      maxBytes: this.#limits.maxBytes,
      dropped: this.#dropped,
      damagedSegments: this.#damaged,
      tornWrites: this.#torn,
      failing: { ...this.#failing },
      head: this.head(),
      durable: { safety: safety.durable, telemetry: telemetry.durable },
      consumers: Object.fromEntries([...this.#readers].map(([name, r]) => [name, { ...r.positions }])),
    };
  }

  /**
   * Begins a new epoch, because the hub's memory and this disk do not agree. What no consumer has yet is carried over in
   * its order, under new sequences and with its n; then the new epoch is put in force in one step.
   * @param aboveN where the hub has heard a greater n than was ever given here: all that is carried gets an n above it
   * @throws Error when the disk refuses; the old epoch then goes on
   */
  mintEpoch(reason: string, aboveN = 0): Promise<string> {
    this.#minting ??= this.#mint(reason, aboveN).finally(() => {
      this.#minting = undefined;
    });
    return this.#minting;
  }

  async #mint(reason: string, aboveN: number): Promise<string> {
    const epoch = newEpoch();
    const renumber = aboveN >= this.#n;
    if (renumber) this.#n = aboveN;
    const stores: LaneStore[] = [];
    for (const lane of LANES) this.#lane(lane).hold();
    try {
      await this.#housekeeping;
      const moved: Record<LaneName, Map<string, number>> = { safety: new Map(), telemetry: new Map() };
      for (const lane of LANES) {
        const store = await this.#openStore(lane, epoch, (d) => this.#onDamage(lane, d));
        stores.push(store);
        const places = new Map([...this.#readers].map(([name, r]) => [name, r.positions[lane]]));
        const numbering = { epoch, nextN: () => this.nextN(), renumber };
        moved[lane] = await carry(this.#store(lane), store, places, numbering);
      }
      const [safety, telemetry] = stores;
      if (!safety || !telemetry) throw new Error('no stores');
      const positions = (name: string): Positions => ({
        safety: moved.safety.get(name) ?? 0,
        telemetry: moved.telemetry.get(name) ?? 0,
      });
      const consumers = Object.fromEntries([...this.#readers.keys()].map((name) => [name, positions(name)]));
      await writeCursors(this.#disk, join(this.#o.dir, epoch), { consumers, dropped: 0 });
      await writeEpoch(this.#disk, this.#o.dir, epoch);
      this.#switchTo({ epoch, renumber, stores: { safety, telemetry }, consumers });
      await removeOtherEpochs(this.#o.dir, epoch).catch(() => undefined);
      this.#o.log.warn({ reason, epoch }, 'a new epoch of the spool begins');
      return epoch;
    } catch (error) {
      for (const store of stores) await store.close().catch(() => undefined);
      for (const lane of LANES) this.#lane(lane).release();
      throw error;
    }
  }

  #switchTo(next: {
    epoch: string;
    renumber: boolean;
    stores: Record<LaneName, LaneStore>;
    consumers: Record<string, Positions>;
  }): void {
    const { epoch, renumber, stores, consumers } = next;
    this.#epoch = epoch;
    this.#dropped = 0;
    for (const [name, reader] of this.#readers) {
      reader.positions = consumers[name] ?? emptyPositions();
      reader.saved = { ...reader.positions };
      reader.cache = new ReadCache();
    }
    for (const lane of LANES) {
      const old = this.#store(lane);
      this.#lane(lane).release({ store: stores[lane], epoch, renumber });
      void old.close().catch(() => undefined);
    }
    this.#advanced();
  }

  /** Writes what waits, saves the cursors and gives the directory free. What the disk refuses now is given up. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#minting?.catch(() => undefined);
    await this.#housekeeping;
    for (const lane of LANES) this.#lane(lane).flush();
    for (const lane of LANES) await this.#store(lane).close();
    await this.#saveCursors();
    await this.#lock.release();
  }

  #laneOn(lane: LaneName, store: LaneStore): Lane {
    return new Lane(this.#identity(lane, this.#epoch), store, this.#limits, {
      nextN: () => this.nextN(),
      now: () => this.#o.clock.now(),
      timebase: () => this.#timebase,
      dropped: (records) => this.#refused(records),
    });
  }

  #openStore(lane: LaneName, epoch: string, damaged: (d: Damage) => void): Promise<LaneStore> {
    const place = segmentPlace(this.#o.dir, { epoch, lane, disk: this.#disk, asideMax: this.#limits.setAside });
    let opening = true;
    const hooks: StoreHooks = {
      advanced: () => this.#advanced(),
      damaged: (d) => (opening ? damaged(d) : this.#onDamage(lane, d)),
      failing: (code) => this.#onFailing(lane, code),
      relieve: () => relieve(this.#retention(), lane),
      dropped: (records) => this.#refused(records),
      lossBatch: (loss) => lossEntry(this.#identity(lane, epoch), loss, this.#o.clock.now()),
    };
    return LaneStore.open(place, this.#limits, this.#o.clock, hooks).finally(() => {
      opening = false;
    });
  }

  #identity(lane: LaneName, epoch: string): LaneIdentity {
    return { gateway: this.#o.gateway, epoch, lane, birth: this.#birth };
  }

  #advanced(): void {
    for (const listener of this.#listeners) listener();
  }

  #countDropped(records: number): void {
    this.#dropped += records;
    this.#cursorsDirty = true;
  }

  #refused(records: number): void {
    this.#countDropped(records);
    for (const listener of this.#refusalListeners) listener();
  }

  #onFailing(lane: LaneName, code: string): void {
    this.#failing[lane] = code;
    const { log } = this.#o;
    if (code) log.error({ lane, code }, 'the disk refuses: nothing is acknowledged to devices until it takes again');
    else log.info({ lane }, 'the disk takes again');
  }

  #onDamage(lane: LaneName, d: Damage): void {
    const { file, kind, text, from, to } = d;
    this.#o.log.error({ lane, file, kind, from, to }, `spool segment: ${text}`);
    if (kind === 'torn') {
      this.#torn++;
      return;
    }
    this.#damaged++;
    const bounds = from === undefined || to === undefined ? {} : { from, to };
    this.note({ kind: 'corrupt-segment', ...bounds, text: `${lane} ${file}: ${text}` });
  }

  #housekeep(): Promise<void> {
    if (this.#minting || this.#closed) return this.#housekeeping;
    this.#housekeeping = this.#housekeeping
      // In this order: after a crash nothing that a cursor still asks for may be missing.
      .then(() => this.#saveCursors())
      .then(() => evict(this.#retention()))
      .catch((error: unknown) => this.#o.log.warn({ error: errorCode(error) }, 'housekeeping of the spool failed'));
    return this.#housekeeping;
  }

  async #saveCursors(): Promise<void> {
    if (!this.#cursorsDirty) return;
    this.#cursorsDirty = false;
    const consumers = Object.fromEntries([...this.#readers].map(([name, r]) => [name, { ...r.positions }]));
    try {
      const state = { consumers, dropped: this.#dropped };
      await writeCursors(this.#disk, join(this.#o.dir, this.#epoch), state);
      for (const [name, reader] of this.#readers) reader.saved = consumers[name] ?? reader.saved;
    } catch {
      // An old cursor only means that some records are delivered again; `failing` already tells of the disk.
      this.#cursorsDirty = true;
    }
  }

  #retention(): RetentionView {
    const readers = [...this.#readers.values()];
    const least = (of: (r: Reader) => Positions) => (lane: LaneName) => minPosition(readers.map(of), lane);
    return {
      store: (lane) => this.#store(lane),
      needed: least((r) => r.positions),
      released: least((r) => r.saved),
      limits: this.#limits,
      now: this.#o.clock.now(),
      lost: (lane, { first, last }, records) => {
        this.#countDropped(records);
        this.#o.log.error({ lane, from: first, to: last, records }, 'records were given up for space');
      },
    };
  }

  #lane(lane: LaneName): Lane {
    const found = this.#lanes.get(lane);
    if (!found) throw new Error(`the spool has no lane ${lane}`);
    return found;
  }
  #store(lane: LaneName): LaneStore {
    return this.#lane(lane).store;
  }
}
