// The entrapment console over HTTP: what runs, one rescue whole, its timeline, its exports and their proof.
import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { DEVICE_KINDS } from '../../device-profiles/contract/profile.ts';
import type { Tx } from '../db/tx.ts';
import { pointsOf } from '../equipment/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { History, PointRef, RecordedSample } from '../history/api.ts';
import type { Entry, SignedIn } from '../http/entry.ts';
import type { Role } from '../http/policy.ts';
import { ruleInForce } from '../rules/api.ts';
import { recordExport, RESCUE_NORMS } from '../work-orders/api.ts';
import { ExportBody, ExportProof, ExportView, RescueItem, RescueTimeline, RescueView } from './contract.ts';
import { exportProof, happeningsOf, runningRescues } from './rescue-store.ts';
import { changesOf, inOrder, timelineCsv, timelineJson, toldOf, type PointSamples } from './rescue-timeline.ts';
import { gather, rescueView, type Gathered, type RescueSources } from './rescue-view.ts';

const DESK: Role[] = ['admin', 'operator', 'inspector', 'supervisor', 'manager'];
const SEES: Role[] = [...DESK, 'technician', 'contractor'];
/** Whoever is handed a file may ask whether it is one of ours. */
const PROVES: Role[] = [...SEES, 'committee', 'legal', 'finance'];
const Id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
const tags = ['rescues'];

const TIMELINE_LIMITS = {
  /** Points of a lift that a timeline follows, and samples of one of them; beyond them it says that it was cut. */
  pointsMax: 60,
  samplesMax: 20_000,
} as const;
/** Points that change all the time and say nothing of a rescue. */
const NOT_TOLD = ['registration-code', 'run-count'];

export interface RescueParts extends RescueSources {
  readonly entry: Entry;
  readonly history: History;
}

interface Window {
  readonly from: number;
  readonly to: number;
  readonly refs: readonly (PointRef & Pick<PointSamples, 'id' | 'name' | 'unit'>)[];
}

/** Which points, and how long: from before the signal to the release, or to now. */
async function windowOf(
  tx: Tx,
  community: string,
  { order, device, releasedAt }: Gathered,
  now: number,
): Promise<Window> {
  const norms = (await ruleInForce(tx, community, RESCUE_NORMS)).value;
  const opened = Date.parse(order.openedAt);
  const kind = DEVICE_KINDS.find((k) => k === device?.kind);
  const ended = releasedAt ?? (order.closedAt === undefined ? now : Date.parse(order.closedAt));
  const rows = device && kind ? await pointsOf(tx, device.id) : [];
  return {
    from: opened - norms.telemetryBeforeMs,
    to: ended + 1,
    refs: rows
      .filter((p) => (p.lane === 'safety' || p.type !== 'string') && !NOT_TOLD.includes(p.id))
      .slice(0, TIMELINE_LIMITS.pointsMax)
      .flatMap((p) =>
        kind === undefined
          ? []
          : [{ community, kind, device: p.device, point: p.id, id: p.id, name: p.name, unit: p.unit }],
      ),
  };
}

/** What history holds of the window; `unavailable` when it can't be asked, `cut` when a point had too much. */
async function telemetryOf(
  history: History,
  { refs, from, to }: Window,
): Promise<{ status: RescueTimeline['telemetry']['status']; points: PointSamples[] }> {
  if (refs.length === 0) return { status: 'no-device', points: [] };
  const points: PointSamples[] = [];
  let status: 'ok' | 'cut' = 'ok';
  try {
    for (const { id, name, unit, ...ref } of refs) {
      const page = await history.raw(ref, { from, to }, { limit: TIMELINE_LIMITS.samplesMax });
      if (page.next !== null) status = 'cut';
      const before: RecordedSample[] = page.before === null ? [] : [page.before];
      points.push({ id, name, unit, samples: [...before, ...page.samples] });
    }
  } catch {
    return { status: 'unavailable', points: [] };
  }
  return { status, points };
}

