// Group commit of one lane: records wait for company a few milliseconds, then are encoded as batches with sequences and
// handed to the store; everyone who waited hears of it at once.
import type { Lane as LaneName } from '../../device-profiles/contract/point.ts';
import {
  encodeBatch,
  runningCrc,
  WIRE_LIMITS,
  type Batch,
  type Note,
  type Sample,
  type Timebase,
} from '../../device-profiles/contract/wire.ts';
import { birthTag } from './frame.ts';
import { SEAL_BYTES, type SpoolLimits } from './limits.ts';
import type { Entry, NewEntry } from './entry.ts';
import type { LaneStore } from './store.ts';

/** Records that are made durable together. */
export interface Group {
  /** Resolves when all its records are on disk; rejects when one was given up. A rejection that nobody hears is harmless. */
  readonly done: Promise<void>;
  readonly settled: boolean;
}

class OpenGroup implements Group {
  samples: Sample[] = [];
  notes: Note[] = [];
  bytes = 0;
  settled = false;
  readonly done: Promise<void>;
  #resolve: () => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #left = 1;
  #error: Error | undefined;
  /** Of all its times. */
  readonly timebase: Timebase;
  /** Id of the point index that its samples are numbered by. */
  readonly birth: string;

  constructor(timebase: Timebase, birth: string) {
    this.timebase = timebase;
    this.birth = birth;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.done.catch(() => undefined);
  }

  get records(): number {
    return this.samples.length + this.notes.length;
  }

  renumber(nextN: () => number): void {
    this.samples = this.samples.map((s) => ({ ...s, n: nextN() }));
    this.notes = this.notes.map((x) => ({ ...x, n: nextN() }));
  }

  /** The group became this many batches. */
  split(batches: number): void {
    this.#left = batches;
    this.samples = [];
    this.notes = [];
  }

