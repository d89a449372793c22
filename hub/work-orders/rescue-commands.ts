// What people do in a rescue beside its milestones: calls, what is known of those inside, steps; and the next call to
// those inside, which is due again and again until they are out.
import type { CommandContext, Effect } from '../events/api.ts';
import { ok, refuse, type Refusal, type Result } from '../errors.ts';
import { ruleInForce } from '../rules/api.ts';
import type { DueTimer } from '../timers-store.ts';
import { again, applyStep, breached, changed } from './apply.ts';
import type { CallBody, Milestone, OrderView, PeopleBody, RescueStep, StepBody } from './contract.ts';
import { DESK, step, WORKERS } from './machine.ts';
import type { OrderPorts } from './ports.ts';
import { RESCUE_NORMS } from './rescue-norms.ts';
import {
  addCall,
  addExport,
  addPeople,
  addStep,
  recallOf,
  saveRecall,
  type Hand,
  type RescueExport,
} from './rescue-store.ts';
import { addOrderEvents, loadOrder, loadOrderIfFree, type LoadedOrder } from './store.ts';
import { ownOrderView } from './views-store.ts';

export const RECALL_TIMER = 'work-order.recall';
const recallKey = (order: string): string => `${RECALL_TIMER}:${order}`;

type User = Extract<CommandContext['actor'], { kind: 'user' }>;
interface Loaded {
  readonly order: LoadedOrder;
  readonly user: User;
  readonly hand: Hand;
}

/** What may still be told when the order is closed: the explanation comes afterwards. */
const AFTERWARDS: readonly RescueStep[] = ['explained-people', 'explained-owners', 'cause'];
/** What can only be known when everyone is out. */
const AFTER_RELEASE: readonly RescueStep[] = ['condition', 'explained-people', 'inspection'];
/** Steps that say nothing without a word of explanation. */
const WORDY: readonly RescueStep[] = ['leader', 'cause', 'inspection'];

/** Locks the rescue for someone who may act in it: the desk, whoever has the order, workers while nobody has. */
async function load(c: CommandContext, id: string): Promise<Result<Loaded>> {
  if (c.actor.kind !== 'user') return refuse('not-allowed');
  const user = c.actor;
  const order = await loadOrder(c.tx, user.community, id);
  if (!order) return refuse('not-found', id);
  if (order.kind !== 'rescue') return refuse('wrong-state', 'not a rescue');
  const free = order.assignee === undefined && WORKERS.includes(user.role);
  if (!DESK.includes(user.role) && order.assignee?.id !== user.id && !free) return refuse('not-allowed');
  return ok({ order, user, hand: { at: c.now, by: user.id, byName: user.name } });
}

const over = (order: LoadedOrder): Refusal | undefined =>
  order.state === 'closed' || order.state === 'cancelled' ? refuse('wrong-state', order.state) : undefined;

/** Records a milestone that a call or step implies, if it is not on record yet. */
async function reach(c: CommandContext, { order, user }: Loaded, milestone: Milestone): Promise<void> {
  if (order.milestones.includes(milestone)) return;
  const done = step(order, { act: 'milestone', milestone }, user);
  if (done.ok) await applyStep(c, order, done.value, { act: 'milestone', at: c.now, note: milestone });
}

/** To screens and the audit chain. */
function tell(c: CommandContext, order: LoadedOrder, act: string, after: Readonly<Record<string, unknown>>): void {
  c.emit(changed(order, { act, state: order.state, from: order.state, assignee: order.assignee?.id }));
  c.emit({
    effect: 'audit',
    community: order.community,
    action: `rescue.${act}`,
    entity: 'work-order',
    entityId: order.id,
    after,
  });
}

const answer = async (c: CommandContext, ports: OrderPorts, order: LoadedOrder): Promise<Result<OrderView>> =>
  ok(await ownOrderView(c.tx, order.community, order.id, ports.deviceNames.bind(ports)));

/**
 * Logs a call with what came of it. A call that reached the people inside answers their signal; one that reached the
 * maintenance company, even if it refused, is the call to it. After a call inside the next one is due.
 */
export async function logCall(
  c: CommandContext,
  ports: OrderPorts,
  id: string,
  body: CallBody,
): Promise<Result<OrderView>> {
  const loaded = await load(c, id);
  if (!loaded.ok) return loaded;
  const { order, hand } = loaded.value;
  const refusal = over(order);
  if (refusal) return refusal;
  if (body.party === 'inside' && body.outcome === 'reached') await reach(c, loaded.value, 'answered');
  if (body.party === 'contractor' && body.outcome !== 'not-reached') await reach(c, loaded.value, 'contractor-called');
  await addCall(c.tx, id, body, hand);
  if (body.party === 'inside' && !order.milestones.includes('released'))
    await scheduleRecall(c, order, body.outcome !== 'not-reached');
  tell(c, order, 'call', { ...body });
  return answer(c, ports, order);
}