/** The whole timeline of a rescue, for a file or for paper. */
export async function timelineOf(parts: RescueParts, user: SignedIn, id: string): Promise<Result<RescueTimeline>> {
  const { entry, history } = parts;
  const now = entry.clock.now();
  const found = await entry.read(async (tx) => {
    const gathered = await gather(tx, user, id, parts, now);
    if (!gathered) return ok(undefined);
    const window = await windowOf(tx, user.community, gathered, now);
    return ok({ gathered, window, happenings: await happeningsOf(tx, user.community, id) });
  });
  if (!found) return refuse('not-found', id);
  const { gathered, window, happenings } = found;
  const { order, device, penalty } = gathered;
  // Outside the transaction: history may take its time.
  const { status, points } = await telemetryOf(history, window);
  const changes = changesOf(points);
  return ok({
    format: 'fengsui-rescue-1',
    community: user.community,
    order: {
      id: order.id,
      number: order.number,
      state: order.state,
      openedAt: order.openedAt,
      closedAt: order.closedAt ?? null,
      serviceState: order.serviceState ?? null,
    },
    lift: { device: order.device ?? null, name: device?.name ?? order.title },
    penalty,
    telemetry: {
      status,
      from: new Date(window.from).toISOString(),
      to: new Date(window.to).toISOString(),
      repeats: changes.repeats,
    },
    entries: inOrder([...changes.happenings, ...happenings, ...toldOf(gathered.record)]),
  });
}

export function rescueReadRoutes(parts: RescueParts): FastifyPluginAsyncTypebox {
  const { entry } = parts;
  return async (app) => {
    app.get(
      '/api/rescues',
      {
        config: { policy: { allow: DESK } },
        schema: { tags, response: { 200: Type.Object({ items: Type.Array(RescueItem), next: Type.Null() }) } },
      },
      (request) =>
        entry.read(async (tx) => ok({ items: await runningRescues(tx, entry.user(request).community), next: null })),
    );
    app.get(
      '/api/rescues/:id',
      { config: { policy: { allow: SEES } }, schema: { tags, params: Id, response: { 200: RescueView } } },
      (request) =>
        entry.read(async (tx) => {
          const [user, now] = [entry.user(request), entry.clock.now()];
          const gathered = await gather(tx, user, request.params.id, parts, now);
          return gathered
            ? ok(await rescueView(tx, user, gathered, parts, now))
            : refuse('not-found', request.params.id);
        }),
    );
    app.get(
      '/api/rescues/:id/timeline',
      { config: { policy: { allow: SEES } }, schema: { tags, params: Id, response: { 200: RescueTimeline } } },
      async (request) => {
        const timeline = await timelineOf(parts, entry.user(request), request.params.id);
        return entry.read(async () => timeline);
      },
    );
    await app.register(exportRoutes(parts));
  };
}

function exportRoutes(parts: RescueParts): FastifyPluginAsyncTypebox {
  const { entry } = parts;
  return async (app) => {
    app.post(
      '/api/rescues/:id/exports',
      {
        config: { policy: { allow: DESK } },
        schema: { tags, params: Id, body: ExportBody, response: { 200: ExportView } },
      },
      async (request) => {
        const user = entry.user(request);
        const timeline = await timelineOf(parts, user, request.params.id);
        return entry.command(request, async (c) => {
          if (!timeline.ok) return timeline;
          const { format } = request.body;
          const text = format === 'json' ? timelineJson(timeline.value) : timelineCsv(timeline.value);
          const sha256 = createHash('sha256').update(text, 'utf8').digest('hex');
          const { order, entries } = timeline.value;
          const made = { order: order.id, sha256, format, entries: entries.length };
          await recordExport(c, user.community, { ...made, at: c.now, by: user.id, byName: user.name });
          return ok({ name: `${order.number}.${format}`, sha256, format, entries: entries.length, text });
        });
      },
    );
    app.get(
      '/api/rescue-exports/:sha256',
      {
        config: { policy: { allow: PROVES } },
        schema: {
          tags,
          params: Type.Object({ sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) }),
          response: { 200: ExportProof },
        },
      },
      (request) =>
        entry.read(async (tx) => ok(await exportProof(tx, entry.user(request).community, request.params.sha256))),
    );
  };
}
