// What a person does to an order: load and lock, see conflicts and repeats, let the machine decide, write it down.
import type { CommandContext } from '../events/api.ts';
import { ok, refuse, type Refusal, type Result } from '../errors.ts';
import { ruleInForce } from '../rules/api.ts';
import { applyStep, type ActDetail } from './apply.ts';
import type { Milestone, OrderView, ServiceState, WaitReason } from './contract.ts';
import { DISPATCHERS, step, WORKERS, type Act } from './machine.ts';
import { pauseMax, WAIT_NORMS } from './norms.ts';
import { otherRescue } from './open.ts';
import type { OrderPorts, Person } from './ports.ts';
import { addPhotos, changedByOthersSince, loadOrder, pastActs, type LoadedOrder, type NewPhoto } from './store.ts';
import { askLiveDataAt, liveVerdict } from './verify.ts';
import { ownOrderView } from './views-store.ts';

/** How far a phone's clock may be ahead of ours, ms, before its time is taken as now. */
export const CAPTURE_LIMITS = { aheadMs: 300_000, backMs: 72 * 3_600_000 } as const;

/** What every act of a phone carries. */
interface Captured {
  /** When the phone did it, ms. */
  readonly capturedAt?: number | undefined;
  /** The version of the order that the phone knew. */
  readonly version?: number | undefined;
}

export type OrderRequest = Captured &
  (
    | {
        readonly act: 'accept' | 'depart' | 'arrive' | 'start' | 'resume' | 'close';
        readonly note?: string | undefined;
      }
    | { readonly act: 'refuse' | 'reopen' | 'cancel'; readonly note?: string | undefined }
    | { readonly act: 'assign'; readonly assignee: string; readonly note?: string | undefined }
    | { readonly act: 'wait'; readonly reason: WaitReason; readonly note: string }
    | {
        readonly act: 'finish';
        readonly result: string;
        readonly photos: readonly NewPhoto[];
        readonly serviceState?: ServiceState | undefined;
      }
    | { readonly act: 'verify'; readonly waiver?: string | undefined; readonly note?: string | undefined }
    | {
        readonly act: 'milestone';
        readonly milestone: Milestone;
        readonly serviceState?: ServiceState | undefined;
        readonly note?: string | undefined;
      }
  );

type User = Extract<CommandContext['actor'], { kind: 'user' }>;

/**
 * Does an act to an order and answers the order as it is afterwards. The same act by the same person, sent again by a
 * phone that lost the answer, answers the same and changes nothing.
 */
export async function actOnOrder(
  c: CommandContext,
  ports: OrderPorts,
  id: string,
  request: OrderRequest,
): Promise<Result<OrderView>> {
  if (c.actor.kind !== 'user') return refuse('not-allowed');
  const order = await loadOrder(c.tx, c.actor.community, id);
  if (!order) return refuse('not-found', id);
  const answer = async (): Promise<Result<OrderView>> =>
    ok(await ownOrderView(c.tx, order.community, id, ports.deviceNames.bind(ports)));

  if (await isRepeat(c, order, request, c.actor)) return answer();
  const stale = await conflict(c, order, request, c.actor);
  if (stale) return stale;
  if (request.act === 'milestone' && order.milestones.includes(request.milestone) && request.serviceState) {
    const recorded = await recordServiceState(c, order, request, c.actor);
    return recorded ?? answer();
  }
  const prepared = await prepare(c, ports, order, request, c.actor);
  if (!prepared.ok) return prepared;
  const done = step(order, prepared.value.act, c.actor);
  if (!done.ok) return done;
  await applyStep(c, order, done.value, prepared.value.detail);
  if (request.act === 'finish') await afterFinish(c, order, request.photos, prepared.value.detail.at, c.actor);
  return answer();
}

/**
 * The same tap again? Either the phone names the moment of a tap that is recorded, or it asks for the state that it
 * itself brought the order to.
 */
async function isRepeat(c: CommandContext, order: LoadedOrder, request: OrderRequest, by: User): Promise<boolean> {
  const mine = (await pastActs(c.tx, order.id, request.act)).filter((p) => p.by === by.id);
  if (mine.length === 0) return false;
  if (request.act === 'finish' && order.result !== undefined && order.result !== request.result) return false;
  if (request.capturedAt !== undefined && mine.some((p) => p.capturedAt === request.capturedAt)) return true;
  if (request.act === 'milestone') return order.milestones.includes(request.milestone) && !request.serviceState;
  if (request.act === 'assign' && order.assignee?.id !== request.assignee) return false;
  return mine.some((p) => p.version === order.version);
}

/** Someone else changed the order after the version this phone knew. What the phone itself sent since is no conflict. */
async function conflict(
  c: CommandContext,
  order: LoadedOrder,
  request: OrderRequest,
  by: User,
): Promise<Refusal | undefined> {
  if (request.act === 'finish' && order.state === 'done')
    return refuse('already-done', `finish: ${order.assignee?.name ?? ''}`);
  if (request.version === undefined || request.version === order.version) return undefined;
  if (request.version > order.version) return refuse('conflict', `version: is ${order.version}`);
  return (await changedByOthersSince(c.tx, order.id, request.version, by.id))
    ? refuse('conflict', `version: is ${order.version}, state ${order.state}`)
    : undefined;
}

