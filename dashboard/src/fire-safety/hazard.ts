// What the screens of hazards decide: the order of the list, what stands on a row, how a deadline is written.
import type { HazardEvent, HazardSummary, HazardView } from '../../../hub/fire-safety/contract.ts';

export const SHOWN = ['open', 'overdue', 'mended', 'mine', 'cleared', 'all'] as const;
export type Shown = (typeof SHOWN)[number];

/** The query of the list for what is chosen. */
export function queryOf(shown: Shown): Readonly<Record<string, string>> {
  switch (shown) {
    case 'mine':
      return { state: 'open', responsible: 'me' };
    case 'mended':
    case 'cleared':
    case 'overdue':
    case 'all':
    case 'open':
      return { state: shown };
  }
}

const rank = (h: HazardSummary): number => (h.overdue ? 0 : h.grade === 'major' ? 1 : 2);
const OVER: ReadonlySet<string> = new Set(['cleared', 'dismissed']);

/** What waits longest and weighs most comes first; what is over, newest first, comes last. */
export function sorted(hazards: readonly HazardSummary[]): HazardSummary[] {
  return hazards.toSorted((a, b) => {
    const over = Number(OVER.has(a.state)) - Number(OVER.has(b.state));
    if (over !== 0) return over;
    if (OVER.has(a.state)) return Date.parse(b.reportedAt) - Date.parse(a.reportedAt);
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
    return Date.parse(a.deadline ?? a.reportedAt) - Date.parse(b.deadline ?? b.reportedAt);
  });
}

/** The acts in the order in which a person meets them; commenting is offered apart. */
export const BUTTONS = ['assign', 'order', 'mend', 'pass', 'fail', 'extend', 'amend', 'dismiss', 'reopen'] as const;
export type ActButton = (typeof BUTTONS)[number];

export const buttonsOf = (hazard: Pick<HazardView, 'may' | 'order'>): ActButton[] =>
  BUTTONS.filter((act) => {
    if (!hazard.may.includes(act)) return false;
    return act !== 'order' || hazard.order === undefined || hazard.order.state === 'cancelled';
  });

/** Acts whose next step is a look at the place: proved by a photo. */
export const PICTURED: ReadonlySet<string> = new Set(['mend', 'pass', 'fail']);
/** Acts that nobody does without a word. */
export const NOTED: ReadonlySet<string> = new Set(['mend', 'fail', 'extend', 'dismiss', 'reopen', 'comment']);

/** Deadline as date and time fields show it, in the community's time. */
export const fieldsOf = (full: string): { readonly date: string; readonly time: string } => ({
  date: full.slice(0, 10),
  time: full.slice(11, 16),
});

/** Changes that are words or times of people, not codes of ours. */
export const isTime = (change: HazardEvent['changes'][number]): boolean => change.field === 'deadline';
