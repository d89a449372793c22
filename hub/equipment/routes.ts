// Routes of devices and points: the register, live values from memory, history, the commissioning mark.
import { Type, type Static } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { DEVICE_KINDS } from '../../device-profiles/contract/kinds.ts';
import { openCounts, SEES_ALARMS, type ChangePorts } from '../alarms/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { orRefuse, toBucketsReply, type History, type PointRef } from '../history/api.ts';
import { BucketsReply } from '../history/contract.ts';
import { HISTORY_LIMITS } from '../history/limits.ts';
import type { Entry } from '../http/entry.ts';
import { RefusalError } from '../http/problem.ts';
import type { Role } from '../http/policy.ts';
import type { LivePoints } from '../ingest/api.ts';
import { namesOf } from '../staff/api.ts';
import { prove, proveAll } from './commands.ts';
import { CommissionBody, DeviceView, PointView, ProveBody } from './contract.ts';
import type { Register } from './register.ts';
import { countPoints, findDevice, findPoint, listDevices, pointsOf } from './store.ts';
import { deviceView, pointView } from './views.ts';

const LIMITS = { page: 500, pageDefault: 100, id: 200, buckets: 2_000, bucketsDefault: 300 } as const;
const HOUR_MS = 3_600_000;
/** Who may say that a point acts: whoever stood in front of it. */
const COMMISSIONS: readonly Role[] = ['admin', 'supervisor', 'manager', 'technician', 'inspector'];

export interface EquipmentRouteParts {
  readonly entry: Entry;
  readonly register: Register;
  readonly points: LivePoints;
  readonly history: History;
  readonly ports: ChangePorts;
}

const tags = ['equipment'];
const Device = Type.Object({ id: Type.String({ minLength: 1, maxLength: LIMITS.id }) });
const DevicePoint = Type.Object({
  id: Type.String({ minLength: 1, maxLength: LIMITS.id }),
  point: Type.String({ minLength: 1, maxLength: LIMITS.id }),
});
const DeviceQuery = Type.Object(
  {
    kind: Type.Optional(Type.Enum([...DEVICE_KINDS])),
    building: Type.Optional(Type.String({ maxLength: LIMITS.id })),
    cursor: Type.Optional(Type.String({ maxLength: LIMITS.id })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMITS.page })),
  },
  { additionalProperties: false },
);
const HistoryQuery = Type.Object(
  {
    /** ISO 8601; default: an hour before `to`. */
    from: Type.Optional(Type.String({ maxLength: 40 })),
    /** ISO 8601; default: now. */
    to: Type.Optional(Type.String({ maxLength: 40 })),
    buckets: Type.Optional(Type.Integer({ minimum: 1, maximum: Math.min(LIMITS.buckets, HISTORY_LIMITS.buckets) })),
  },
  { additionalProperties: false },
);

/** The range asked for, ms UTC. @throws RefusalError naming the bad end */
function rangeOf(query: Static<typeof HistoryQuery>, now: number): { from: number; to: number } {
  const to = query.to === undefined ? now : Date.parse(query.to);
  const from = query.from === undefined ? to - HOUR_MS : Date.parse(query.from);
  if (!Number.isFinite(to)) throw new RefusalError('bad-request', 'to');
  if (!Number.isFinite(from) || from >= to) throw new RefusalError('bad-request', 'from');
  return { from, to };
}

export function equipmentRoutes(parts: EquipmentRouteParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    await app.register(deviceRoutes(parts));
    await app.register(pointRoutes(parts));
    await app.register(commissioningRoutes(parts));
  };
}

