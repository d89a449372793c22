// Which acts an order offers to whom, the next one first. The hub's machine decides (hub/work-orders/machine.ts); this is
// only what is worth showing.
import type { OrderState, OrderView } from '../../../hub/work-orders/contract.ts';
import { isWorker, mayDispatch, mayJudge } from '../app/abilities.ts';

export const ORDER_ACTS = [
  'accept',
  'refuse',
  'assign',
  'depart',
  'arrive',
  'start',
  'wait',
  'resume',
  'finish',
  'verify',
  'close',
  'reopen',
  'cancel',
  'milestone',
] as const;
export type OrderAct = (typeof ORDER_ACTS)[number];

/** Acts that ask for more than a tap. */
export const ASKING: ReadonlySet<OrderAct> = new Set([
  'refuse',
  'assign',
  'wait',
  'finish',
  'verify',
  'reopen',
  'cancel',
]);

export interface Doer {
  readonly id: string;
  readonly role: string;
}
export interface Offer {
  /** The one act at the thumb; null when nothing is to be done by this person now. */
  readonly next: OrderAct | null;
  readonly others: readonly OrderAct[];
}

/** What the one who does the work does in each state; the first is next. */
const WORK: Partial<Record<OrderState, readonly OrderAct[]>> = {
  open: ['accept'],
  dispatched: ['accept', 'refuse'],
  accepted: ['depart', 'arrive', 'refuse'],
  'en-route': ['arrive', 'refuse'],
  'on-site': ['start', 'wait', 'refuse'],
  'in-progress': ['finish', 'wait', 'refuse'],
  waiting: ['resume', 'finish'],
  verified: ['close'],
};
const DISPATCH: Partial<Record<OrderState, readonly OrderAct[]>> = {
  open: ['assign', 'cancel'],
  dispatched: ['assign', 'cancel'],
  accepted: ['assign', 'cancel'],
  'en-route': ['assign', 'cancel'],
  'on-site': ['assign', 'cancel'],
  'in-progress': ['assign', 'cancel'],
  waiting: ['resume', 'assign', 'cancel'],
};
const JUDGE: Partial<Record<OrderState, readonly OrderAct[]>> = {
  done: ['verify', 'reopen'],
  verified: ['close', 'reopen'],
  closed: ['reopen'],
};

export function offerOf(order: Pick<OrderView, 'state' | 'assignee' | 'kind' | 'milestones'>, doer: Doer): Offer {
  const mine = order.assignee?.id === doer.id;
  const free = order.assignee === undefined && isWorker(doer.role);
  const acts: OrderAct[] = [];
  if (mine || free) acts.push(...(WORK[order.state] ?? []));
  // Nobody verifies their own work.
  if (mayJudge(doer.role) && !(mine && order.state === 'done')) acts.push(...(JUDGE[order.state] ?? []));
  if (mayDispatch(doer.role)) acts.push(...(DISPATCH[order.state] ?? []));
  const [next = null, ...others] = [...new Set(acts)];
  return { next, others };
}

/** The next milestone of a rescue that nobody has reached; null when there is none or the order is none. */
export function nextMilestone(order: Pick<OrderView, 'kind' | 'milestones' | 'state'>): string | null {
  if (order.kind !== 'rescue' || order.state === 'cancelled') return null;
  return order.milestones.find((m) => m.at === undefined)?.milestone ?? null;
}

/** May record milestones: those at the desk and those who do the rescue. */
export const mayRecordMilestone = (order: Pick<OrderView, 'assignee'>, doer: Doer): boolean =>
  mayJudge(doer.role) || isWorker(doer.role) || order.assignee?.id === doer.id;
