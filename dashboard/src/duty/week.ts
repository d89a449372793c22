// Days and weeks of the roster in the community's time, whatever zone this machine is set to.
import { DEFAULT_TIME_ZONE, timeFormats } from '../kit/time.ts';

const DAY_MS = 86_400_000;

/** ms of a date (YYYY-MM-DD) and time (HH:MM) as the community's clocks show them; NaN when they are none. */
export function zonedMs(date: string, minute: string, timeZone = DEFAULT_TIME_ZONE): number {
  const guess = Date.parse(`${date}T${minute}:00Z`);
  if (!Number.isFinite(guess)) return NaN;
  const shown = Date.parse(`${timeFormats(timeZone).full(guess).replace(' ', 'T')}Z`);
  return guess - (shown - guess);
}

/** The date so many days after another. */
export const plusDays = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** The Monday of a date's week. */
export function mondayOf(date: string): string {
  const weekday = (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
  return plusDays(date, -weekday);
}

/** The seven dates from a Monday on. */
export const weekFrom = (monday: string): string[] => Array.from({ length: 7 }, (_, i) => plusDays(monday, i));

/** End of a shift as ms: a time not after its beginning is of the next day. */
export function endOf(date: string, from: string, to: string): number {
  return zonedMs(to > from ? date : plusDays(date, 1), to);
}
