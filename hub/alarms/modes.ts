// Which mode covers a place: drill before maintenance when both do. Pure.
import type { Mode } from './machine.ts';
import type { ModeRow } from './store.ts';

export interface Place {
  readonly community: string;
  readonly device: string;
  readonly building: string | null;
  readonly floor: number | null;
}

/** Devices named cover those only; else the building and floor named, each of which may be left open. */
export function covers(m: Pick<ModeRow, 'community' | 'building' | 'floor' | 'devices'>, p: Place): boolean {
  if (m.community !== p.community) return false;
  if (m.devices.length > 0) return m.devices.includes(p.device);
  return (m.building === null || m.building === p.building) && (m.floor === null || m.floor === p.floor);
}

/** The mode in force over a place at `now` (ms), or null. */
export function modeOver(modes: readonly ModeRow[], p: Place, now: number): Mode | null {
  let found: Mode | null = null;
  for (const m of modes) {
    if (m.until_at.getTime() <= now || !covers(m, p)) continue;
    if (m.mode === 'drill') return 'drill';
    found = m.mode;
  }
  return found;
}