function deviceRoutes({ entry, points }: EquipmentRouteParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/devices',
      {
        config: { policy: { allow: SEES_ALARMS } },
        schema: {
          tags,
          querystring: DeviceQuery,
          response: {
            200: Type.Object({ items: Type.Array(DeviceView), next: Type.Union([Type.String(), Type.Null()]) }),
          },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const { kind = null, building = null, cursor = '', limit = LIMITS.pageDefault } = request.query;
          const { community } = entry.user(request);
          const found = await listDevices(tx, { community, kind, building }, { after: cursor, limit: limit + 1 });
          const page = found.slice(0, limit);
          const ids = page.map((d) => d.id);
          const [counts, open] = [await countPoints(tx, ids), await openCounts(tx, ids)];
          const items = page.map((d) =>
            deviceView(d, { points, counts: counts.get(d.id), openAlarms: open.get(d.id) }),
          );
          return ok({ items, next: found.length > limit ? (page.at(-1)?.id ?? null) : null });
        }),
    );
    app.get(
      '/api/devices/:id',
      { config: { policy: { allow: SEES_ALARMS } }, schema: { tags, params: Device, response: { 200: DeviceView } } },
      (request) =>
        entry.read(async (tx) => {
          const { id } = request.params;
          const row = await findDevice(tx, entry.user(request).community, id);
          if (!row) return refuse('not-found');
          const [counts, open] = [await countPoints(tx, [id]), await openCounts(tx, [id])];
          return ok(deviceView(row, { points, counts: counts.get(id), openAlarms: open.get(id) }));
        }),
    );
  };
}

function pointRoutes({ entry, points, history }: EquipmentRouteParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/devices/:id/points',
      {
        config: { policy: { allow: SEES_ALARMS } },
        schema: {
          tags,
          params: Device,
          response: { 200: Type.Object({ items: Type.Array(PointView), next: Type.Null() }) },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const row = await findDevice(tx, entry.user(request).community, request.params.id);
          if (!row) return refuse('not-found');
          const rows = await pointsOf(tx, row.id);
          const names = await namesOf(tx, [...new Set(rows.flatMap((p) => p.proved_by ?? []))]);
          const items = rows.map((p) => pointView(p, points, row.gateway, names));
          return ok({ items, next: null });
        }),
    );
    app.get(
      '/api/devices/:id/points/:point/history',
      {
        config: { policy: { allow: SEES_ALARMS } },
        schema: { tags, params: DevicePoint, querystring: HistoryQuery, response: { 200: BucketsReply } },
      },
      async (request) => {
        const { id, point } = request.params;
        const ref = await entry.read(async (tx): Promise<Result<PointRef>> => {
          const { community } = entry.user(request);
          const device = await findDevice(tx, community, id);
          const found = device && (await findPoint(tx, id, point));
          const kind = DEVICE_KINDS.find((k) => k === device?.kind);
          return found && kind ? ok({ community, kind, device: id, point }) : refuse('not-found');
        });
        const range = rangeOf(request.query, entry.clock.now());
        const buckets = request.query.buckets ?? LIMITS.bucketsDefault;
        return toBucketsReply(await orRefuse(history.buckets(ref, range, buckets)));
      },
    );
  };
}

/** The mark of one device's points, or of all points of many devices. */
function commissioningRoutes({ entry, register, ports }: EquipmentRouteParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/api/commissioning',
      {
        config: { policy: { allow: COMMISSIONS } },
        schema: { tags, body: CommissionBody, response: { 200: Type.Object({ changed: Type.Array(Type.Integer()) }) } },
      },
      async (request) => {
        const { community } = entry.user(request);
        const done = await entry.command(request, (c) => proveAll(c, ports, community, request.body));
        register.marked(done.nums, done.proved);
        return { changed: [...done.nums] };
      },
    );
    app.post(
      '/api/devices/:id/prove',
      {
        config: { policy: { allow: COMMISSIONS } },
        schema: {
          tags,
          params: Device,
          body: ProveBody,
          response: { 200: Type.Object({ changed: Type.Array(Type.Integer()) }) },
        },
      },
      async (request) => {
        const { community } = entry.user(request);
        const of = { community, device: request.params.id };
        const done = await entry.command(request, (c) => prove(c, ports, of, request.body));
        register.marked(done.nums, done.proved);
        return { changed: [...done.nums] };
      },
    );
  };
}
