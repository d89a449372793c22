// The open alarms as this screen knows them: changes in sequence, gaps noticed, a resync that loses nothing.
import type { AlarmClass } from '../../../device-profiles/contract/signal.ts';
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import type { AlarmFrame, BeatFrame } from '../../../hub/live/contract.ts';
import { openDigest } from '../live/digest.ts';
import { CLASS_ORDER, isOpen, isUnacked } from './classes.ts';

export const BOOK_LIMITS = {
  /** Closed alarms remembered, for a row that must keep its place and for the alarm that is being looked at. */
  closedKept: 200,
  /** Frames kept while a resync runs; more than this and the resync starts again. */
  framesDuringResync: 5_000,
} as const;

export type Counts = Readonly<Record<AlarmClass, readonly [unacked: number, total: number]>>;

/** Unacknowledged and total of every class: what the lamps show. */
export function countByClass(alarms: Iterable<AlarmView>): Counts {
  const tally = new Tally();
  for (const alarm of alarms) tally.count(alarm, 1);
  return tally.counts;
}

/** The counts, kept up alarm by alarm: sound asks for them with every change, and counting ten thousand takes time. */
class Tally {
  readonly #unacked = new Map<AlarmClass, number>();
  readonly #total = new Map<AlarmClass, number>();
  #counts: Counts | null = null;

  count(alarm: AlarmView, by: 1 | -1): void {
    this.#counts = null;
    this.#total.set(alarm.class, (this.#total.get(alarm.class) ?? 0) + by);
    if (isUnacked(alarm.state)) this.#unacked.set(alarm.class, (this.#unacked.get(alarm.class) ?? 0) + by);
  }

  clear(): void {
    this.#unacked.clear();
    this.#total.clear();
    this.#counts = null;
  }

  get counts(): Counts {
    const of = (c: AlarmClass): readonly [number, number] => [this.#unacked.get(c) ?? 0, this.#total.get(c) ?? 0];
    this.#counts ??= Object.fromEntries(CLASS_ORDER.map((c) => [c, of(c)] as const)) as Record<
      AlarmClass,
      readonly [number, number]
    >;
    return this.#counts;
  }
}

export class AlarmBook {
  readonly #open = new Map<string, AlarmView>();
  readonly #tally = new Tally();
  /** What changed since it was last asked for; null: everything may have. */
  #changed: Set<string> | null = null;
  readonly #closed = new Map<string, AlarmView>();
  #seq = 0;
  /** The newest change known in any way: what an act of this screen brought back may be ahead of the frames. */
  #newest = 0;
  #arrivals = 0;
  #resync: AlarmFrame[] | null = null;
  #overflow = false;

  /** Sequence of the last change seen. */
  get seq(): number {
    return this.#seq;
  }
  /** Rises whenever an alarm newly wants attention: raised, or back after it had been acknowledged. */
  get arrivals(): number {
    return this.#arrivals;
  }
  get size(): number {
    return this.#open.size;
  }
  get(id: string): AlarmView | undefined {
    return this.#open.get(id) ?? this.#closed.get(id);
  }
  closed(id: string): AlarmView | undefined {
    return this.#closed.get(id);
  }
  open(): IterableIterator<AlarmView> {
    return this.#open.values();
  }

  /** Takes a frame of changes. `gap`: changes before it were missed, so the caller must resync. */
  apply(frame: AlarmFrame): 'applied' | 'gap' | 'kept' {
    if (this.#resync) {
      if (this.#resync.length >= BOOK_LIMITS.framesDuringResync) this.#overflow = true;
      else this.#resync.push(frame);
    }
    const gap = this.#seq > 0 && frame.from > this.#seq + 1;
    for (const item of frame.items) this.#take(item);
    this.#seq = Math.max(this.#seq, frame.seq);
    return this.#resync ? 'kept' : gap ? 'gap' : 'applied';
  }

  /** One alarm as an act of this screen left it; that changes before it are still on their way is no gap. */
  put(item: AlarmView): void {
    this.apply({ from: this.#seq, seq: this.#seq, items: [item] });
  }

  /** Whether this is what the hub had when it made a beat; `ahead`: more is known here, so that the beat can't tell. */
  against({ seq, open, digest }: Pick<BeatFrame, 'seq' | 'open' | 'digest'>): 'equal' | 'differs' | 'ahead' {
    if (seq < Math.max(this.#seq, this.#newest)) return 'ahead';
    return seq === this.#seq && open === this.size && digest === openDigest(this.open()) ? 'equal' : 'differs';
  }

  /** From here on frames are kept beside, until `finishResync` lays them over the snapshot. */
  startResync(): void {
    this.#resync = [];
    this.#overflow = false;
  }
  abandonResync(): void {
    this.#resync = null;
  }

  /**
   * Replaces everything by a snapshot of the open alarms, then lays over it what arrived meanwhile. `seqAtStart` is
   * the sequence that the hub had announced before the snapshot was asked for. False: too much arrived, start again.
   */
  finishResync(items: readonly AlarmView[], seqAtStart: number): boolean {
    const frames = this.#resync ?? [];
    this.#resync = null;
    if (this.#overflow) return false;
    const before = new Map(this.#open);
    this.#empty();
    for (const item of items) {
      if (!isOpen(item.state)) continue;
      this.#put(item);
      const known = before.get(item.id);
      if (isUnacked(item.state) && !(known && isUnacked(known.state))) this.#arrivals += 1;
      this.#seq = Math.max(this.#seq, item.seq);
    }
    this.#seq = Math.max(this.#seq, seqAtStart);
    for (const [id, alarm] of before) if (!this.#open.has(id)) this.#remember({ ...alarm, state: 'normal' });
    for (const frame of frames) for (const item of frame.items) this.#take(item);
    return true;
  }

  /** Forgets everything, as after signing out. */
  clear(): void {
    this.#empty();
    this.#closed.clear();
    this.#seq = 0;
    this.#newest = 0;
    this.#resync = null;
  }

  counts(): Counts {
    return this.#tally.counts;
  }

  /** An alarm that is open now. */
  openOne(id: string): AlarmView | undefined {
    return this.#open.get(id);
  }

  /** Ids of what changed since this was last asked; null: everything may have. */
  takeChanged(): ReadonlySet<string> | null {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  #take(item: AlarmView): void {
    this.#newest = Math.max(this.#newest, item.seq);
    const known = this.#open.get(item.id) ?? this.#closed.get(item.id);
    // An older version than what is known can only come from a frame that a snapshot has overtaken.
    if (known && known.seq > item.seq) return;
    if (isOpen(item.state)) {
      const wanted = known !== undefined && isUnacked(known.state) && known.recurrences === item.recurrences;
      if (isUnacked(item.state) && !wanted) this.#arrivals += 1;
      this.#closed.delete(item.id);
      this.#put(item);
    } else {
      this.#drop(item.id);
      this.#remember(item);
    }
  }

  #put(item: AlarmView): void {
    this.#drop(item.id);
    this.#open.set(item.id, item);
    this.#tally.count(item, 1);
  }

  #drop(id: string): void {
    const known = this.#open.get(id);
    if (known) this.#tally.count(known, -1);
    this.#open.delete(id);
    this.#changed?.add(id);
  }

  #empty(): void {
    this.#open.clear();
    this.#tally.clear();
    this.#changed = null;
  }

  #remember(alarm: AlarmView): void {
    this.#closed.delete(alarm.id);
    this.#closed.set(alarm.id, alarm);
    const oldest = this.#closed.keys().next();
    if (this.#closed.size > BOOK_LIMITS.closedKept && !oldest.done) this.#closed.delete(oldest.value);
  }
}
