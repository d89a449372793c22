// What a datetime field says, as a moment in the community's own time zone, whatever zone this machine is set to.
import { zonedMs } from '../duty/week.ts';

/** @param local as `datetime-local` gives it, e.g. 2026-11-23T09:30; null when it is not a time */
export function toIso(local: string, timeZone: string): string | null {
  const [date, minute] = local.split('T');
  if (date === undefined || minute === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(date)) return null;
  const ms = zonedMs(date, minute.slice(0, 5), timeZone);
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}
