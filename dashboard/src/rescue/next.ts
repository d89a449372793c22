// What comes next in a rescue: one act, by what is on record and the hub's time. The hub decides what is allowed.
import type { RescueClock, RescueView } from '../../../hub/read/contract.ts';
import type { CallParty, RescueStep } from '../../../hub/work-orders/contract.ts';

export const NEXT_ACTS = [
  'answer',
  'answer-again',
  'contractor',
  'recall',
  'late',
  'leader',
  'arrival',
  'release',
  'condition',
  'explained-people',
  'service',
  'inspection',
  'finish',
  'verify',
  'close',
  'explained-owners',
  'cause',
  'over',
] as const;
export type NextAct = (typeof NEXT_ACTS)[number];

/** What is recorded beside the milestones, in the order in which it usually happens. */
export const STEPS: readonly RescueStep[] = [
  'contractor-departed',
  'contractor-arrived',
  'leader',
  'condition',
  'explained-people',
  'inspection',
  'cause',
  'explained-owners',
];

type Facts = Pick<RescueView, 'order' | 'clocks' | 'steps' | 'unanswered' | 'lacks'>;

const reached = (view: Facts, milestone: string): boolean =>
  view.order.milestones.some((m) => m.milestone === milestone && m.at !== undefined);
const isDone = (view: Facts, step: RescueStep): boolean => view.steps.some((s) => s.step === step);
const clockOf = (view: Facts, clock: RescueClock['clock']): RescueClock | undefined =>
  view.clocks.find((c) => c.clock === clock);

/** True once a clock that nobody met has run out. */
export const isLate = (clock: RescueClock | undefined, now: number): boolean =>
  clock !== undefined &&
  clock.doneAt === undefined &&
  (clock.breachedAt !== undefined || now >= Date.parse(clock.dueAt));

/** @param now the hub's time, ms */
export function nextOf(view: Facts, now: number): NextAct {
  if (view.order.state === 'cancelled') return 'over';
  if (view.order.state === 'closed') return afterwards(view);
  if (reached(view, 'released')) return afterRelease(view);
  // Nobody freed anyone yet: first the people inside, then who frees them.
  if (!reached(view, 'answered')) return view.unanswered > 0 ? 'answer-again' : 'answer';
  if (!reached(view, 'contractor-called')) return 'contractor';
  if (isLate(clockOf(view, 'recall'), now)) return 'recall';
  if (reached(view, 'on-site')) return 'release';
  if (isLate(clockOf(view, 'arrive'), now)) return 'late';
  return isDone(view, 'leader') ? 'arrival' : 'leader';
}

function afterRelease(view: Facts): NextAct {
  if (!isDone(view, 'condition')) return 'condition';
  if (!isDone(view, 'explained-people')) return 'explained-people';
  if (view.lacks.includes('service-state')) return 'service';
  if (view.lacks.includes('inspection')) return 'inspection';
  if (view.lacks.includes('finish')) return 'finish';
  return view.lacks.includes('verify') ? 'verify' : 'close';
}

function afterwards(view: Facts): NextAct {
  if (!isDone(view, 'cause')) return 'cause';
  return isDone(view, 'explained-owners') ? 'over' : 'explained-owners';
}

/** What a person is asked for before something is recorded. */
export type Asking =
  | { readonly ask: 'call'; readonly party: CallParty }
  | { readonly ask: 'step'; readonly step: RescueStep }
  | { readonly ask: 'people' | 'release' | 'service' };

/** Which question the next act opens; null: it needs none, or is not for the console. */
export function askingOf(next: NextAct): Asking | null {
  switch (next) {
    case 'answer':
    case 'answer-again':
    case 'recall':
      return { ask: 'call', party: 'inside' };
    case 'contractor':
      return { ask: 'call', party: 'contractor' };
    case 'late':
      return { ask: 'call', party: 'centre' };
    case 'arrival':
      return { ask: 'step', step: 'contractor-arrived' };
    case 'leader':
    case 'condition':
    case 'explained-people':
    case 'explained-owners':
    case 'inspection':
    case 'cause':
      return { ask: 'step', step: next };
    case 'release':
    case 'service':
      return { ask: next };
    default:
      return null;
  }
}

/** Yuan with two decimals from integer fen, without a float. */
export const yuan = (fen: number): string =>
  `${Math.trunc(fen / 100).toLocaleString('en-US')}.${String(fen % 100).padStart(2, '0')}`;

/** A length of time as a stop-watch shows it: 4:05, 1:02:09. Negative counts as 0. */
export function stopwatch(ms: number): string {
  const s = Math.floor(Math.max(0, ms) / 1_000);
  const two = (n: number): string => String(n).padStart(2, '0');
  const [h, m] = [Math.floor(s / 3_600), Math.floor((s % 3_600) / 60)];
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}
