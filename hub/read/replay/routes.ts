// An incident replayed, over HTTP: what happened to its alarms and who did what, and each floor as it was then.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { DEVICE_KINDS } from '../../../device-profiles/contract/kinds.ts';
import { ONLINE_POINT } from '../../../device-profiles/contract/profile.ts';
import { actsOfIncident, CONTROL_ROOM, UUID } from '../../alarms/api.ts';
import type { Tx } from '../../db/tx.ts';
import { ok, refuse, type Result } from '../../errors.ts';
import { planOf, type PlanSources } from '../../floor-plans/api.ts';
import type { FloorPlanView } from '../../floor-plans/contract.ts';
import { fireRecord, timelineOf } from '../../handling/api.ts';
import { orRefuse, type History, type PointRef } from '../../history/api.ts';
import type { Entry } from '../../http/entry.ts';
import { familyOf } from '../../incidents/api.ts';
import { communityOf } from '../../property/api.ts';
import { rescueRecord } from '../../work-orders/api.ts';
import { happeningsOf } from '../rescue-store.ts';
import { inOrder, toldOf } from '../rescue-timeline.ts';
import { sideBySide } from '../side-by-side.ts';
import { ReplayFloor, ReplayLifts, ReplayView } from './contract.ts';
import { liftsIn, replayLift } from './lifts.ts';
import { REPLAY_LIMITS } from './limits.ts';
import { alarmsOf, rescuesOf } from './store.ts';

const tags = ['incidents'];
/** What people told and did stands in it by name: for those who act in the control room. */
const config = { policy: { allow: CONTROL_ROOM } };
const Id = Type.Object({ id: Type.String({ pattern: UUID.source }) });
const Floor = Type.Object({
  id: Type.String({ pattern: UUID.source }),
  building: Type.String({ minLength: 1, maxLength: 200 }),
  floor: Type.Integer({ minimum: -20, maximum: 300 }),
});
const iso = (ms: number): string => new Date(ms).toISOString();

export interface ReplayParts extends PlanSources {
  readonly entry: Entry;
  readonly history: History;
}

/** From before the first signal to after the last thing that happened; what goes on is shown as far as it has come. */
export function windowOf(
  moments: readonly number[],
  ongoing: boolean,
  now: number,
): { readonly from: number; readonly to: number; readonly cut: boolean } {
  const { aroundMs, spanMaxMs } = REPLAY_LIMITS;
  const from = Math.min(...moments) - aroundMs;
  const last = ongoing ? now : Math.min(now, Math.max(...moments) + aroundMs);
  const to = Math.min(last, from + spanMaxMs);
  return { from, to: Math.max(to, from + 1), cut: to < last };
}

async function replayOf(tx: Tx, community: string, id: string, now: number): Promise<Result<ReplayView>> {
  const { alarms, open, mode, more } = await alarmsOf(tx, community, id);
  const [first] = alarms;
  const of = await communityOf(tx, community);
  if (!first || !of) return refuse('not-found', id);
  const fire = await fireRecord(tx, community, id);
  const told = fire?.items ?? timelineOf([], await actsOfIncident(tx, community, id, REPLAY_LIMITS.actsMax));
  const orders = await rescuesOf(
    tx,
    community,
    alarms.map((a) => a.id),
  );
  const done = [];
  // Signals and acts on them stand among the items already.
  for (const { order } of orders)
    done.push(
      ...(await happeningsOf(tx, community, order)).filter((h) => h.kind !== 'signal'),
      ...toldOf(await rescueRecord(tx, order)),
    );
  const rescue = inOrder(done).slice(0, REPLAY_LIMITS.entriesMax);
  const items = told.slice(0, REPLAY_LIMITS.actsMax);
  const ongoing = open || (fire !== undefined && fire.fire.closedAt === undefined) || orders.some((o) => !o.over);
  const moments = [
    ...alarms.flatMap((a) => a.changes.map((c) => Date.parse(c.at))),
    ...[...items, ...rescue].map((item) => Date.parse(item.at)),
  ];
  const window = windowOf(moments, ongoing, now);
  return ok({
    id,
    family: familyOf(first.class),
    ...(first.building === undefined ? {} : { building: first.building }),
    timeZone: of.timeZone,
    from: iso(window.from),
    to: iso(window.to),
    ongoing,
    cut: window.cut || more || items.length < told.length || rescue.length < done.length,
    ...(mode === null ? {} : { mode }),
    alarms: [...alarms],
    items,
    rescue,
  });
}

/** What was known of each thing of a floor: of its point, of a device whether it was heard. */
async function knownOf(
  history: History,
  community: string,
  plan: FloorPlanView,
  range: { readonly from: number; readonly to: number },
): Promise<ReplayFloor['known']> {
  const things = plan.things.slice(0, REPLAY_LIMITS.thingsMax);
  const known = await sideBySide(things, REPLAY_LIMITS.sideBySide, async ({ device, point, kind: of }) => {
    const kind = DEVICE_KINDS.find((k) => k === of);
    const ref: PointRef | undefined = kind && { community, kind, device, point: point ?? ONLINE_POINT };
    const { runs } = ref ? await history.runs(ref, range, REPLAY_LIMITS.runsMax) : { runs: [] };
    return {
      device,
      ...(point === undefined ? {} : { point }),
      runs: runs.map((r) => ({ from: iso(r.from), to: iso(r.to), value: r.value })),
    };
  });
  return known;
}

export function replayRoutes(parts: ReplayParts): FastifyPluginAsyncTypebox {
  const { entry, history } = parts;
  return async (app) => {
    app.get(
      '/api/incidents/:id/replay',
      {
        config,
        schema: { tags, summary: 'An incident as it went', params: Id, response: { 200: ReplayView } },
      },
      (request) =>
        entry.read((tx) => replayOf(tx, entry.user(request).community, request.params.id, entry.clock.now())),
    );
    app.get(
      '/api/incidents/:id/replay/lifts',
      {
        config,
        schema: {
          tags,
          summary: 'The lifts of an incident as they were then',
          params: Id,
          response: { 200: ReplayLifts },
        },
      },
      async (request) => {
        const { community } = entry.user(request);
        const { range, lifts } = await entry.read(async (tx) => {
          const replay = await replayOf(tx, community, request.params.id, entry.clock.now());
          if (!replay.ok) return replay;
          const { from, to, alarms } = replay.value;
          return ok({
            range: { from: Date.parse(from), to: Date.parse(to) },
            lifts: await liftsIn(tx, community, alarms),
          });
        });
        // Outside the transaction: history may take its time.
        const items = await orRefuse(sideBySide(lifts, 1, (lift) => replayLift(history, lift, range)));
        return { items };
      },
    );
    app.get(
      '/api/incidents/:id/replay/floors/:building/:floor',
      {
        config,
        schema: { tags, summary: 'A floor as it was then', params: Floor, response: { 200: ReplayFloor } },
      },
      async (request) => {
        const { community } = entry.user(request);
        const { id, building, floor } = request.params;
        const { view, plan } = await entry.read(async (tx) => {
          const replay = await replayOf(tx, community, id, entry.clock.now());
          if (!replay.ok) return replay;
          const found = await planOf(tx, parts, community, { building, floor });
          return found.ok ? ok({ view: replay.value, plan: found.value }) : found;
        });
        // Outside the transaction: history may take its time.
        const range = { from: Date.parse(view.from), to: Date.parse(view.to) };
        const known = await orRefuse(knownOf(history, community, plan, range));
        return { plan, known, more: plan.things.length > REPLAY_LIMITS.thingsMax };
      },
    );
  };
}
