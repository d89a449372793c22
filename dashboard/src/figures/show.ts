// Figures as people read them. What there is no data for is said in words, never as 0.
import type { Key } from '../app/words.ts';

/** Of 0–1, with one decimal where it matters: 0.4 %, 12 %, 99.95 %. */
export function percent(share: number): string {
  const of = share * 100;
  if (of === 0 || of === 100) return `${of} %`;
  // Never rounded up to whole, nor down to nothing: 99.996 % available is not 100 %.
  if (of > 99) return `${(Math.floor(of * 100) / 100).toFixed(2)} %`;
  if (of < 0.1) return '< 0.1 %';
  return `${of < 10 ? of.toFixed(1) : Math.round(of)} %`;
}

export const rate = (value: number): string =>
  value < 10 ? value.toFixed(value < 1 ? 2 : 1) : String(Math.round(value));

/** A figure beside its line: above it (or below, where more is better) it is marked. */
export function beyond(value: number | null, limit: number, better: 'less' | 'more' = 'less'): boolean {
  if (value === null) return false;
  return better === 'less' ? value > limit : value < limit;
}

export type Verdict = 'good' | 'over' | 'none';
export const verdictOf = (value: number | null, limit: number, better?: 'less' | 'more'): Verdict =>
  value === null ? 'none' : beyond(value, limit, better) ? 'over' : 'good';

export const NO_DATA: Key = 'ui.figures.no-data';

/** Ages of what stands disabled or shelved, as the hub groups them. */
export const AGES = [
  'ui.figures.age.day',
  'ui.figures.age.week',
  'ui.figures.age.month',
  'ui.figures.age.more',
] as const satisfies readonly Key[];

/** 00–08 by the hours at which shifts begin. */
export function shiftName(shifts: readonly number[], index: number): string {
  const two = (hour: number): string => String(hour).padStart(2, '0');
  const [from, to] = [shifts[index], shifts[index + 1] ?? shifts[0]];
  if (from === undefined || to === undefined) return String(index + 1);
  return shifts.length === 1
    ? `${two(from)}–${two(from)}`
    : `${two(from)}–${two(index === shifts.length - 1 && to === 0 ? 24 : to)}`;
}
