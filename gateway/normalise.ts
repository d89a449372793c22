// Which time a value gets: the device's own where it is plausible, else the time at which it was received. Pure.
import type { Reading } from './drivers/driver.ts';

/**
 * How far a device's clock may be from ours and still be believed, ms. Ahead: drift and rounding between two clocks that
 * are set now and then. Behind, for present values: the longest that a radio terminal keeps a message back. Behind, for
 * records sent late: 600 records (the most a known terminal keeps) an hour apart are 25 days.
 */
export const SOURCE_TIME_LIMITS = {
  aheadMs: 60_000,
  behindMs: 60 * 60_000,
  historyBehindMs: 31 * 86_400_000,
} as const;

/** Whether `time` (device's, ms UTC) can be true of something received at `receivedTime`. */
export function isPlausible(time: number, receivedTime: number, historical: boolean): boolean {
  const behind = historical ? SOURCE_TIME_LIMITS.historyBehindMs : SOURCE_TIME_LIMITS.behindMs;
  return time <= receivedTime + SOURCE_TIME_LIMITS.aheadMs && time >= receivedTime - behind;
}

/**
 * Present values with the device's time. An implausible clock does not make the value bad: it keeps its quality, says
 * `source-clock` where nothing worse is to say, and goes by received time. Of whole milliseconds, as the wire wants them.
 */
export function withSourceTime(
  readings: readonly Reading[],
  time: number | undefined,
  receivedTime: number,
): readonly Reading[] {
  if (time === undefined) return readings;
  if (isPlausible(time, receivedTime, false)) return readings.map((r) => ({ ...r, sourceTime: Math.trunc(time) }));
  return readings.map((r) => (r.reason === '' ? { ...r, reason: 'source-clock' as const } : r));
}

/**
 * Records that a device kept and sends late. One without a believable time can't be put anywhere in history, so it is
 * undefined: the caller counts it.
 */
export function asHistory(
  readings: readonly Reading[],
  time: number,
  receivedTime: number,
): readonly Reading[] | undefined {
  if (!isPlausible(time, receivedTime, true)) return undefined;
  return readings.map((r) => ({ ...r, sourceTime: Math.trunc(time), historical: true }));
}