  settle(error?: Error): void {
    this.#error ??= error;
    if (--this.#left > 0) return;
    this.settled = true;
    if (this.#error) this.#reject(this.#error);
    else this.#resolve();
  }
}

/** Bytes that a record takes at most: the columns' numbers, and three bytes a character of text. */
const RECORD_BYTES = 48;
const sampleBytes = (s: Sample): number => RECORD_BYTES + (typeof s.value === 'string' ? s.value.length * 3 : 0);
const noteBytes = (n: Note): number => 120 + (n.text?.length ?? 0) * 3;

export interface LaneIdentity {
  readonly gateway: string;
  readonly epoch: string;
  readonly lane: LaneName;
  /** Id of the point index that samples are numbered by. */
  readonly birth: string;
}

export class SpoolFull extends Error {
  override readonly name = 'SpoolFull';
}

export interface LaneHooks {
  nextN(): number;
  now(): number;
  /** What the times of records that are taken now are on. */
  timebase(): Timebase;
  /** Records were refused before they had a sequence. */
  dropped(records: number): void;
}

export class Lane {
  #open: OpenGroup | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Groups that are full and wait for a held lane. */
  #held: OpenGroup[] = [];
  #heldRecords = 0;
  #holding = false;
  #refused = { count: 0, fromTime: 0, toTime: 0 };
  #store: LaneStore;
  #identity: LaneIdentity;
  readonly #limits: SpoolLimits;
  readonly #hooks: LaneHooks;

  constructor(identity: LaneIdentity, store: LaneStore, limits: SpoolLimits, hooks: LaneHooks) {
    this.#identity = identity;
    this.#store = store;
    this.#limits = limits;
    this.#hooks = hooks;
  }

  get store(): LaneStore {
    return this.#store;
  }

  /** Takes samples in their order. The group they join tells when they are durable. */
  append(samples: readonly Sample[]): Group {
    const waiting = this.#heldRecords + (this.#open?.records ?? 0);
    if (waiting + samples.length > this.#limits.pendingRecords) return this.#refuse(samples);
    let group = this.#openGroup();
    if (this.#refused.count > 0) {
      group.notes.push({ kind: 'loss', at: this.#hooks.now(), n: this.#hooks.nextN(), ...this.#refused });
      this.#refused = { count: 0, fromTime: 0, toTime: 0 };
    }
    for (const sample of samples) {
      const bytes = sampleBytes(sample);
      if (group.records >= WIRE_LIMITS.batchRecords || group.bytes + bytes > SEAL_BYTES) {
        this.flush();
        group = this.#openGroup();
      }
      group.samples.push(sample);
      group.bytes += bytes;
    }
    return group;
  }

  note(note: Note): Group {
    const bytes = noteBytes(note);
    const open = this.#open;
    if (open && (open.records >= WIRE_LIMITS.batchRecords || open.bytes + bytes > SEAL_BYTES)) this.flush();
    const group = this.#openGroup();
    group.notes.push(note);
    group.bytes += bytes;
    return group;
  }

  /** What is taken from now on is numbered by another index; what waits keeps its own. */
  reindex(birth: string): void {
    this.flush();
    this.#identity = { ...this.#identity, birth };
  }

  /** Hands what waits to the store now. */
  flush(): Group | undefined {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const group = this.#open;
    this.#open = undefined;
    if (!group) return undefined;
    if (this.#holding) {
      this.#held.push(group);
      this.#heldRecords += group.records;
    } else this.#encode(group);
    return group;
  }

  /** From now on groups wait in memory, until `release`. */
  hold(): void {
    this.flush();
    this.#holding = true;
  }

  /**
   * Goes on, with another store and epoch if given. `renumber`: what was carried over has new places in the order, so
   * what waited behind it gets new ones too.
   */
  release(next?: { store: LaneStore; epoch: string; renumber: boolean }): void {
    if (next) {
      this.#store = next.store;
      this.#identity = { ...this.#identity, epoch: next.epoch };
    }
    // What is still open waited too.
    if (next?.renumber) this.flush();
    this.#holding = false;
    const held = this.#held;
    this.#held = [];
    this.#heldRecords = 0;
    for (const group of held) {
      if (next?.renumber) group.renumber(() => this.#hooks.nextN());
      this.#encode(group);
    }
  }

  #openGroup(): OpenGroup {
    if (this.#open) return this.#open;
    this.#open = new OpenGroup(this.#hooks.timebase(), this.#identity.birth);
    this.#timer = setTimeout(() => this.flush(), this.#limits.groupMs[this.#identity.lane]);
    return this.#open;
  }

  #refuse(samples: readonly Sample[]): Group {
    const times = samples.map((s) => s.receivedTime);
    const { count, fromTime, toTime } = this.#refused;
    this.#refused = {
      count: count + samples.length,
      fromTime: count > 0 ? fromTime : Math.min(...times),
      toTime: Math.max(toTime, ...times),
    };
    this.#hooks.dropped(samples.length);
    const group = new OpenGroup(this.#hooks.timebase(), this.#identity.birth);
    group.settle(new SpoolFull('the spool holds all the records it may while it can not write'));
    return group;
  }

  #encode(group: OpenGroup): void {
    const { samples, notes, timebase, birth } = group;
    const parts = splitForBatches(samples, notes);
    group.split(parts.length);
    const entries: NewEntry[] = [];
    let { head, headCrc } = this.#store;
    for (const part of parts) {
      const batch: Batch = { ...this.#identity, ...part, timebase, birth, first: head + 1, prevCrc: headCrc };
      const entry = newEntry(batch);
      entries.push({ ...entry, settle: (error) => group.settle(error) });
      head = entry.last;
      headCrc = entry.crc;
    }
    this.#store.append(entries);
  }
}

/** A full group with one note more than a batch takes becomes two batches. */
function splitForBatches(samples: Sample[], notes: Note[]): { samples: Sample[]; notes: Note[] }[] {
  if (samples.length + notes.length <= WIRE_LIMITS.batchRecords) return [{ samples, notes }];
  return [
    { samples, notes: notes.slice(0, WIRE_LIMITS.batchRecords - samples.length) },
    { samples: [], notes: notes.slice(WIRE_LIMITS.batchRecords - samples.length) },
  ];
}

/** Encodes a batch and computes what the store keeps beside it. */
export function newEntry(batch: Batch): Entry {
  const bytes = encodeBatch(batch);
  const { samples, notes, first, prevCrc } = batch;
  const count = samples.length + notes.length;
  let lastN = 0;
  for (const s of samples) if (s.n > lastN) lastN = s.n;
  for (const n of notes) if (n.n > lastN) lastN = n.n;
  return {
    first,
    last: first + count - 1,
    count,
    lastN,
    time: samples.at(-1)?.receivedTime ?? notes.at(-1)?.at ?? 0,
    prevCrc,
    crc: runningCrc(prevCrc, bytes),
    birthTag: birthTag(batch.birth),
    bytes,
    loss: false,
  };
}
