// What becomes of each thing that the authority wants put right, as a table. Pure.
import { ok, refuse, type Result } from '../errors.ts';
import { LEADS, type Doer } from './machine.ts';

export const ITEM_STATES = ['open', 'assigned', 'done', 'accepted'] as const;
export type ItemState = (typeof ITEM_STATES)[number];
export const ITEM_ACTS = ['assign', 'do', 'accept', 'refuse', 'ask', 'grant', 'deny'] as const;
export type ItemAct = (typeof ITEM_ACTS)[number];

export const ITEM_TRANSITIONS: Readonly<Record<ItemAct, Partial<Record<ItemState, ItemState>>>> = {
  assign: { open: 'assigned', assigned: 'assigned' },
  do: { assigned: 'done' },
  // The recheck, by the authority or in its name: entered by somebody else than who did it.
  accept: { done: 'accepted' },
  refuse: { done: 'assigned' },
  // A later deadline is the authority's to give: asked for in writing, then its answer entered.
  ask: { open: 'open', assigned: 'assigned' },
  grant: { open: 'open', assigned: 'assigned' },
  deny: { open: 'open', assigned: 'assigned' },
};

export interface ItemFacts {
  readonly state: ItemState;
  readonly responsible?: string | undefined;
  readonly doers: readonly string[];
  /** ms wall */
  readonly deadline: number;
  /** A later deadline that was asked for and not answered, ms wall. */
  readonly askedUntil?: number | undefined;
}

export interface ItemBrought {
  readonly note?: string | undefined;
  /** Photos and papers. */
  readonly files?: number | undefined;
  /** `ask`: the later deadline, ms wall. */
  readonly deadline?: number | undefined;
}

const NOTED: ReadonlySet<ItemAct> = new Set(['do', 'accept', 'refuse', 'ask', 'grant', 'deny']);
/** Proved by a photo of the work, by the paper of the recheck, by the authority's answer. */
const PROVED: ReadonlySet<ItemAct> = new Set(['do', 'accept', 'grant']);

const may = (item: ItemFacts, act: ItemAct, who: Doer): boolean => {
  if (who.kind !== 'user') return false;
  return act === 'do' ? who.id === item.responsible : LEADS.includes(who.role);
};
const own = (item: ItemFacts, act: ItemAct, who: Doer): boolean =>
  who.kind === 'user' && (act === 'accept' || act === 'refuse') && item.doers.includes(who.id);
const answers = (act: ItemAct): boolean => act === 'grant' || act === 'deny';

/** The acts that are this person's now. */
export const itemActs = (item: ItemFacts, who: Doer): ItemAct[] =>
  ITEM_ACTS.filter(
    (act) =>
      ITEM_TRANSITIONS[act][item.state] !== undefined &&
      may(item, act, who) &&
      !own(item, act, who) &&
      (!answers(act) || item.askedUntil !== undefined) &&
      (act !== 'ask' || item.askedUntil === undefined),
  );

/**
 * What an act does. Refuses `not-allowed`, `wrong-state` (also an answer to what was not asked, and a second question),
 * `own-work`, `note-required`, `photo-required` (proof: photo or paper), `out-of-range` for a deadline that is
 * not later than the present one.
 * @param now ms wall
 */
export function stepItem(
  item: ItemFacts,
  act: ItemAct,
  who: Doer,
  brought: ItemBrought,
  now: number,
): Result<{ readonly to: ItemState; readonly deadline: number; readonly askedUntil: number | undefined }> {
  if (!may(item, act, who)) return refuse('not-allowed', act);
  const to = ITEM_TRANSITIONS[act][item.state];
  if (to === undefined) return refuse('wrong-state', item.state);
  if (answers(act) && item.askedUntil === undefined) return refuse('wrong-state', 'nothing was asked');
  if (act === 'ask' && item.askedUntil !== undefined) return refuse('wrong-state', 'asked already');
  if (own(item, act, who)) return refuse('own-work', act);
  if (NOTED.has(act) && (brought.note ?? '').trim() === '') return refuse('note-required', 'note');
  if (PROVED.has(act) && (brought.files ?? 0) === 0) return refuse('photo-required', 'files');
  if (act === 'ask') {
    const { deadline = 0 } = brought;
    if (deadline <= Math.max(item.deadline, now)) return refuse('out-of-range', 'deadline');
    return ok({ to, deadline: item.deadline, askedUntil: deadline });
  }
  const granted = act === 'grant' ? (item.askedUntil ?? item.deadline) : item.deadline;
  return ok({ to, deadline: granted, askedUntil: answers(act) ? undefined : item.askedUntil });
}
