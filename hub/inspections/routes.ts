// POST /api/checks: enter a check. GET /api/checks: what was entered, with the orders it led to.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Entry } from '../http/entry.ts';
import type { Role } from '../http/policy.ts';
import { ok, refuse } from '../errors.ts';
import { ordersOfSources } from '../work-orders/api.ts';
import { checkView, enterCheck, type CheckPorts } from './check.ts';
import { CheckBody, CheckView } from './contract.ts';
import { listChecks } from './store.ts';

const PAGE = { default: 50, max: 200 } as const;
const ENTERS: Role[] = ['admin', 'inspector', 'technician', 'operator', 'supervisor', 'manager', 'guard', 'contractor'];
const CURSOR = /^(\d{1,16})~([0-9a-f-]{36})$/;

export function checkRoutes(entry: Entry, ports: CheckPorts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/api/checks',
      {
        config: { policy: { allow: ENTERS } },
        schema: { tags: ['inspections'], body: CheckBody, response: { 200: CheckView } },
      },
      (request) => entry.command(request, (c) => enterCheck(c, ports, request.body)),
    );
    app.get(
      '/api/checks',
      {
        config: { policy: { allow: ENTERS } },
        schema: {
          tags: ['inspections'],
          querystring: Type.Object({
            device: Type.Optional(Type.String({ maxLength: 200 })),
            outcome: Type.Optional(Type.Enum(['pass', 'fail', 'not-applicable'])),
            cursor: Type.Optional(Type.String({ maxLength: 100 })),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE.max })),
          }),
          response: {
            200: Type.Object({ items: Type.Array(CheckView), next: Type.Union([Type.String(), Type.Null()]) }),
          },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const { community } = entry.user(request);
          const { device, outcome, cursor, limit = PAGE.default } = request.query;
          const [, micros, id] = cursor === undefined ? [] : (CURSOR.exec(cursor) ?? []);
          if (cursor !== undefined && (micros === undefined || id === undefined))
            return refuse('bad-request', 'cursor');
          const after = micros === undefined || id === undefined ? undefined : { micros, id };
          const rows = await listChecks(tx, community, { device, outcome, after, limit: limit + 1 });
          const page = rows.slice(0, limit);
          const orders = await ordersOfSources(
            tx,
            community,
            'check',
            page.map((r) => r.id),
          );
          const last = page.at(-1);
          return ok({
            items: page.map((r) => checkView(r, orders.get(r.id))),
            next: rows.length > limit && last ? `${last.micros}~${last.id}` : null,
          });
        }),
    );
  };
}
