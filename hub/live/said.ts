// What screens say, taken with care: none of it can be trusted to have the form it should. Pure.
import { LIVE_LIMITS } from './limits.ts';

/** How often a screen, since it was opened, read all open alarms anew and met a digest unlike its own. */
export type Told = Readonly<Record<'resyncs' | 'mismatches', number>>;

/** Devices that a screen wants to watch; undefined when that is no list of names within bounds. */
export function devicesOf(want: unknown): string[] | undefined {
  if (typeof want !== 'object' || want === null) return undefined;
  const { devices = [] } = want as { devices?: unknown };
  if (!Array.isArray(devices) || devices.length > LIVE_LIMITS.devicesPerScreenMax) return undefined;
  const texts = devices.filter((d): d is string => typeof d === 'string' && d.length <= 140);
  return texts.length === devices.length ? [...new Set(texts)].toSorted() : undefined;
}

/** Counts that a screen reports; what is no count is 0. */
export function toldBy(report: unknown): Told {
  const { resyncs, mismatches } = (report ?? {}) as { readonly resyncs?: unknown; readonly mismatches?: unknown };
  const count = (n: unknown): number =>
    typeof n === 'number' && Number.isInteger(n) && n >= 0 && n <= LIVE_LIMITS.toldMax ? n : 0;
  return { resyncs: count(resyncs), mismatches: count(mismatches) };
}

/** A cookie of a request's header. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name && value !== undefined && value !== '') return decodeURIComponent(value);
  }
  return undefined;
}
