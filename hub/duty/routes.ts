// GET /api/duty/current, GET and POST /api/duty/shifts, DELETE /api/duty/shifts/{id}.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Entry } from '../http/entry.ts';
import { STAFF, type Role } from '../http/policy.ts';
import { ok } from '../errors.ts';
import { currentDuty, shiftView } from './api.ts';
import { dropShift, planShift } from './commands.ts';
import { CurrentDuty, NewShift, ShiftView } from './contract.ts';
import { DUTY_LIMITS } from './norms.ts';
import { shiftsBetween } from './store.ts';

const PLANS: Role[] = ['admin', 'supervisor', 'manager'];
const DAY = 86_400_000;

export function dutyRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/duty/current',
      { config: { policy: { allow: STAFF } }, schema: { tags: ['duty'], response: { 200: CurrentDuty } } },
      (request) =>
        entry.read(async (tx) => ok(await currentDuty(tx, entry.user(request).community, entry.clock.now()))),
    );
    app.get(
      '/api/duty/shifts',
      {
        config: { policy: { allow: STAFF } },
        schema: {
          tags: ['duty'],
          querystring: Type.Object({
            from: Type.Optional(Type.String({ format: 'date-time' })),
            to: Type.Optional(Type.String({ format: 'date-time' })),
          }),
          response: { 200: Type.Object({ items: Type.Array(ShiftView), next: Type.Null() }) },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const now = entry.clock.now();
          const from = request.query.from === undefined ? now - DAY : Date.parse(request.query.from);
          const to = request.query.to === undefined ? now + 7 * DAY : Date.parse(request.query.to);
          const shifts = await shiftsBetween(tx, entry.user(request).community, from, to, DUTY_LIMITS.listMax);
          const items: ShiftView[] = [];
          for (const s of shifts) items.push(await shiftView(tx, s, now));
          return ok({ items, next: null });
        }),
    );
    app.post(
      '/api/duty/shifts',
      {
        config: { policy: { allow: PLANS } },
        schema: { tags: ['duty'], body: NewShift, response: { 200: ShiftView } },
      },
      (request) =>
        entry.command(request, async (c) => {
          const { kind, from, to, people } = request.body;
          const { community } = entry.user(request);
          const plan = { community, kind, from: Date.parse(from), to: Date.parse(to), people };
          const planned = await planShift(c, plan);
          return planned.ok ? ok(await shiftView(c.tx, planned.value, c.now)) : planned;
        }),
    );
    app.delete(
      '/api/duty/shifts/:id',
      {
        config: { policy: { allow: PLANS } },
        schema: {
          tags: ['duty'],
          params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
          response: { 200: Type.Object({ id: Type.String() }) },
        },
      },
      (request) => entry.command(request, (c) => dropShift(c, entry.user(request).community, request.params.id)),
    );
  };
}
