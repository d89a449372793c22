// What leaves the spool and in which order: what all consumers have, then, when space is short, telemetry before safety.
import type { Lane } from '../../device-profiles/contract/point.ts';
import type { SpoolLimits } from './limits.ts';
import type { Segment } from './segments.ts';
import type { LaneStore } from './store.ts';

export interface RetentionView {
  readonly store: (lane: Lane) => LaneStore;
  /** Last sequence that every consumer has. */
  readonly needed: (lane: Lane) => number;
  /** The same as the cursors on disk say it: what a start after a crash will not ask for again. */
  readonly released: (lane: Lane) => number;
  readonly limits: SpoolLimits;
  /** Wall clock, ms. */
  readonly now: number;
  /** A segment was given up though a consumer still needed `records` of it. */
  readonly lost: (lane: Lane, segment: Segment, records: number) => void;
}

/** Lets go what may go, then what must. */
export async function evict(view: RetentionView): Promise<void> {
  const safety = view.store('safety');
  const telemetry = view.store('telemetry');
  const has = (lane: Lane, s: Segment | undefined): boolean => s !== undefined && s.last <= view.released(lane);
  while (has('telemetry', telemetry.segments[0])) await telemetry.dropOldest();
  for (let s = safety.segments[0]; s && mayForget(view, s); s = safety.segments[0]) await safety.dropOldest();
  while (safety.bytes + telemetry.bytes > view.limits.maxBytes)
    if (!(await giveUpOldest(view, 'telemetry')) && !(await giveUpOldest(view, 'safety'))) return;
}

/** Whether a safety segment has been kept as long as promised: the hub may be restored from a backup and ask again. */
function mayForget(view: RetentionView, oldest: Segment): boolean {
  const released = view.released('safety');
  if (oldest.last > released) return false;
  const kept = view.store('safety').segments.reduce((sum, s) => sum + (s.last <= released ? s.bytes : 0), 0);
  return kept > view.limits.safetyKeptBytes || view.now - oldest.lastTime > view.limits.safetyKeptMs;
}

async function giveUpOldest(view: RetentionView, lane: Lane): Promise<boolean> {
  const store = view.store(lane);
  if (store.segments.length === 0) await store.seal();
  const segment = await store.dropOldest();
  if (!segment) return false;
  const lost = segment.last - Math.max(segment.first - 1, view.needed(lane));
  if (lost > 0) view.lost(lane, segment, lost);
  return true;
}

/**
 * For a lane whose write met a full disk: telemetry goes, then safety records that all consumers have; never a safety
 * record that is still needed. @returns whether anything went
 */
export async function relieve(view: RetentionView, lane: Lane): Promise<boolean> {
  if (await giveUpOldest(view, 'telemetry')) return true;
  const oldest = view.store('safety').segments[0];
  if (lane !== 'safety' || !oldest || oldest.last > view.needed('safety')) return false;
  return giveUpOldest(view, 'safety');
}
