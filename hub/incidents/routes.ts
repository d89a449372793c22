// GET /api/incidents: what is going on, as the operator sees it.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { alarmsOfIncidents, SEES_ALARMS, type IncidentAlarms } from '../alarms/api.ts';
import { ok, refuse } from '../errors.ts';
import type { Entry } from '../http/entry.ts';
import { IncidentView } from './contract.ts';
import type { Incident } from './grouping.ts';
import { incidentsById, listIncidents } from './store.ts';

const LIMITS = { page: 200, pageDefault: 50, open: 1_000 } as const;
const CURSOR = /^(\d{1,16})\.([0-9a-f-]{36})$/;

function viewOf(i: Incident, alarms: IncidentAlarms | undefined): IncidentView | undefined {
  if (!alarms) return undefined;
  return {
    id: i.id,
    family: i.family,
    ...(i.building === null ? {} : { building: i.building }),
    ...(i.floorLow === null ? {} : { floorLow: i.floorLow }),
    ...(i.floorHigh === null ? {} : { floorHigh: i.floorHigh }),
    ...(i.device === null ? {} : { device: i.device }),
    firstAt: new Date(i.firstAt).toISOString(),
    lastAt: new Date(i.lastAt).toISOString(),
    first: alarms.first,
    counts: alarms.counts,
    open: alarms.open,
    all: alarms.all,
  };
}

export function incidentRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/incidents',
      {
        config: { policy: { allow: SEES_ALARMS } },
        schema: {
          tags: ['incidents'],
          querystring: Type.Object(
            {
              state: Type.Optional(Type.Enum(['open', 'all'])),
              cursor: Type.Optional(Type.String({ maxLength: 80 })),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMITS.page })),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({ items: Type.Array(IncidentView), next: Type.Union([Type.String(), Type.Null()]) }),
          },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const { community } = entry.user(request);
          const { state = 'open', cursor, limit = LIMITS.pageDefault } = request.query;
          if (state === 'open') {
            const alarms = await alarmsOfIncidents(tx, community, null, LIMITS.open);
            const incidents = await incidentsById(tx, community, [...alarms.keys()]);
            const items = incidents.map((i) => viewOf(i, alarms.get(i.id))).filter((v) => v !== undefined);
            return ok({ items, next: null });
          }
          const [, at, id] = cursor === undefined ? [] : (CURSOR.exec(cursor) ?? []);
          if (cursor !== undefined && id === undefined) return refuse('bad-request', 'cursor');
          const before = id === undefined ? null : { at: Number(at), id };
          const found = await listIncidents(tx, community, before, limit + 1);
          const page = found.slice(0, limit);
          const ids = page.map((i) => i.id);
          const alarms = await alarmsOfIncidents(tx, community, ids, LIMITS.open);
          const items = page.map((i) => viewOf(i, alarms.get(i.id))).filter((v) => v !== undefined);
          const last = page.at(-1);
          return ok({ items, next: found.length > limit && last ? `${last.firstAt}.${last.id}` : null });
        }),
    );
  };
}
