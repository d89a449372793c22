// Which sound must be heard now. Sound lasts until every alarm is acknowledged; silence is short and any new alarm
// ends it (REQUIREMENTS S2, standards.md 3: silence is not acknowledge).
import type { AlarmClass } from '../../../device-profiles/contract/signal.ts';
import type { Counts } from './book.ts';
import { CLASS_ORDER } from './classes.ts';

export const SOUND_LIMITS = {
  /** Longest silence, ms. */
  silenceMs: 120_000,
} as const;

/** `arrivals` is the count of alarms that had asked for attention when silence was pressed. */
export interface Silence {
  readonly until: number;
  readonly arrivals: number;
}

export const silence = (now: number, arrivals: number): Silence => ({
  until: now + SOUND_LIMITS.silenceMs,
  arrivals,
});

export interface Sounding {
  /** The worst unacknowledged class, whatever is filtered or silenced; null when all is acknowledged. */
  readonly worst: AlarmClass | null;
  /** What must be heard; null while silenced. */
  readonly play: AlarmClass | null;
  /** ms of silence left, 0 when none. */
  readonly silencedMs: number;
}

/** @param now ms of a clock that does not jump back (the caller's monotonic clock, as for `silence`) */
export function sounding(counts: Counts, arrivals: number, silenced: Silence | null, now: number): Sounding {
  const worst = CLASS_ORDER.find((c) => counts[c][0] > 0) ?? null;
  const holds = silenced !== null && silenced.arrivals === arrivals && now < silenced.until;
  // Bounded from above too, should the clock that is handed in ever go back.
  const left = holds ? Math.min(silenced.until - now, SOUND_LIMITS.silenceMs) : 0;
  return { worst, play: holds ? null : worst, silencedMs: worst === null ? 0 : left };
}
