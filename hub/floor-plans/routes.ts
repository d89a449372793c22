// Routes of floor plans: which floors have one, one floor whole, its earlier drawings; a new drawing, positions, lists.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { SEES_ALARMS } from '../alarms/api.ts';
import type { Tx } from '../db/tx.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { Entry } from '../http/entry.ts';
import type { Role } from '../http/policy.ts';
import { valueOf } from '../http/problem.ts';
import type { LivePoints } from '../ingest/api.ts';
import { listBuildings } from '../property/api.ts';
import { addDrawing, importPositions, setPositions } from './commands.ts';
import {
  DrawingView,
  FloorPlanItem,
  FloorPlanView,
  ImportedPositions,
  ImportPositions,
  NewDrawing,
  NewPositions,
} from './contract.ts';
import { FLOOR_PLAN_LIMITS as LIMITS } from './limits.ts';
import { positionsCsv } from './point-list.ts';
import { drawingsOf, findFloor, listFloors, positionsOf, type DrawingRow, type Floor } from './store.ts';
import { thingsOf } from './things.ts';

/** Who answers for what the control room's plans show. */
const DRAWS: readonly Role[] = ['admin', 'supervisor'];

export interface FloorPlanParts {
  readonly entry: Entry;
  readonly points: LivePoints;
  readonly isProved: (num: number) => boolean;
}

const tags = ['floor-plans'];
const At = Type.Object({
  building: Type.String({ minLength: 1, maxLength: LIMITS.idChars }),
  floor: Type.Integer({ minimum: -20, maximum: 300 }),
});

const drawingView = (row: DrawingRow): DrawingView => ({
  version: row.version,
  sha256: row.sha256,
  type: row.media_type,
  note: row.note,
  addedAt: row.added_at.toISOString(),
  addedBy: { id: row.added_by, name: row.added_by_name },
});

async function hasFloor(tx: Tx, community: string, at: Floor): Promise<boolean> {
  const building = (await listBuildings(tx, community)).find((b) => b.id === at.building);
  return building?.floors.some((f) => f.floor === at.floor) ?? false;
}

export function floorPlanRoutes(parts: FloorPlanParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    await app.register(readRoutes(parts));
    await app.register(writeRoutes(parts));
  };
}

function readRoutes({ entry, points, isProved }: FloorPlanParts): FastifyPluginAsyncTypebox {
  const planOf = async (tx: Tx, community: string, at: Floor): Promise<Result<FloorPlanView>> => {
    if (!(await hasFloor(tx, community, at))) return refuse('not-found');
    const [row, [drawing], positions] = [
      await findFloor(tx, community, at),
      await drawingsOf(tx, community, at, 1),
      await positionsOf(tx, community, at),
    ];
    return ok({
      ...at,
      revision: row?.revision ?? 0,
      changedAt: row?.changed_at.toISOString() ?? null,
      changedBy: row ? { id: row.changed_by, name: row.changed_by_name } : null,
      drawing: drawing ? drawingView(drawing) : null,
      things: thingsOf(points, isProved, { community, ...at }, positions),
    });
  };
  return async (app) => {
    app.get(
      '/api/floor-plans',
      {
        config: { policy: { allow: SEES_ALARMS } },
        schema: {
          tags,
          response: { 200: Type.Object({ items: Type.Array(FloorPlanItem), next: Type.Null() }) },
        },
      },
      (request) =>
        entry.read(async (tx) => ok({ items: await listFloors(tx, entry.user(request).community), next: null })),
    );
    app.get(
      '/api/floor-plans/:building/:floor',
      {
        config: { policy: { allow: SEES_ALARMS } },
        schema: { tags, params: At, response: { 200: FloorPlanView } },
      },
      (request) => entry.read((tx) => planOf(tx, entry.user(request).community, request.params)),
    );
    app.get(
      '/api/floor-plans/:building/:floor/drawings',
      {
        config: { policy: { allow: SEES_ALARMS } },
        schema: {
          tags,
          params: At,
          response: { 200: Type.Object({ items: Type.Array(DrawingView), next: Type.Null() }) },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const { community } = entry.user(request);
          if (!(await hasFloor(tx, community, request.params))) return refuse('not-found');
          const rows = await drawingsOf(tx, community, request.params, LIMITS.versionsMax);
          return ok({ items: rows.map(drawingView), next: null });
        }),
    );
    app.get(
      '/api/floor-plans/points.csv',
      { config: { policy: { allow: SEES_ALARMS } }, schema: { tags, produces: ['text/csv'] } },
      async (request, reply) => {
        const { community } = entry.user(request);
        const rows = valueOf(await entry.db.read(async (tx) => ok(await positionsOf(tx, community, null))));
        return reply
          .type('text/csv; charset=utf-8')
          .header('content-disposition', 'attachment; filename="floor-plan-points.csv"')
          .send(positionsCsv(rows));
      },
    );
  };
}

function writeRoutes({ entry }: FloorPlanParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/api/floor-plans/:building/:floor/drawings',
      {
        config: { policy: { allow: DRAWS } },
        schema: { tags, params: At, body: NewDrawing, response: { 200: Type.Object({ floors: Type.Integer() }) } },
      },
      (request) =>
        entry.command(request, (c) => addDrawing(c, entry.user(request).community, request.params, request.body)),
    );
    app.put(
      '/api/floor-plans/:building/:floor/positions',
      {
        config: { policy: { allow: DRAWS } },
        schema: { tags, params: At, body: NewPositions, response: { 200: Type.Object({ revision: Type.Integer() }) } },
      },
      (request) =>
        entry.command(request, (c) => setPositions(c, entry.user(request).community, request.params, request.body)),
    );
    app.post(
      '/api/floor-plans/points',
      {
        config: { policy: { allow: DRAWS } },
        schema: { tags, body: ImportPositions, response: { 200: ImportedPositions } },
      },
      (request) => entry.command(request, (c) => importPositions(c, entry.user(request).community, request.body.csv)),
    );
  };
}
