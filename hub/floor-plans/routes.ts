// Routes of floor plans: which floors have one, one floor whole, its earlier drawings; a new drawing, positions, lists.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { SEES_ALARMS } from '../alarms/api.ts';
import { ok, refuse } from '../errors.ts';
import type { Entry } from '../http/entry.ts';
import type { Role } from '../http/policy.ts';
import { valueOf } from '../http/problem.ts';
import type { LivePoints } from '../ingest/api.ts';
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
import { drawingsOf, listFloors, positionsOf } from './store.ts';
import { drawingView, hasFloor, planOf } from './view.ts';

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

export function floorPlanRoutes(parts: FloorPlanParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    await app.register(readRoutes(parts));
    await app.register(writeRoutes(parts));
  };
}

function readRoutes(parts: FloorPlanParts): FastifyPluginAsyncTypebox {
  const { entry } = parts;
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
      (request) => entry.read((tx) => planOf(tx, parts, entry.user(request).community, request.params)),
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