/** The time on site: what the phone says, but not before the order's last act and not in the future. */
function timeOnSite(order: LoadedOrder, capturedAt: number | undefined, now: number): number {
  if (capturedAt === undefined || capturedAt > now + CAPTURE_LIMITS.aheadMs) return now;
  const earliest = Math.max(order.actedAt, now - CAPTURE_LIMITS.backMs);
  return Math.min(now, Math.max(earliest, capturedAt));
}

interface Prepared {
  readonly act: Act;
  readonly detail: ActDetail;
}

const named = (request: OrderRequest): string | undefined => ('note' in request ? request.note : undefined);

/** Gathers what the machine needs to know for this request. */
async function prepare(
  c: CommandContext,
  ports: OrderPorts,
  order: LoadedOrder,
  request: OrderRequest,
  by: User,
): Promise<Result<Prepared>> {
  const detail: ActDetail = {
    act: request.act,
    at: timeOnSite(order, request.capturedAt, c.now),
    capturedAt: request.capturedAt,
    note: named(request),
  };
  switch (request.act) {
    case 'assign': {
      const to = await ports.person(c.tx, order.community, request.assignee);
      if (!to || !WORKERS.includes(to.role)) return refuse('not-found', `assignee: ${request.assignee}`);
      return ok({ act: { act: 'assign', to, ...noteOf(request.note) }, detail: assignDetail(detail, to) });
    }
    case 'reopen': {
      const other = await otherRescue(c, order);
      if (other !== undefined) return refuse('conflict', `rescue: ${other}`);
      return ok({ act: { act: 'reopen', note: request.note ?? '' }, detail });
    }
    case 'refuse':
    case 'cancel':
      return ok({ act: { act: request.act, note: request.note ?? '' }, detail });
    case 'wait': {
      const norms = await ruleInForce(c.tx, order.community, WAIT_NORMS);
      const pause = pauseMax(norms.value, order.priority, request.reason, DISPATCHERS.includes(by.role));
      const waiting = { reason: request.reason, note: request.note };
      return ok({ act: { act: 'wait', note: request.note }, detail: { ...detail, waiting, pauseMax: pause } });
    }
    case 'finish': {
      const files = request.photos.map((p) => p.file);
      const missing = await ports.missingFiles(c.tx, order.community, files);
      if (missing.length > 0) return refuse('photo-required', `not uploaded: ${missing.join(', ')}`);
      const afterPhotos = request.photos.filter((p) => p.phase === 'after').length;
      return ok({
        act: { act: 'finish', result: request.result, afterPhotos },
        detail: { ...detail, result: request.result, serviceState: request.serviceState },
      });
    }
    case 'verify':
      return prepareVerify(c, ports, order, request, detail, by);
    case 'milestone':
      return ok({
        act: { act: 'milestone', milestone: request.milestone },
        detail: { ...detail, serviceState: request.serviceState, note: request.note },
      });
    default:
      return ok({ act: { act: request.act }, detail });
  }
}

const noteOf = (note: string | undefined): { note?: string } => (note === undefined ? {} : { note });
const assignDetail = (detail: ActDetail, to: Person): ActDetail => ({
  ...detail,
  note: [`→ ${to.name}`, detail.note].filter(Boolean).join(': '),
});

async function prepareVerify(
  c: CommandContext,
  ports: OrderPorts,
  order: LoadedOrder,
  request: { readonly waiver?: string | undefined; readonly note?: string | undefined },
  detail: ActDetail,
  by: User,
): Promise<Result<Prepared>> {
  if (request.waiver !== undefined) {
    const verification = { by: 'waiver', name: by.name, note: request.waiver } as const;
    return ok({ act: { act: 'verify', by: 'waiver' }, detail: { ...detail, note: request.waiver, verification } });
  }
  const verdict = order.state === 'done' ? await liveVerdict(c, ports, order) : undefined;
  const method = verdict?.says === 'no-signal' ? 'person' : 'live-data';
  const verification = { by: method, name: by.name, note: request.note ?? '' } as const;
  const act: Act =
    method === 'person'
      ? { act: 'verify', by: 'person' }
      : {
          act: 'verify',
          by: 'live-data',
          ...(verdict?.says === 'active' ? { stillActive: verdict.signals.join(', ') } : {}),
        };
  return ok({ act, detail: { ...detail, verification } });
}

/** Photos are filed, and live data is asked. */
async function afterFinish(
  c: CommandContext,
  order: LoadedOrder,
  photos: readonly NewPhoto[],
  at: number,
  by: User,
): Promise<void> {
  await addPhotos(c.tx, order.id, photos, { id: by.id, at });
  // At once: the fault may have been gone for long before the report was written.
  c.emit(askLiveDataAt(order, c.now));
}

/** The lift's state, told after the release was already on record. */
async function recordServiceState(
  c: CommandContext,
  order: LoadedOrder,
  request: Extract<OrderRequest, { act: 'milestone' }>,
  by: User,
): Promise<Refusal | undefined> {
  const { milestone, serviceState } = request;
  const allowed = step({ ...order, milestones: order.milestones.filter((m) => m !== milestone) }, request, by);
  if (!allowed.ok) return allowed;
  const detail = { act: 'milestone', at: c.now, note: request.note, serviceState } as const;
  await applyStep(c, order, { ...allowed.value, clocks: [], milestones: [] }, detail);
  return undefined;
}
