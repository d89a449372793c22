// The period of figures as people name it (a shift, a day, a week, a month, a range) in instants. Pure: the community's
// own clock decides where a day begins, and a day may have 23 or 25 hours.
import type { Static } from 'typebox';
import { refuse, ok, type Result } from '../../errors.ts';
import type { PeriodQuery } from './contract.ts';
import { FIGURES_LIMITS } from './rule.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export interface Period {
  readonly from: number;
  readonly to: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  formats.set(timeZone, made);
  return made;
}

/** What the clock of a time zone shows at an instant, as ms of that date and time in UTC. */
function shownAt(ms: number, timeZone: string): number {
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(ms)
      .map((p) => [p.type, p.value]),
  );
  const { year, month, day, hour, minute, second } = parts;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/**
 * The instant at which a zone's clock shows `local` (YYYY-MM-DDTHH:MM). What the clock skips is the instant of the
 * change; what it shows twice is the first time. NaN where it is no time.
 */
export function instantOf(local: string, timeZone: string): number {
  const wanted = Date.parse(`${local}:00Z`);
  if (!Number.isFinite(wanted)) return NaN;
  const guesses = [wanted - DAY_MS / 2, wanted + DAY_MS / 2].map((near) => wanted - (shownAt(near, timeZone) - near));
  const exact = guesses.filter((g) => shownAt(g, timeZone) === wanted);
  if (exact.length > 0) return Math.min(...exact);
  let [low, high] = [Math.min(...guesses) - HOUR_MS, Math.max(...guesses) + HOUR_MS];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (shownAt(middle, timeZone) < wanted) low = middle;
    else high = middle;
  }
  return high;
}

const plusDays = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

const isDate = (date: string): boolean => {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(date);
};

function mondayOf(date: string): string {
  return plusDays(date, -((new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7));
}

function nextMonth(date: string): string {
  const [year = 0, month = 0] = date.split('-').map(Number);
  return month === 12 ? `${year + 1}-01-01` : `${year}-${String(month + 1).padStart(2, '0')}-01`;
}

const hourText = (hour: number): string => `T${String(hour).padStart(2, '0')}:00`;

/** The hours at which shifts begin, ascending. */
export const shiftStarts = (hours: readonly number[]): number[] => hours.toSorted((a, b) => a - b);

/** From then on it is this shift of the day, from 0, until the next begins. */
export interface ShiftSpan {
  readonly from: number;
  readonly shift: number;
}

/** The shifts that a period has part of, in order; the first begins at or before it. */
export function shiftsWithin({ from, to }: Period, timeZone: string, hours: readonly number[]): ShiftSpan[] {
  const starts = shiftStarts(hours);
  const found: ShiftSpan[] = [];
  const dateOf = (ms: number): string => new Date(shownAt(ms, timeZone)).toISOString().slice(0, 10);
  const last = dateOf(to);
  for (let date = plusDays(dateOf(from), -1); date <= last; date = plusDays(date, 1))
    for (const [shift, hour] of starts.entries()) {
      const span = { from: instantOf(`${date}${hourText(hour)}`, timeZone), shift };
      if (span.from <= from) found.splice(0, found.length, span);
      else if (span.from < to) found.push(span);
    }
  return found;
}

/**
 * @param hours at which shifts begin by the site's clock
 * @returns [from, to), or the refusal `bad-request` naming what is wrong
 */
export function periodOf(
  query: Static<typeof PeriodQuery>,
  timeZone: string,
  hours: readonly number[],
): Result<Period> {
  const instant = (local: string): number => instantOf(local, timeZone);
  if (query.period === 'range') {
    const [from, to] = [instant(query.from ?? ''), instant(query.to ?? '')];
    if (!Number.isFinite(from)) return refuse('bad-request', 'from');
    if (!Number.isFinite(to) || to <= from) return refuse('bad-request', 'to');
    if (to - from > FIGURES_LIMITS.rangeDaysMax * DAY_MS) return refuse('out-of-range', 'to');
    return ok({ from, to });
  }
  const on = query.on ?? '';
  if (!isDate(on)) return refuse('bad-request', 'on');
  if (query.period === 'shift') {
    const starts = shiftStarts(hours);
    const index = query.shift ?? 0;
    const [begin, next] = [starts[index], starts[index + 1]];
    if (begin === undefined) return refuse('bad-request', 'shift');
    const end = next === undefined ? `${plusDays(on, 1)}${hourText(starts[0] ?? 0)}` : `${on}${hourText(next)}`;
    return ok({ from: instant(`${on}${hourText(begin)}`), to: instant(end) });
  }
  const first = query.period === 'day' ? on : query.period === 'week' ? mondayOf(on) : `${on.slice(0, 7)}-01`;
  const end =
    query.period === 'day' ? plusDays(on, 1) : query.period === 'week' ? plusDays(first, 7) : nextMonth(first);
  return ok({ from: instant(`${first}T00:00`), to: instant(`${end}T00:00`) });
}
