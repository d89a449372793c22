// What duty decides, without I/O: who may take over, when who leaves is free, random moments, warnings of certificates.
import type { RefusalCode } from '../errors.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface Span {
  /** ms wall */
  readonly from: number;
  readonly to: number;
}

/** What is known of someone who wants to take over. */
export interface Candidate {
  readonly now: number;
  /** The control-room shifts they are rostered for and have not handed over, soonest first. */
  readonly shifts: readonly (Span & { readonly id: string })[];
  /** When their certificate runs out, ms wall; undefined without one. */
  readonly certifiedUntil: number | undefined;
  readonly present: boolean;
  /** End of their last time on duty, ms wall; undefined when there was none. */
  readonly lastEnd: number | undefined;
}
export interface WatchTimes {
  readonly takeOverEarlyMinutes: number;
  readonly restHoursMin: number;
}

export type TakeOver =
  | { readonly ok: true; readonly shift: Span & { readonly id: string } }
  | {
      readonly ok: false;
      readonly code: Extract<RefusalCode, 'already-done' | 'no-certificate' | 'not-rostered' | 'too-little-rest'>;
    };

/**
 * [F1] Whether someone may take over at this moment, and for which shift: rostered now or soon, certified now, rested.
 * A shift that is taken over early needs rest until then too.
 */
export function mayTakeOver(who: Candidate, times: WatchTimes): TakeOver {
  if (who.present) return { ok: false, code: 'already-done' };
  if (who.certifiedUntil === undefined || who.certifiedUntil <= who.now) return { ok: false, code: 'no-certificate' };
  const early = times.takeOverEarlyMinutes * MINUTE;
  const shift = who.shifts.find((s) => s.from - early <= who.now && who.now < s.to);
  if (!shift) return { ok: false, code: 'not-rostered' };
  if (who.lastEnd !== undefined && who.now - who.lastEnd < times.restHoursMin * HOUR)
    return { ok: false, code: 'too-little-rest' };
  return { ok: true, shift };
}

/**
 * Whether those who leave are free: the room without them holds the minimum, or as many as there were when that was
 * fewer. Counts are of certified people.
 * @param present everyone on duty, those who leave and those who have just signed included
 */
export function isReleased(
  present: readonly string[],
  leaving: readonly string[],
  before: number,
  minimum: number,
): boolean {
  const stay = present.filter((p) => !leaving.includes(p)).length;
  return stay >= Math.min(minimum, Math.max(1, before));
}

/** [F1] Rest between any two planned shifts of a person: false when they are closer than the rule allows. */
export const isRested = (shift: Span, others: readonly Span[], restHoursMin: number): boolean =>
  others.every((o) => shift.from - o.to >= restHoursMin * HOUR || o.from - shift.to >= restHoursMin * HOUR);

/** Not in the first and last minutes of a shift, when people hand over. */
const EDGE_MS = 10 * MINUTE;

/** Random moments within a shift, one in each of its equal parts, ms wall. `random` gives [0, 1). */
export function randomMoments(shift: Span, count: number, random: () => number): number[] {
  const whole = shift.to - shift.from - 2 * EDGE_MS;
  if (whole <= 0 || count <= 0) return [];
  const part = whole / count;
  return Array.from({ length: count }, (_, i) => Math.round(shift.from + EDGE_MS + (i + random()) * part));
}

/** What the look at a certificate says: which warning holds now, and when to look again. */
export interface Warning {
  /** The smallest of the rule's days that is reached; undefined before the first, and after the end. */
  readonly days: number | undefined;
  /** ms wall; undefined when nothing more comes. */
  readonly nextAt: number | undefined;
}

/** @param until when the certificate runs out, ms wall */
export function warningOf(until: number, days: readonly number[], now: number): Warning {
  if (until <= now) return { days: undefined, nextAt: undefined };
  const reached = days.filter((d) => until - d * DAY <= now);
  const ahead = days.map((d) => until - d * DAY).filter((t) => t > now);
  return {
    days: reached.length === 0 ? undefined : Math.min(...reached),
    nextAt: ahead.length === 0 ? undefined : Math.min(...ahead),
  };
}

/** Whole days until a moment, rounded up: 0 on the last day once it is over. */
export const daysUntil = (until: number, now: number): number => Math.max(0, Math.ceil((until - now) / DAY));

/** Times of a week in which fewer certified people are rostered than the minimum, in order. */
export function thinSpans(
  week: Span,
  shifts: readonly (Span & { readonly people: readonly string[] })[],
  minimum: number,
): (Span & { readonly people: number })[] {
  const inside = shifts.filter((s) => s.to > week.from && s.from < week.to);
  const cuts = [week.from, week.to, ...inside.flatMap((s) => [s.from, s.to])]
    .filter((t) => t >= week.from && t <= week.to)
    .toSorted((a, b) => a - b);
  const thin: (Span & { people: number })[] = [];
  for (const [i, from] of cuts.entries()) {
    const to = cuts[i + 1];
    if (to === undefined || to === from) continue;
    const people = new Set(inside.filter((s) => s.from <= from && s.to >= to).flatMap((s) => s.people)).size;
    if (people >= minimum) continue;
    const last = thin.at(-1);
    if (last && last.to === from && last.people === people) thin[thin.length - 1] = { ...last, to };
    else thin.push({ from, to, people });
  }
  return thin;
}
