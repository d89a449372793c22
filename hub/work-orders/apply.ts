// Writes down what the machine decided: the order's row, its clocks and timers, its history, and the effects.
import type { CommandContext, Effect } from '../events/api.ts';
import type { DueTimer } from '../timers-store.ts';
import { changeClocks, clockTimers } from './clocks.ts';
import type { OrderState, ServiceState } from './contract.ts';
import type { ActName, ClockName, Step } from './machine.ts';
import {
  addMilestone,
  addOrderEvents,
  addWorker,
  saveClocks,
  saveOrder,
  type LoadedOrder,
  type NewOrderEvent,
} from './store.ts';

export const VERIFY_TIMER = 'work-order.verify';
export const verifyTimerKey = (order: string): string => `${VERIFY_TIMER}:${order}`;

/** A timer that met an order in use comes back after this, ms. */
const BUSY_MS = 200;
export const again = (c: CommandContext, timer: DueTimer): Effect => ({
  effect: 'timer',
  key: timer.key,
  kind: timer.kind,
  community: timer.community,
  dueAt: c.now + BUSY_MS,
  basis: 'duration',
  payload: timer.payload,
});

/** What the act brought with it besides the change of state. */
export interface ActDetail {
  readonly act: ActName;
  /** When it happened on site, ms: the phone's time within bounds, else now. */
  readonly at: number;
  /** The phone's time as given, ms. */
  readonly capturedAt?: number | undefined;
  readonly note?: string | undefined;
  /** Longest pause of a wait that begins, ms. */
  readonly pauseMax?: number;
  readonly waiting?: { readonly reason: string; readonly note: string };
  readonly result?: string;
  readonly serviceState?: ServiceState | undefined;
  readonly verification?: {
    readonly by: 'live-data' | 'waiver' | 'person';
    readonly name: string;
    readonly note: string;
  };
}

/** What an implied step is called in the history. */
const IMPLIED_ACT: Partial<Record<OrderState, ActName>> = {
  dispatched: 'dispatch',
  accepted: 'accept',
  'en-route': 'depart',
  'on-site': 'arrive',
  'in-progress': 'start',
};

const doer = (c: CommandContext): { by: string; byName: string } =>
  c.actor.kind === 'user' ? { by: c.actor.id, byName: c.actor.name } : { by: 'system', byName: '' };

function history(s: Step, detail: ActDetail): NewOrderEvent[] {
  if (s.path.length === 0) return [{ act: detail.act, from: s.from, to: s.to, note: detail.note }];
  return s.path.map((to, i) => {
    const from = i === 0 ? s.from : s.path[i - 1];
    if (i === s.path.length - 1) return { act: detail.act, from, to, note: detail.note };
    const act = from === 'waiting' ? 'resume' : (IMPLIED_ACT[to] ?? detail.act);
    return { act, from, to, implied: true };
  });
}

/** The `order.changed` event of an order in its present form. */
export const changed = (
  order: LoadedOrder,
  now: {
    readonly act: string;
    readonly state: OrderState;
    readonly from?: OrderState;
    readonly assignee?: string | undefined;
    /** The alarm that opened or joined it. */
    readonly alarm?: string | undefined;
  },
): Effect => ({
  effect: 'event',
  event: {
    type: 'order.changed',
    community: order.community,
    subject: order.id,
    payload: {
      order: order.id,
      number: order.number,
      kind: order.kind,
      state: now.state,
      priority: order.priority,
      title: order.title,
      ...(now.assignee === undefined ? {} : { assignee: now.assignee }),
      act: now.act,
      ...(now.from === undefined ? {} : { from: now.from }),
      ...(now.alarm === undefined ? {} : { alarm: now.alarm }),
    },
  },
});

/** The `order.breached` event of a clock that ran out. */
export const breached = (order: LoadedOrder, clock: ClockName | 'recall'): Effect => ({
  effect: 'event',
  event: {
    type: 'order.breached',
    community: order.community,
    subject: order.id,
    payload: {
      order: order.id,
      number: order.number,
      kind: order.kind,
      state: order.state,
      priority: order.priority,
      title: order.title,
      ...(order.assignee === undefined ? {} : { assignee: order.assignee.id }),
      clock,
    },
  },
});

/** Applies a step to a locked order. */
export async function applyStep(c: CommandContext, order: LoadedOrder, s: Step, detail: ActDetail): Promise<void> {
  const { tx, now } = c;
  const who = doer(c);
  const version = order.version + 1;
  const clocks = changeClocks(order.clocks, s.clocks, {
    norm: order.norm,
    at: detail.at,
    pauseMax: detail.pauseMax ?? 0,
  });
  await saveOrder(tx, order.id, {
    state: s.to,
    version,
    actedAt: Math.max(order.actedAt, detail.at),
    assignee: s.assignee,
    waiting: waitingAfter(order, s, detail),
    result: detail.act === 'reopen' ? null : detail.result,
    serviceState: detail.serviceState,
    verification: verificationAfter(detail),
    closedAt: s.to === 'closed' || s.to === 'cancelled' ? now : detail.act === 'reopen' ? null : undefined,
  });
  await saveClocks(tx, order.id, clocks, now);
  await addOrderEvents(
    tx,
    { order: order.id, version, ...who, now, capturedAt: detail.capturedAt },
    history(s, detail),
  );
  if (detail.act === 'accept' && s.assignee) await addWorker(tx, order.id, s.assignee.id, now);
  for (const milestone of s.milestones)
    await addMilestone(tx, { order: order.id, milestone, ...who, note: detail.note, at: detail.at });
  for (const effect of clockTimers(order.id, order.community, order.clocks, clocks)) c.emit(effect);
  if (order.state === 'done' && s.to !== 'done') c.emit({ effect: 'cancel-timer', key: verifyTimerKey(order.id) });
  const assignee = s.assignee === undefined ? order.assignee?.id : s.assignee?.id;
  c.emit(changed(order, { act: detail.act, state: s.to, from: s.from, assignee }));
  c.emit(auditOf(order, s, detail));
}

function waitingAfter(
  order: LoadedOrder,
  s: Step,
  detail: ActDetail,
): { reason: string; since: string; note: string } | null | undefined {
  if (detail.waiting) return { ...detail.waiting, since: new Date(detail.at).toISOString() };
  return order.state === 'waiting' && s.to !== 'waiting' ? null : undefined;
}

function verificationAfter(detail: ActDetail): Record<string, string> | null | undefined {
  if (detail.act === 'reopen') return null;
  return detail.verification && { ...detail.verification, at: new Date(detail.at).toISOString() };
}

const auditOf = (order: LoadedOrder, s: Step, detail: ActDetail): Effect => ({
  effect: 'audit',
  community: order.community,
  action: `order.${detail.act}`,
  entity: 'work-order',
  entityId: order.id,
  before: { state: s.from, assignee: order.assignee?.id ?? null, version: order.version },
  after: {
    state: s.to,
    assignee: (s.assignee === undefined ? order.assignee?.id : s.assignee?.id) ?? null,
    version: order.version + 1,
    ...(detail.note === undefined ? {} : { note: detail.note }),
    ...(detail.result === undefined ? {} : { result: detail.result }),
    ...(detail.verification === undefined ? {} : { verification: detail.verification.by }),
    ...(s.milestones.length === 0 ? {} : { milestones: s.milestones }),
    ...(detail.capturedAt === undefined ? {} : { capturedAt: new Date(detail.capturedAt).toISOString() }),
  },
});
