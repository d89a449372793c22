// Which period the figures are of, as the address has it; the one before and after. Dates are the site's own.
import { mondayOf, plusDays } from '../duty/week.ts';

export const PERIODS = ['shift', 'day', 'week', 'month', 'range'] as const;
export type PeriodKind = (typeof PERIODS)[number];

export interface Chosen {
  readonly period: PeriodKind;
  readonly on: string;
  readonly shift: number;
  /** Of a range, YYYY-MM-DDTHH:MM. */
  readonly from: string;
  readonly to: string;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/;

/** What the address asks for; what it leaves out is this week. @param today YYYY-MM-DD at the site */
export function chosenOf(query: Readonly<Record<string, string>>, today: string): Chosen {
  const period = PERIODS.find((p) => p === query['period']) ?? 'week';
  const on = DATE.test(query['on'] ?? '') ? (query['on'] ?? today) : today;
  const moment = (name: string, otherwise: string): string =>
    MOMENT.test(query[name] ?? '') ? (query[name] ?? otherwise) : otherwise;
  return {
    period,
    on,
    shift: Math.max(0, Math.trunc(Number(query['shift'] ?? 0)) || 0),
    from: moment('from', `${on}T00:00`),
    to: moment('to', `${plusDays(on, 1)}T00:00`),
  };
}

/** The same for the address and for the hub. */
export function queryOf({ period, on, shift, from, to }: Chosen): Record<string, string> {
  if (period === 'range') return { period, from, to };
  return period === 'shift' ? { period, on, shift: String(shift) } : { period, on };
}

function plusMonths(date: string, months: number): string {
  const [year = 0, month = 1] = date.split('-').map(Number);
  const n = year * 12 + month - 1 + months;
  return `${Math.floor(n / 12)}-${String((n % 12) + 1).padStart(2, '0')}-01`;
}

/** The period so many further on; a range has none. @param shifts how many a day has */
export function moved(chosen: Chosen, by: -1 | 1, shifts: number): Chosen {
  const { period, on, shift } = chosen;
  if (period === 'range') return chosen;
  if (period === 'day') return { ...chosen, on: plusDays(on, by) };
  if (period === 'week') return { ...chosen, on: plusDays(mondayOf(on), 7 * by) };
  if (period === 'month') return { ...chosen, on: plusMonths(on, by) };
  const next = shift + by;
  if (next >= 0 && next < shifts) return { ...chosen, shift: next };
  return { ...chosen, on: plusDays(on, by), shift: by < 0 ? shifts - 1 : 0 };
}
