// Opening orders: for an alarm, a failed check, a silent gateway or by hand. One order a cause; alarms of a device join.
import type { AlarmFact, CommandContext } from '../events/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { ruleInForce } from '../rules/api.ts';
import { applyStep, changed } from './apply.ts';
import { clockTimers, startClocks } from './clocks.ts';
import type { OrderKind } from './contract.ts';
import { step } from './machine.ts';
import { dutyClassOf, DUTY_NORMS, SITE_AREA, type DutyClass } from './norms.ts';
import type { OrderPorts } from './ports.ts';
import { offerAgain } from './unattended.ts';
import { forgetRelease, joinAlarm, openRescue, orderOfAlarm, orderToJoin } from './alarms-store.ts';
import { beginAnew } from './rescue-store.ts';
import {
  addOrderEvents,
  insertOrder,
  loadOrder,
  lockCause,
  orderOfSource,
  saveClocks,
  type LoadedOrder,
  type NewOrder,
} from './store.ts';

type Opening = Omit<NewOrder, 'norm' | 'normVersion' | 'priority' | 'now' | 'dutyClass'> & {
  readonly dutyClass: DutyClass;
  readonly priority?: 'urgent' | 'normal' | undefined;
};

/** Opens an order with its clocks and dispatches it to whoever is on duty. The caller holds the lock of its cause. */
async function open(c: CommandContext, ports: OrderPorts, o: Opening): Promise<string> {
  const { tx, now } = c;
  const norms = await ruleInForce(tx, o.community, DUTY_NORMS);
  const norm = norms.value[o.dutyClass];
  const priority = o.priority ?? norm.priority;
  const id = await insertOrder(tx, { ...o, norm, normVersion: norms.version, priority, now });
  const clocks = startClocks(norm, now);
  await saveClocks(tx, id, clocks, now);
  const by = c.actor.kind === 'user' ? { by: c.actor.id, byName: c.actor.name } : { by: 'system', byName: '' };
  await addOrderEvents(tx, { order: id, version: 1, ...by, now }, [{ act: 'open', to: 'open' }]);
  for (const effect of clockTimers(id, o.community, [], clocks)) c.emit(effect);
  const order = await existing(c, o.community, id);
  const alarm = o.source.kind === 'alarm' ? o.source.id : undefined;
  c.emit(changed(order, { act: 'open', state: 'open', alarm }));
  c.emit({
    effect: 'audit',
    community: o.community,
    action: 'order.open',
    entity: 'work-order',
    entityId: id,
    after: { number: order.number, kind: o.kind, source: o.source, dutyClass: o.dutyClass, norm: norms.version },
  });
  await dispatch(c, ports, order);
  return id;
}

/**
 * Hands an open order to the pool of those on duty. With nobody there it stays open, which its event shows, and is offered
 * again. Answers whether it was handed out.
 */
export async function dispatch(c: CommandContext, ports: OrderPorts, order: LoadedOrder, round = 1): Promise<boolean> {
  const pool = await ports.onDuty(c.tx, order.community, 'technician', c.now);
  // A rescue goes out to contractors and desk whoever is on duty.
  if (pool.length === 0 && order.kind !== 'rescue') {
    await offerAgain(c, order, round);
    return false;
  }
  const done = step(order, { act: 'dispatch' }, { kind: 'system' });
  if (done.ok) await applyStep(c, order, done.value, { act: 'dispatch', at: c.now });
  return done.ok;
}

async function existing(c: CommandContext, community: string, id: string): Promise<LoadedOrder> {
  const order = await loadOrder(c.tx, community, id);
  if (!order) throw new Error(`work order ${id} is gone`);
  return order;
}

/**
 * The order of an alarm episode: the one it has, else the unfinished one of its device, which it joins, else a new one.
 * Entrapments of a lift have one rescue until that is closed, whatever signals tell of them.
 * @returns the order's id
 */
export async function openForAlarm(c: CommandContext, ports: OrderPorts, alarm: AlarmFact): Promise<string> {
  const { tx, now } = c;
  await lockCause(tx, alarm.community, `device:${alarm.device}`);
  const mine = await orderOfAlarm(tx, alarm.alarm);
  if (mine) return mine.id;
  const kind: OrderKind = alarm.class === 'ENTRAPMENT' ? 'rescue' : 'repair';
  const joined = await orderToJoin(tx, alarm.community, alarm, kind);
  if (joined) {
    await join(c, joined.id, alarm);
    return joined.id;
  }
  const site = await ruleInForce(tx, alarm.community, SITE_AREA);
  const id = await open(c, ports, {
    community: alarm.community,
    kind,
    source: { kind: 'alarm', id: alarm.alarm },
    title: alarm.text,
    detail: '',
    dutyClass: dutyClassOf(alarm.class, alarm.deviceKind, site.value.area),
    spot: alarm,
  });
  await joinAlarm(tx, id, alarm, now);
  return id;
}

