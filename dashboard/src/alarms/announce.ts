// What a screen reader is told of new alarms: the place where there are few, a count in a flood, and never faster than it
// can be listened to. Pure.
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import type { Counts } from './book.ts';
import { CLASS_ORDER, isLifeSafety, isUnacked } from './classes.ts';

export const ANNOUNCE = {
  /** Between two words of one kind, ms: what comes meanwhile is gathered. */
  gapMs: 3_000,
  /** So many new ones at once are told as a count. */
  flood: 10,
} as const;

/** What is to be said now. */
export interface Said {
  /** New alarms for a life: the most urgent of them, how many came, and how many of its class nobody has acknowledged. */
  readonly urgent?: { readonly first: AlarmView; readonly n: number; readonly flood: number | null };
  /** How many others nobody has acknowledged, where that has risen. */
  readonly plain?: number;
  /** Something was held back: ask again. */
  readonly later: boolean;
}

export class Announcements {
  readonly #told = new Set<string>();
  #plain = 0;
  #urgentAt = -Infinity;
  #plainAt = -Infinity;

  /** @param now ms of a clock that does not jump; `sorted` has life safety first, as the list has */
  next(sorted: readonly AlarmView[], counts: Counts, now: number): Said {
    const urgent = this.#nextUrgent(sorted, counts, now);
    const others = CLASS_ORDER.reduce((n, c) => n + (isLifeSafety(c) ? 0 : counts[c][0]), 0);
    const rises = others > this.#plain;
    const plainNow = rises && now - this.#plainAt >= ANNOUNCE.gapMs;
    if (plainNow || !rises) this.#plain = others;
    if (plainNow) this.#plainAt = now;
    return {
      ...(urgent.said ? { urgent: urgent.said } : {}),
      ...(plainNow ? { plain: others } : {}),
      later: urgent.later || (rises && !plainNow),
    };
  }

  #nextUrgent(
    sorted: readonly AlarmView[],
    counts: Counts,
    now: number,
  ): { readonly said?: NonNullable<Said['urgent']>; readonly later: boolean } {
    const fresh: AlarmView[] = [];
    const waiting = new Set<string>();
    for (const alarm of sorted) {
      if (!isLifeSafety(alarm.class)) break;
      if (!isUnacked(alarm.state)) continue;
      waiting.add(alarm.id);
      if (!this.#told.has(alarm.id)) fresh.push(alarm);
    }
    // Acknowledged or closed: should it come back, it is told anew.
    for (const id of this.#told) if (!waiting.has(id)) this.#told.delete(id);
    const [first] = fresh;
    if (!first) return { later: false };
    if (now - this.#urgentAt < ANNOUNCE.gapMs) return { later: true };
    this.#urgentAt = now;
    for (const alarm of fresh) this.#told.add(alarm.id);
    const flood = fresh.length >= ANNOUNCE.flood ? counts[first.class][0] : null;
    return { said: { first, n: fresh.length, flood }, later: false };
  }
}
