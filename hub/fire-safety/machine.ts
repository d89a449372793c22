// The life of a hazard as a table: which act leads from which state to which, who may do it, what it must bring.
import { ok, refuse, type Result } from '../errors.ts';
import type { Grade } from './norms.ts';

export const HAZARD_STATES = ['reported', 'assigned', 'mended', 'cleared', 'dismissed'] as const;
export type HazardState = (typeof HAZARD_STATES)[number];
export const HAZARD_ACTS = [
  'assign',
  'amend',
  'order',
  'mend',
  'pass',
  'fail',
  'extend',
  'dismiss',
  'reopen',
  'comment',
] as const;
export type HazardAct = (typeof HAZARD_ACTS)[number];

export const TRANSITIONS: Readonly<Record<HazardAct, Partial<Record<HazardState, HazardState>>>> = {
  assign: { reported: 'assigned', assigned: 'assigned' },
  amend: { reported: 'reported', assigned: 'assigned', mended: 'mended' },
  order: { assigned: 'assigned' },
  mend: { assigned: 'mended' },
  pass: { mended: 'cleared' },
  fail: { mended: 'assigned' },
  extend: { assigned: 'assigned' },
  dismiss: { reported: 'dismissed', assigned: 'dismissed' },
  // It is judged anew: whoever was responsible, and by when, was for what was there before.
  reopen: { cleared: 'reported', dismissed: 'reported' },
  comment: {
    reported: 'reported',
    assigned: 'assigned',
    mended: 'mended',
    cleared: 'cleared',
    dismissed: 'dismissed',
  },
};

/** Who names the responsible person, the grade and the deadline. */
export const LEADS: readonly string[] = ['supervisor', 'manager', 'admin'];
/** Who may move a deadline: not who is measured by it. */
export const EXTENDERS: readonly string[] = ['manager', 'admin'];
/** Who looks whether it is put right. */
export const RECHECKERS: readonly string[] = ['inspector', 'operator', 'supervisor', 'manager', 'admin'];
/** Reports of these roles are their own to follow, and no others. */
export const OWN_ONLY: readonly string[] = ['owner'];
/** Nobody is made responsible who looks on from outside. */
export const OUTSIDE: readonly string[] = ['owner', 'committee', 'authority'];

export interface HazardFacts {
  readonly state: HazardState;
  readonly grade: Grade;
  readonly reporter: string;
  readonly responsible?: string | undefined;
  readonly menders: readonly string[];
  /** ms wall */
  readonly deadline?: number | undefined;
}

/** Who acts; `system` is the hub itself, for an order that was finished. */
export type Doer = { readonly kind: 'system' } | { readonly kind: 'user'; readonly id: string; readonly role: string };

/** What an act brings with it. */
export interface Brought {
  readonly note?: string | undefined;
  readonly photos?: number | undefined;
  readonly measures?: string | undefined;
  /** The grade from now on. */
  readonly grade?: Grade | undefined;
  /** ms wall; what the rule gives where it is left out. */
  readonly deadline?: number | undefined;
}

/** The rule's numbers for the grade that the act leads to, ms. */
export interface Bounds {
  readonly mendMs: number;
  readonly extendMsMax: number;
  readonly measures: boolean;
}

const WHO: Readonly<Record<HazardAct, (who: Doer, hazard: HazardFacts) => boolean>> = {
  assign: (who) => isOf(who, LEADS),
  amend: (who) => isOf(who, LEADS),
  order: (who) => isOf(who, LEADS),
  dismiss: (who) => isOf(who, LEADS),
  mend: (who, hazard) => who.kind === 'system' || who.id === hazard.responsible,
  pass: (who) => isOf(who, RECHECKERS),
  fail: (who) => isOf(who, RECHECKERS),
  extend: (who) => isOf(who, EXTENDERS),
  reopen: (who) => isOf(who, RECHECKERS),
  comment: (who) => who.kind === 'user' && who.role !== 'authority',
};