async function join(c: CommandContext, id: string, alarm: AlarmFact): Promise<void> {
  const order = await existing(c, alarm.community, id);
  if (!(await joinAlarm(c.tx, id, alarm, c.now))) return;
  const note = `${alarm.text.zh} / ${alarm.text.en}`;
  await addOrderEvents(c.tx, { order: id, version: order.version, by: 'system', byName: '', now: c.now }, [
    { act: 'join', note },
  ]);
  c.emit({
    effect: 'audit',
    community: order.community,
    action: 'order.join',
    entity: 'work-order',
    entityId: id,
    after: { alarm: alarm.alarm, signal: alarm.signal, point: alarm.point },
  });
  c.emit(changed(order, { act: 'join', state: order.state, assignee: order.assignee?.id, alarm: alarm.alarm }));
  if (order.state === 'done' || order.state === 'verified') await reopenBySystem(c, order, note);
}

/** The fault came back: what was finished is not repaired. In a rescue people are inside again: it begins anew. */
export async function reopenBySystem(c: CommandContext, order: LoadedOrder, note: string): Promise<void> {
  const other = await otherRescue(c, order);
  if (other !== undefined) {
    const open = await existing(c, order.community, other);
    const stamp = { order: other, version: open.version, by: 'system', byName: '', now: c.now };
    await addOrderEvents(c.tx, stamp, [{ act: 'signal-returned', note: `${order.number}: ${note}` }]);
    c.emit(changed(open, { act: 'signal-returned', state: open.state, assignee: open.assignee?.id }));
    return;
  }
  const done = step(order, { act: 'reopen', note }, { kind: 'system' });
  if (!done.ok) return;
  if (order.kind === 'rescue') {
    await forgetRelease(c.tx, order.id);
    await beginAnew(c.tx, order.id, c.now);
  }
  await applyStep(c, order, done.value, { act: 'reopen', at: c.now, note });
}

/** Another rescue of the same lift that is not closed: this one must not be opened beside it. */
export async function otherRescue(c: CommandContext, order: LoadedOrder): Promise<string | undefined> {
  if (order.kind !== 'rescue' || order.device === undefined) return undefined;
  const open = await openRescue(c.tx, order.community, order.device);
  return open && open.id !== order.id ? open.id : undefined;
}

export interface FailedCheck {
  readonly community: string;
  readonly check: string;
  readonly item: string;
  readonly note: string;
  readonly value?: number | undefined;
  readonly device?: string | undefined;
  readonly building?: string | undefined;
  readonly floor?: number | undefined;
  readonly place?: string | undefined;
}

/** The one order of a failed check. */
export async function openForCheck(c: CommandContext, ports: OrderPorts, check: FailedCheck): Promise<string> {
  const source = { kind: 'check', id: check.check } as const;
  await lockCause(c.tx, check.community, `check:${check.check}`);
  const mine = await orderOfSource(c.tx, check.community, source);
  if (mine) return mine.id;
  return open(c, ports, {
    community: check.community,
    kind: 'inspection-fault',
    source,
    title: { zh: check.item, en: check.item },
    detail: [check.note, check.value === undefined ? '' : String(check.value)].filter(Boolean).join('\n'),
    dutyClass: 'general',
    spot: check,
  });
}

export interface HazardOrder {
  readonly community: string;
  /** The caller's unique id of this repair. */
  readonly cause: string;
  readonly title: { readonly zh: string; readonly en: string };
  readonly detail: string;
  readonly urgent: boolean;
  readonly spot: {
    readonly building?: string | undefined;
    readonly floor?: number | undefined;
    readonly place?: string | undefined;
  };
}

/** The one order of a hazard's repair. */
export async function openForHazard(c: CommandContext, ports: OrderPorts, hazard: HazardOrder): Promise<string> {
  const source = { kind: 'hazard', id: hazard.cause } as const;
  await lockCause(c.tx, hazard.community, `hazard:${hazard.cause}`);
  const mine = await orderOfSource(c.tx, hazard.community, source);
  if (mine) return mine.id;
  return open(c, ports, {
    community: hazard.community,
    kind: 'inspection-fault',
    source,
    title: hazard.title,
    detail: hazard.detail,
    dutyClass: 'general',
    priority: hazard.urgent ? 'urgent' : 'normal',
    spot: hazard.spot,
  });
}

/** The repair did not hold: its order, when it was finished, goes out again. */
export async function reopenForHazard(c: CommandContext, community: string, id: string, note: string): Promise<void> {
  const order = await loadOrder(c.tx, community, id);
  if (order && ['done', 'verified', 'closed'].includes(order.state)) await reopenBySystem(c, order, note);
}

export interface HandOrder {
  readonly title: string;
  readonly detail?: string | undefined;
  readonly device?: string | undefined;
  readonly building?: string | undefined;
  readonly floor?: number | undefined;
  readonly place?: string | undefined;
  readonly priority?: 'urgent' | 'normal' | undefined;
}

/** An order that a person opens. `id` is the caller's unique id of this wish, so that a repeat opens nothing new. */
export async function openByHand(
  c: CommandContext,
  ports: OrderPorts,
  id: string,
  wish: HandOrder,
): Promise<Result<string>> {
  if (c.actor.kind !== 'user') return refuse('not-allowed');
  const { community } = c.actor;
  if (wish.device !== undefined && !(await ports.deviceNames(c.tx, community, [wish.device])).has(wish.device))
    return refuse('not-found', `device: ${wish.device}`);
  return ok(
    await open(c, ports, {
      community,
      kind: 'request',
      source: { kind: 'hand', id },
      title: { zh: wish.title, en: wish.title },
      detail: wish.detail ?? '',
      dutyClass: 'general',
      priority: wish.priority,
      spot: wish,
    }),
  );
}
