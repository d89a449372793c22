// The life of a work order as a table: which act leads from which state to which, who may do it, what it does to clocks.
import { ok, refuse, type Refusal, type Result } from '../errors.ts';
import type { Milestone, OrderKind, OrderState, ServiceState } from './contract.ts';

export const ACTS = [
  'dispatch',
  'assign',
  'accept',
  'refuse',
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
export type ActName = (typeof ACTS)[number];

/**
 * From each state, the states an act walks through; the last is where it ends, those before it are implied: a
 * technician who reports "on site" was on the way, whether or not he said so.
 */
export const TRANSITIONS: Readonly<
  Record<Exclude<ActName, 'milestone'>, Partial<Record<OrderState, readonly OrderState[]>>>
> = {
  dispatch: { open: ['dispatched'] },
  assign: {
    open: ['dispatched'],
    dispatched: ['dispatched'],
    accepted: ['dispatched'],
    'en-route': ['dispatched'],
    'on-site': ['dispatched'],
    'in-progress': ['dispatched'],
    waiting: ['dispatched'],
  },
  accept: { open: ['dispatched', 'accepted'], dispatched: ['accepted'] },
  refuse: {
    dispatched: ['dispatched'],
    accepted: ['dispatched'],
    'en-route': ['dispatched'],
    'on-site': ['dispatched'],
    'in-progress': ['dispatched'],
    waiting: ['dispatched'],
  },
  depart: { accepted: ['en-route'] },
  arrive: { accepted: ['en-route', 'on-site'], 'en-route': ['on-site'] },
  start: { 'on-site': ['in-progress'] },
  wait: { 'on-site': ['in-progress', 'waiting'], 'in-progress': ['waiting'] },
  resume: { waiting: ['in-progress'] },
  finish: {
    'on-site': ['in-progress', 'done'],
    'in-progress': ['done'],
    waiting: ['in-progress', 'done'],
  },
  verify: { done: ['verified'] },
  close: { verified: ['closed'] },
  reopen: { done: ['dispatched'], verified: ['dispatched'], closed: ['dispatched'] },
  cancel: {
    open: ['cancelled'],
    dispatched: ['cancelled'],
    accepted: ['cancelled'],
    'en-route': ['cancelled'],
    'on-site': ['cancelled'],
    'in-progress': ['cancelled'],
    waiting: ['cancelled'],
  },
};

/** Orders that someone still has to finish; alarms of the same device join them. */
export const UNFINISHED: readonly OrderState[] = [
  'open',
  'dispatched',
  'accepted',
  'en-route',
  'on-site',
  'in-progress',
  'waiting',
];

/** Roles that take orders on. */
export const WORKERS: readonly string[] = ['technician', 'contractor'];
/** Roles that hand orders out. */
export const DISPATCHERS: readonly string[] = ['supervisor', 'manager', 'admin'];
/** Roles that judge finished work, and see all orders of their community. */
export const DESK: readonly string[] = ['operator', 'inspector', 'supervisor', 'manager', 'admin'];

/** Who may do what. `worker`: a role that takes orders on, while nobody else has it. `system`: the hub itself. */
const WHO: Readonly<Record<ActName, readonly ('system' | 'assignee' | 'worker' | 'dispatcher' | 'desk')[]>> = {
  dispatch: ['system', 'dispatcher'],
  assign: ['dispatcher', 'assignee'],
  accept: ['assignee', 'worker'],
  refuse: ['assignee', 'worker'],
  depart: ['assignee'],
  arrive: ['assignee'],
  start: ['assignee'],
  wait: ['assignee', 'dispatcher'],
  resume: ['assignee', 'dispatcher'],
  finish: ['assignee'],
  verify: ['system', 'desk'],
  close: ['desk', 'assignee'],
  reopen: ['system', 'desk'],
  cancel: ['dispatcher'],
  milestone: ['desk', 'assignee', 'worker'],
};

/** What the machine decides from. */
export interface OrderFacts {
  readonly kind: OrderKind;
  readonly state: OrderState;
  readonly assignee?: { readonly id: string; readonly name: string };
  /** Everyone who ever took the order on: none of them may verify it. */
  readonly workers: readonly string[];
  readonly milestones: readonly Milestone[];
  readonly serviceState?: ServiceState;
  /** Rescue only: an inspection of the lift after it is on record. */
  readonly inspected?: boolean;
}

/** Who acts; `system` is the hub itself (policy, timer). */
export type Doer =
  | { readonly kind: 'system' }
  | { readonly kind: 'user'; readonly id: string; readonly name: string; readonly role: string };

export type Act =
  | { readonly act: 'dispatch' | 'accept' | 'depart' | 'arrive' | 'start' | 'resume' | 'close' }
  | { readonly act: 'assign'; readonly to: { readonly id: string; readonly name: string }; readonly note?: string }
  | { readonly act: 'refuse' | 'reopen' | 'cancel'; readonly note: string }
  | { readonly act: 'wait'; readonly note: string }
  | { readonly act: 'finish'; readonly result: string; readonly afterPhotos: number }
  | { readonly act: 'verify'; readonly by: 'live-data'; readonly stillActive?: string }
  | { readonly act: 'verify'; readonly by: 'waiver' | 'person' }
  | { readonly act: 'milestone'; readonly milestone: Milestone };

/** The clocks of an order; the screen's three and, for a rescue, the call to the maintenance company. */
export const CLOCK_NAMES = ['respond', 'arrive', 'restore', 'contractor-called'] as const;
export type ClockName = (typeof CLOCK_NAMES)[number];

export type ClockChange =
  /** The clock has come to its end. */
  | { readonly change: 'done'; readonly clock: ClockName }
  /** What had ended it no longer holds (handed back): it runs again towards its old due time. */
  | { readonly change: 'undo'; readonly clock: ClockName }
  | { readonly change: 'pause'; readonly clock: ClockName }
  | { readonly change: 'resume'; readonly clock: ClockName }
  /** All clocks start afresh from now. */
  | { readonly change: 'restart' }
  /** All clocks stop without having been met. */
  | { readonly change: 'stop' };

export interface Step {
  readonly from: OrderState;
  /** States walked through, implied ones first. Empty: the act is recorded and changes no state. */
  readonly path: readonly OrderState[];
  readonly to: OrderState;
  /** Set when it changes; null: nobody. */
  readonly assignee?: { readonly id: string; readonly name: string } | null;
  readonly clocks: readonly ClockChange[];
  /** Milestones reached by this act. */
  readonly milestones: readonly Milestone[];
}

/** Which clock a milestone of a rescue ends. */
export const MILESTONE_CLOCK: Readonly<Record<Milestone, ClockName | undefined>> = {
  answered: 'respond',
  'contractor-called': 'contractor-called',
  'on-site': 'arrive',
  released: undefined,
};

/**
 * What an act does to an order, or why not. Pure.
 * Refuses: `not-allowed`, `conflict` (someone else has it), `wrong-state`, `note-required`, `photo-required`,
 * `own-work`, `still-active`, `release-required`, `service-state-required`, `inspection-required`, `already-done`.
 */
export function step(order: OrderFacts, act: Act, by: Doer): Result<Step> {
  const refusal = mayDo(order, act, by) ?? (act.act === 'milestone' ? undefined : hasPath(order, act.act));
  if (refusal) return refusal;
  const lacking = conditionsOf(order, act, by);
  if (lacking) return lacking;
  if (act.act === 'milestone') return ok(milestoneStep(order, act.milestone));
  const path = TRANSITIONS[act.act][order.state] ?? [];
  const to = path.at(-1) ?? order.state;
  const assignee = assigneeAfter(order, act, by);
  const milestones: Milestone[] =
    order.kind === 'rescue' && act.act === 'arrive' && !order.milestones.includes('on-site') ? ['on-site'] : [];
  return ok({
    from: order.state,
    path: to === order.state ? [] : path,
    to,
    ...(assignee === undefined ? {} : { assignee }),
    clocks: clockChanges(order, act, path),
    milestones,
  });
}

function mayDo(order: OrderFacts, act: Act, by: Doer): Refusal | undefined {
  const allowed = WHO[act.act];
  if (by.kind === 'system') return allowed.includes('system') ? undefined : refuse('not-allowed');
  const isAssignee = order.assignee?.id === by.id;
  const yes =
    (allowed.includes('desk') && DESK.includes(by.role)) ||
    (allowed.includes('dispatcher') && DISPATCHERS.includes(by.role)) ||
    (allowed.includes('assignee') && isAssignee) ||
    (allowed.includes('worker') && WORKERS.includes(by.role) && order.assignee === undefined);
  if (yes) return undefined;
  // A phone must learn the difference between "never" and "someone else was given it meanwhile".
  const taken = WORKERS.includes(by.role) && order.assignee !== undefined && !isAssignee;
  return taken ? refuse('conflict', `assignee: ${order.assignee?.name ?? ''}`) : refuse('not-allowed', act.act);
}

const hasPath = (order: OrderFacts, act: Exclude<ActName, 'milestone'>): Refusal | undefined =>
  TRANSITIONS[act][order.state] ? undefined : refuse('wrong-state', `${act}: ${order.state}`);

/** What must be there besides state and role. */
function conditionsOf(order: OrderFacts, act: Act, by: Doer): Refusal | undefined {
  switch (act.act) {
    case 'assign':
      // A hand-over needs its reason; a dispatcher's assignment does not.
      return by.kind === 'user' && !DISPATCHERS.includes(by.role) && !act.note?.trim()
        ? refuse('note-required', 'note')
        : undefined;
    case 'refuse':
    case 'reopen':
    case 'wait':
      return act.note.trim() ? undefined : refuse('note-required', 'note');
    case 'cancel':
      if (!act.note.trim()) return refuse('note-required', 'note');
      return releaseRecorded(order);
    case 'finish':
      if (!act.result.trim()) return refuse('note-required', 'result');
      return act.afterPhotos > 0 ? undefined : refuse('photo-required', 'photos: phase after');
    case 'verify':
      return mayVerify(order, act, by);
    case 'close':
      return releaseRecorded(order, true);
    case 'milestone':
      if (order.kind !== 'rescue') return refuse('wrong-state', 'milestone: not a rescue');
      if (order.state === 'cancelled' || order.state === 'closed') return refuse('wrong-state', order.state);
      return order.milestones.includes(act.milestone) ? refuse('already-done', act.milestone) : undefined;
    default:
      return undefined;
  }
}

function mayVerify(order: OrderFacts, act: Act & { act: 'verify' }, by: Doer): Refusal | undefined {
  if (by.kind === 'user' && order.workers.includes(by.id)) return refuse('own-work');
  if (act.by === 'live-data')
    return act.stillActive === undefined ? undefined : refuse('still-active', act.stillActive);
  if (act.by === 'waiver' && !(by.kind === 'user' && DISPATCHERS.includes(by.role)))
    return refuse('not-allowed', 'waiver');
  return undefined;
}

/** A rescue is over only when everyone is out (S5), and closed only with the lift's state on record. */
function releaseRecorded(order: OrderFacts, withService = false): Refusal | undefined {
  if (order.kind !== 'rescue') return undefined;
  if (!order.milestones.includes('released')) return refuse('release-required', 'milestone: released');
  if (!withService) return undefined;
  if (order.serviceState === undefined) return refuse('service-state-required', 'serviceState');
  const uninspected = order.serviceState === 'in-service' && order.inspected !== true;
  return uninspected ? refuse('inspection-required', 'step: inspection') : undefined;
}

function assigneeAfter(order: OrderFacts, act: Act, by: Doer): Step['assignee'] {
  if (act.act === 'assign') return act.to;
  if (act.act === 'accept') return by.kind === 'user' ? { id: by.id, name: by.name } : undefined;
  if (act.act === 'refuse') return order.assignee ? null : undefined;
  if (act.act === 'reopen') return null;
  return undefined;
}

function milestoneStep(order: OrderFacts, milestone: Milestone): Step {
  const clock = MILESTONE_CLOCK[milestone];
  return {
    from: order.state,
    path: [],
    to: order.state,
    clocks: clock ? [{ change: 'done', clock }] : [],
    milestones: [milestone],
  };
}

function clockChanges(order: OrderFacts, act: Act, path: readonly OrderState[]): ClockChange[] {
  if (act.act === 'reopen') return [{ change: 'restart' }];
  if (act.act === 'cancel') return [{ change: 'stop' }];
  const changes: ClockChange[] = [];
  // Leaving a wait by any way, hand-over and finish included, ends the pause first.
  if (order.state === 'waiting') changes.push({ change: 'resume', clock: 'restore' });
  if (act.act === 'assign' || act.act === 'refuse') {
    const rescue = order.kind === 'rescue';
    // In a rescue `respond` is the answered intercom and `arrive` a milestone: facts that no hand-over undoes.
    if (!rescue && !['open', 'dispatched'].includes(order.state)) changes.push({ change: 'undo', clock: 'respond' });
    if (!rescue && ['on-site', 'in-progress', 'waiting'].includes(order.state))
      changes.push({ change: 'undo', clock: 'arrive' });
    return changes;
  }
  for (const state of path) {
    if (state === 'accepted' && order.kind !== 'rescue') changes.push({ change: 'done', clock: 'respond' });
    if (state === 'on-site') changes.push({ change: 'done', clock: 'arrive' });
    if (state === 'waiting') changes.push({ change: 'pause', clock: 'restore' });
    if (state === 'done') changes.push({ change: 'done', clock: 'restore' });
  }
  return changes;
}
