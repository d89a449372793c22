// Reads a frame of values: flat, four entries a point, latest wins.
import type { Quality } from '../../../device-profiles/contract/point.ts';
import type { ValuesFrame } from '../../../hub/live/contract.ts';

export interface LiveSample {
  readonly value: number | string | null;
  readonly quality: Quality;
  /** Source time, ms. */
  readonly time: number;
}

/** Index is the code on the wire (point.ts QUALITIES; a test compares them). */
export const QUALITY_CODES: readonly Quality[] = ['good', 'stale', 'bad', 'never'];

/** Lays [num, value, quality code, source time, num, …] over `into`. An unknown quality code is bad, never good. */
export function decodeValues(frame: ValuesFrame, into: Map<number, LiveSample>): void {
  for (let i = 0; i + 3 < frame.length; i += 4) {
    const [num, value, code, time] = [frame[i], frame[i + 1], frame[i + 2], frame[i + 3]];
    if (typeof num !== 'number' || typeof time !== 'number' || value === undefined) continue;
    into.set(num, { value, quality: QUALITY_CODES[Number(code)] ?? 'bad', time });
  }
}
