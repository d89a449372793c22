// When something was, by a gateway's records, so that durations between two records come out whatever was done to its
// clock (wire.ts, Timebase). Pure.
import type { Sample, Timebase } from '../../device-profiles/contract/wire.ts';

/** A moment of a gateway: its time less what its clock had been set by. Moments of two runs can't be compared. */
export interface Moment {
  /** ms; passes evenly within a run */
  readonly ms: number;
  readonly base: Timebase;
}

/** Older gateways do not say what their times are on: one run, and a clock that is never set. */
const UNTOLD: Timebase = { run: 0, jumped: 0 };

/** @param wall the gateway's time, ms */
export function momentAt(wall: number, base: Timebase = UNTOLD): Moment {
  return { ms: wall - base.jumped, base };
}

export const momentOf = (s: Sample): Moment => momentAt(s.receivedTime, s.timebase);

/** The time on the gateway's clock, as set by then, at a moment; ms. */
export const wallOf = ({ ms, base }: Moment): number => ms + base.jumped;

/** No gateway's process has this number. */
const NO_RUN = -1;

/**
 * The same moment, of no run: what was running before it is not known to have run until then, so that no delay is over by
 * it (a gateway whose snapshot came, and no record since: what its lanes had still to tell nobody knows).
 */
export const apart = ({ ms, base }: Moment): Moment => ({ ms, base: { ...base, run: NO_RUN } });

/** The later one: a later run, or later in the same run. Of who does not say what its times are on, what was told last. */
export function laterOf(a: Moment | undefined, b: Moment): Moment {
  if (a === undefined || a.base.run < b.base.run || b.base === UNTOLD) return b;
  return a.base.run > b.base.run || a.ms > b.ms ? a : b;
}
