// From what is known of points to "the signal is raised": conditions with their delays, one track a signal. Pure.
//
// A track follows the truth of its condition by *evidence*: the received times of the gateway's records, less what its
// clock was set by (ingest/evidence.ts). So a backlog that arrives in a burst gives the same raises as it would have
// given live, and a clock that is set gives none. While no record says anything new, time
// passes by `elapse`, which the timer table drives. A gap makes the truth `unknown`: it holds what is raised, and a
// delay that was running starts anew (hard rule 5).
import { expandSignals, type PointSignal, type Truth } from '../../device-profiles/contract/conditions.ts';
import type { BirthDevice, BirthModel } from '../../device-profiles/contract/wire.ts';

export interface Delays {
  readonly onDelayMs?: number | undefined;
  readonly offDelayMs?: number | undefined;
}

export interface Track {
  readonly truth: Truth;
  /** The truth the last time it was known: hysteresis goes by it. */
  readonly held: boolean;
  /** After delays: the signal is raised. */
  readonly raised: boolean;
  /** The condition has denied `raised` since then (evidence time, ms), and its delay is running. */
  readonly since: number | null;
  /** The run of the gateway in which `since` was; absent where no delay is running. */
  readonly run?: number;
}

/** A signal of which nothing is known yet. */
export const UNKNOWN: Track = { truth: 'unknown', held: false, raised: false, since: null };

export interface Edge {
  readonly to: 'raise' | 'clear';
  /** Evidence time at which it happened, delays included, ms. */
  readonly at: number;
}

export interface Advanced {
  readonly track: Track;
  readonly edges: readonly Edge[];
}

const NO_EDGES: readonly Edge[] = [];
const delayOf = (raised: boolean, d: Delays): number => (raised ? d.offDelayMs : d.onDelayMs) ?? 0;

/**
 * The condition is found to be `truth` at `at`.
 * @param since when the condition is known to have become so, if earlier than `at` (a snapshot tells), ms
 */
export function advance(before: Track, truth: Truth, at: number, delays: Delays, since = at): Advanced {
  // What was running ran on until this record.
  const { track, edges } = elapse(before, at, delays);
  if (truth === 'unknown') {
    if (track.truth === 'unknown' && track.since === null) return { track, edges };
    return { track: { ...track, truth, since: null }, edges };
  }
  const wants = truth === 'true';
  if (wants === track.raised) {
    if (track.truth === truth && track.held === wants && track.since === null) return { track, edges };
    return { track: { truth, held: wants, raised: track.raised, since: null }, edges };
  }
  const started = { truth, held: wants, raised: track.raised, since: track.since ?? Math.min(since, at) };
  const done = elapse(started, at, delays);
  return edges.length === 0 ? done : { track: done.track, edges: [...edges, ...done.edges] };
}

/** Time has come to `now` (evidence time) and nothing new was heard: a delay that is over takes effect. */
export function elapse(track: Track, now: number, delays: Delays): Advanced {
  if (track.since === null) return { track, edges: NO_EDGES };
  const at = track.since + delayOf(track.raised, delays);
  if (now < at) return { track, edges: NO_EDGES };
  return {
    track: { ...track, raised: !track.raised, since: null },
    edges: [{ to: track.raised ? 'clear' : 'raise', at }],
  };
}

/** How much longer the running delay takes, ms from evidence time `now`; undefined when none is running. */
export function remaining(track: Track, now: number, delays: Delays): number | undefined {
  return track.since === null ? undefined : Math.max(0, track.since + delayOf(track.raised, delays) - now);
}

/**
 * A track as it stands in a run of the gateway: that it began anew is a gap, and between two runs no time is known. So a
 * delay that was running starts anew, whatever the clock says by then.
 */
export function inRun(track: Track, run: number): Track {
  if (track.since === null || track.run === run) return track;
  const { run: _, ...rest } = track;
  return { ...rest, truth: 'unknown', since: null };
}

/** The signals of every device of a birth, by device id; a device whose model is missing has none. */
export function signalsOfBirth(
  devices: readonly BirthDevice[],
  models: readonly BirthModel[],
): Map<string, readonly PointSignal[]> {
  const byHash = new Map(models.map((m) => [m.hash, m]));
  return new Map(devices.map((d) => [d.id, expandSignals(byHash.get(d.model)?.signals ?? [], d.points)]));
}