async function scheduleRecall(c: CommandContext, order: LoadedOrder, answered: boolean): Promise<void> {
  const norms = (await ruleInForce(c.tx, order.community, RESCUE_NORMS)).value;
  const before = await recallOf(c.tx, order.id);
  const recall = {
    dueAt: c.now + (answered ? norms.recallMs : norms.retryMs),
    round: (before?.round ?? 0) + 1,
    unanswered: answered ? 0 : (before?.unanswered ?? 0) + 1,
  };
  await saveRecall(c.tx, order.id, recall);
  c.emit(recallTimer(order, recall));
}

const recallTimer = (
  order: LoadedOrder,
  { dueAt, round }: { readonly dueAt: number; readonly round: number },
): Effect => ({
  effect: 'timer',
  key: recallKey(order.id),
  kind: RECALL_TIMER,
  community: order.community,
  dueAt,
  basis: 'duration',
  payload: { order: order.id, round },
});

/** Nobody called the people inside in time: told, and told again after each further interval until somebody calls. */
export async function recallRanOut(c: CommandContext, timer: DueTimer): Promise<void> {
  // The payload is what recallTimer stored, gone through JSON.
  const { order: id, round } = timer.payload as { readonly order: string; readonly round: number };
  const order = await loadOrderIfFree(c.tx, timer.community, id);
  if (order === 'busy') return c.emit(again(c, timer));
  if (!order || over(order) || order.milestones.includes('released')) return;
  const recall = await recallOf(c.tx, id);
  if (!recall || recall.round !== round) return;
  await saveRecall(c.tx, id, { ...recall, breachedAt: recall.breachedAt ?? c.now });
  const stamp = { order: id, version: order.version, by: 'system', byName: '', now: c.now };
  await addOrderEvents(c.tx, stamp, [{ act: 'breach', note: 'recall' }]);
  c.emit(breached(order, 'recall'));
  const norms = (await ruleInForce(c.tx, order.community, RESCUE_NORMS)).value;
  c.emit(recallTimer(order, { dueAt: c.now + norms.recallMs, round }));
}

/** Records what is known of the people inside; earlier reports stand beside it. */
export async function recordPeople(
  c: CommandContext,
  ports: OrderPorts,
  id: string,
  body: PeopleBody,
): Promise<Result<OrderView>> {
  const loaded = await load(c, id);
  if (!loaded.ok) return loaded;
  const { order, hand } = loaded.value;
  const refusal = over(order);
  if (refusal) return refusal;
  const { count } = body;
  if (count !== undefined && (body.elderly ?? 0) + (body.children ?? 0) > count)
    return refuse('out-of-range', `elderly + children ≤ count (${count})`);
  await addPeople(c.tx, id, body, hand);
  tell(c, order, 'people', { ...body });
  return answer(c, ports, order);
}

/**
 * Records a step, once. Refuses `already-done`, `note-required` where a bare tick would say nothing,
 * `release-required` for what can only be known when everyone is out.
 */
export async function recordStep(
  c: CommandContext,
  ports: OrderPorts,
  id: string,
  body: StepBody,
): Promise<Result<OrderView>> {
  const loaded = await load(c, id);
  if (!loaded.ok) return loaded;
  const { order, hand } = loaded.value;
  const refusal = order.state === 'closed' && AFTERWARDS.includes(body.step) ? undefined : over(order);
  if (refusal) return refusal;
  if (AFTER_RELEASE.includes(body.step) && !order.milestones.includes('released'))
    return refuse('release-required', 'milestone: released');
  if (body.step === 'condition' && body.condition === undefined) return refuse('bad-request', 'condition');
  if (WORDY.includes(body.step) && !body.note?.trim()) return refuse('note-required', 'note');
  if (!(await addStep(c.tx, id, body, hand))) return refuse('already-done', body.step);
  if (body.step === 'contractor-arrived') await reach(c, loaded.value, 'on-site');
  tell(c, order, 'step', { ...body });
  return answer(c, ports, order);
}

/** Records that a timeline was handed out, in the audit chain too, so that a changed copy is noticed. */
export async function recordExport(c: CommandContext, community: string, made: RescueExport): Promise<void> {
  if (!(await addExport(c.tx, made))) return;
  const { order, sha256, format, entries } = made;
  c.emit({
    effect: 'audit',
    community,
    action: 'rescue.exported',
    entity: 'work-order',
    entityId: order,
    after: { sha256, format, entries },
  });
}