const isOf = (who: Doer, roles: readonly string[]): boolean => who.kind === 'user' && roles.includes(who.role);
const blank = (text: string | undefined): boolean => (text ?? '').trim() === '';
const NOTED: ReadonlySet<HazardAct> = new Set(['mend', 'fail', 'extend', 'dismiss', 'reopen', 'comment']);
/** Seen, not said: what was done and what was looked at is proved by a photo. */
const PICTURED: ReadonlySet<HazardAct> = new Set(['mend', 'pass', 'fail']);

/** The acts that are this person's now, whatever they would have to bring. */
export const mayDo = (hazard: HazardFacts, who: Doer): HazardAct[] =>
  HAZARD_ACTS.filter((act) => {
    if (TRANSITIONS[act][hazard.state] === undefined || !WHO[act](who, hazard)) return false;
    return ownWork(hazard, act, who) === false;
  });

function ownWork(hazard: HazardFacts, act: HazardAct, who: Doer): boolean {
  if (who.kind !== 'user') return false;
  if (act === 'pass' || act === 'fail') return hazard.menders.includes(who.id);
  return act === 'extend' && hazard.responsible === who.id;
}

export interface Stepped {
  readonly from: HazardState;
  readonly to: HazardState;
  /** From now on; undefined: none. */
  readonly deadline: number | undefined;
}

/**
 * What an act does. Refuses `wrong-state`, `not-allowed`, `own-work` (who mended it does not recheck it, who is
 * responsible does not move the own deadline), `note-required` (also for the measures meanwhile), `photo-required`, and
 * `out-of-range` for a deadline that has passed or is later than the rule allows.
 * @param now ms wall
 */
export function step(
  hazard: HazardFacts,
  act: HazardAct,
  who: Doer,
  brought: Brought,
  bounds: Bounds,
  now: number,
): Result<Stepped> {
  if (!WHO[act](who, hazard)) return refuse('not-allowed', act);
  const to = TRANSITIONS[act][hazard.state];
  if (to === undefined) return refuse('wrong-state', hazard.state);
  if (ownWork(hazard, act, who)) return refuse('own-work', act);
  if (NOTED.has(act) && blank(brought.note)) return refuse('note-required', 'note');
  if (PICTURED.has(act) && who.kind === 'user' && (brought.photos ?? 0) === 0)
    return refuse('photo-required', 'photos');
  if (act === 'assign' && bounds.measures && blank(brought.measures)) return refuse('note-required', 'measures');
  const deadline = deadlineAfter(hazard, act, brought, bounds, now);
  return deadline.ok ? ok({ from: hazard.state, to, deadline: deadline.value }) : deadline;
}

function deadlineAfter(
  hazard: HazardFacts,
  act: HazardAct,
  { deadline }: Brought,
  { mendMs, extendMsMax }: Bounds,
  now: number,
): Result<number | undefined> {
  switch (act) {
    case 'assign': {
      // Handing it to another gives no new time: only the manager's extension does, with its reason.
      const latest = Math.min(hazard.state === 'assigned' ? (hazard.deadline ?? Infinity) : Infinity, now + mendMs);
      const wanted = deadline ?? latest;
      const past = wanted <= now && wanted !== hazard.deadline;
      return past || wanted > latest ? refuse('out-of-range', 'deadline') : ok(wanted);
    }
    case 'extend': {
      const before = hazard.deadline ?? now;
      if (deadline === undefined) return refuse('bad-request', 'deadline');
      const latest = Math.max(before, now) + extendMsMax;
      return deadline <= Math.max(before, now) || deadline > latest ? refuse('out-of-range', 'deadline') : ok(deadline);
    }
    case 'fail':
      return ok(now + mendMs);
    case 'reopen':
      return ok(undefined);
    default:
      return ok(hazard.deadline);
  }
}
