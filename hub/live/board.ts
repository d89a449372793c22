// The open alarms of one community as the live channel sums them up: count, lamps, digest. Pure; kept up change by change.
import { ALARM_CLASSES, type AlarmClass } from '../../device-profiles/contract/signal.ts';
import type { AlarmState, AlarmView } from '../alarms/contract.ts';
import { RunningDigest } from './digest.ts';

/** States in which nobody has acknowledged yet. */
const UNACKED: ReadonlySet<AlarmState> = new Set<AlarmState>(['unacked-active', 'unacked-cleared', 'latched-unacked']);

interface Open {
  readonly seq: number;
  readonly class: AlarmClass;
  readonly unacked: boolean;
}

export type Changed = Pick<AlarmView, 'id' | 'seq' | 'class' | 'state'>;

export class Board {
  readonly #open = new Map<string, Open>();
  readonly #digest = new RunningDigest();
  readonly #lamps = new Map<AlarmClass, { unacked: number; total: number }>(
    ALARM_CLASSES.map((c) => [c, { unacked: 0, total: 0 }]),
  );
  /** Number of the last change taken. */
  seq: number;

  constructor(seq: number) {
    this.seq = seq;
  }

  get size(): number {
    return this.#open.size;
  }
  get digest(): string {
    return this.#digest.text;
  }
  /** Only classes with something open. */
  get lamps(): Partial<Record<AlarmClass, [unacked: number, total: number]>> {
    const out: Partial<Record<AlarmClass, [number, number]>> = {};
    for (const [c, { unacked, total }] of this.#lamps) if (total > 0) out[c] = [unacked, total];
    return out;
  }

  /** An alarm as last changed; one that is normal is open no more. */
  take(alarm: Changed): void {
    const before = this.#open.get(alarm.id);
    if (before) {
      this.#digest.remove({ id: alarm.id, seq: before.seq });
      this.#count(before, -1);
      this.#open.delete(alarm.id);
    }
    if (alarm.state !== 'normal') {
      const now = { seq: alarm.seq, class: alarm.class, unacked: UNACKED.has(alarm.state) };
      this.#open.set(alarm.id, now);
      this.#digest.add(alarm);
      this.#count(now, 1);
    }
    if (alarm.seq > this.seq) this.seq = alarm.seq;
  }

  #count(open: Open, by: 1 | -1): void {
    const lamp = this.#lamps.get(open.class);
    if (!lamp) return;
    lamp.total += by;
    if (open.unacked) lamp.unacked += by;
  }
}
