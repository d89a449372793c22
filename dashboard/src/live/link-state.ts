// Frozen is not quiet: what the age of the last heartbeat means (screens.md A 1).

export const LINK_LIMITS = {
  /** Past this age of the last beat the screen says that it is late (amber), ms. */
  lateMs: 3_000,
  /** Past this age the screen declares itself invalid: overlay, values "—", its own tone, ms. */
  deadMs: 5_000,
  /** How often the age is looked at, by a worker that browsers don't throttle in hidden tabs, ms. */
  lookEveryMs: 250,
  /** The desk tells the hub of its audio and visibility at least this often, ms: silence for 10 s raises an alarm. */
  deskReportEveryMs: 3_000,
  /** Difference between this machine's clock and the hub's that is worth a word, ms. */
  skewMs: 2_000,
} as const;

export type LinkState = 'starting' | 'live' | 'late' | 'dead';

/** `ageMs` is since the last beat, or since the start when none was ever heard. */
export function linkState(ageMs: number, everHeard: boolean): LinkState {
  if (ageMs > LINK_LIMITS.deadMs) return 'dead';
  if (!everHeard) return 'starting';
  return ageMs > LINK_LIMITS.lateMs ? 'late' : 'live';
}

/**
 * Age of the last beat from two clocks of this machine. The monotonic one may stop while the machine sleeps, the wall
 * clock may be set: the larger age is believed, because a false "frozen" lasts one second and a false "live" does not.
 */
export const beatAge = (
  heard: { readonly mono: number; readonly wall: number },
  now: { readonly mono: number; readonly wall: number },
): number => Math.max(now.mono - heard.mono, now.wall - heard.wall, 0);

const OFFSETS_KEPT = 10;

/**
 * Difference "hub clock − this clock" (ms) from the last beats: transit only ever makes a beat look older, so the
 * largest of the recent differences is nearest to the truth.
 */
export function nextOffsets(offsets: readonly number[], offset: number): readonly number[] {
  const last = offsets.at(-1);
  // One of the clocks was set: what was measured before is worthless.
  const kept = last !== undefined && Math.abs(offset - last) > LINK_LIMITS.skewMs ? [] : offsets;
  return [...kept, offset].slice(-OFFSETS_KEPT);
}
