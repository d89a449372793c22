// The steps of a plan that is run: whose turn it is, and what each act makes of a step. Pure.
import { monthsLater } from '../clock.ts';
import { ok, refuse, type Result } from '../errors.ts';

export const STEP_STATES = ['waiting', 'open', 'taken', 'done', 'skipped'] as const;
export type StepState = (typeof STEP_STATES)[number];
export const STEP_ACTS = ['take', 'done', 'skip'] as const;
export type StepAct = (typeof STEP_ACTS)[number];

/** A step may be done before its turn: nobody waits for a button while there is smoke. */
const TABLE: Readonly<Record<StepState, Partial<Record<StepAct, StepState>>>> = {
  waiting: { take: 'taken', done: 'done', skip: 'skipped' },
  open: { take: 'taken', done: 'done', skip: 'skipped' },
  taken: { take: 'taken', done: 'done', skip: 'skipped' },
  done: {},
  skipped: {},
};

/** Refuses `already-done` for a finished step, and `note-required` for one that is skipped without a reason. */
export function stepStep(state: StepState, act: StepAct, note = ''): Result<StepState> {
  const to = TABLE[state][act];
  if (to === undefined) return refuse('already-done', state);
  return act === 'skip' && note.trim() === '' ? refuse('note-required', 'skip') : ok(to);
}

export const isFinished = (state: StepState): boolean => state === 'done' || state === 'skipped';

interface Turn {
  readonly id: string;
  readonly order: number;
  readonly state: StepState;
}
/** Steps whose turn has come: those waiting in the lowest order that is not all finished. */
export function turnOf(steps: readonly Turn[]): readonly string[] {
  const open = steps.filter((s) => !isFinished(s.state));
  const lowest = Math.min(...open.map((s) => s.order));
  return open.filter((s) => s.order === lowest && s.state === 'waiting').map((s) => s.id);
}

/** When the next drill is due: months after the last one, else after the plan came into force; ms wall. */
export const drillDueAt = monthsLater;

export const DRILL_STATES = ['planned', 'announced', 'running', 'done', 'cancelled'] as const;
export type DrillState = (typeof DRILL_STATES)[number];
export type DrillEvent = 'announce' | 'start' | 'end' | 'cancel';
const DRILLS: Readonly<Record<DrillState, Partial<Record<DrillEvent, DrillState>>>> = {
  planned: { announce: 'announced', cancel: 'cancelled' },
  announced: { start: 'running', cancel: 'cancelled' },
  running: { end: 'done' },
  done: {},
  cancelled: {},
};
/** Refuses `wrong-state`: nobody is frightened by a drill that was not announced. */
export function stepDrill(state: DrillState, event: DrillEvent): Result<DrillState> {
  const to = DRILLS[state][event];
  return to === undefined ? refuse('wrong-state', `${state}: ${event}`) : ok(to);
}
