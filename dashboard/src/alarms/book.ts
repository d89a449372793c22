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
  const unacked = new Map<AlarmClass, number>();
  const total = new Map<AlarmClass, number>();
  for (const alarm of alarms) {
    total.set(alarm.class, (total.get(alarm.class) ?? 0) + 1);
    if (isUnacked(alarm.state)) unacked.set(alarm.class, (unacked.get(alarm.class) ?? 0) + 1);
  }
  const of = (c: AlarmClass): readonly [number, number] => [unacked.get(c) ?? 0, total.get(c) ?? 0];
  const entries = CLASS_ORDER.map((c) => [c, of(c)] as const);
  return Object.fromEntries(entries) as Record<AlarmClass, readonly [number, number]>;
}

export class AlarmBook {
  readonly #open = new Map<string, AlarmView>();
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
    this.#open.clear();
    for (const item of items) {
      if (!isOpen(item.state)) continue;
      this.#open.set(item.id, item);
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
    this.#open.clear();
    this.#closed.clear();
    this.#seq = 0;
    this.#newest = 0;
    this.#resync = null;
  }

  counts(): Counts {
    return countByClass(this.#open.values());
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
      this.#open.set(item.id, item);
    } else {
      this.#open.delete(item.id);
      this.#remember(item);
    }
  }

  #remember(alarm: AlarmView): void {
    this.#closed.delete(alarm.id);
    this.#closed.set(alarm.id, alarm);
    const oldest = this.#closed.keys().next();
    if (this.#closed.size > BOOK_LIMITS.closedKept && !oldest.done) this.#closed.delete(oldest.value);
  }
}
