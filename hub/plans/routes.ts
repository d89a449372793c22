// Emergency plans over HTTP: read by everyone who works here, written and judged by who answers for them.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ok, refuse } from '../errors.ts';
import type { Entry } from '../http/entry.ts';
import { STAFF, type Role } from '../http/policy.ts';
import { ruleInForce } from '../rules/api.ts';
import { planInForce, planKindOf } from './api.ts';
import { draftPlan, editPlan, judgePlan } from './commands.ts';
import { NewPlan, NoteBody, PlanBeside, PlanBody, PlanInForce, PlanList, VersionView } from './contract.ts';
import { PLAN_KINDS } from './norms.ts';
import { currentVersions, findVersion, listPlans, versionsOf } from './store.ts';
import { planView, versionView } from './views.ts';

/** Who writes and judges plans; nobody approves what they wrote. */
export const PLANS_WRITE: readonly Role[] = ['admin', 'supervisor', 'manager'];
const tags = ['plans'];
const staff = { policy: { allow: STAFF } };
/** The fire authority reads plans and drills, and runs none. */
const reads = { policy: { allow: [...STAFF, 'authority' as const] }, reading: 'plans' as const };
const writes = { policy: { allow: PLANS_WRITE } };
const Id = Type.Object({ id: Type.String({ maxLength: 64 }) });

export function planRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get('/api/plans', { config: reads, schema: { tags, response: { 200: PlanList } } }, (request) =>
      entry.read(async (tx) => {
        const { community } = entry.user(request);
        const { kinds } = (await ruleInForce(tx, community, PLAN_KINDS)).value;
        const versions = await currentVersions(tx, community);
        const items = (await listPlans(tx, community)).map((plan) => planView(plan, versions));
        return ok({ items, next: null, kinds });
      }),
    );
    app.get(
      '/api/plans/:id/versions',
      {
        config: reads,
        schema: {
          tags,
          params: Id,
          response: { 200: Type.Object({ items: Type.Array(VersionView), next: Type.Null() }) },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const items = await versionsOf(tx, entry.user(request).community, request.params.id);
          return items.length > 0 ? ok({ items: items.map(versionView), next: null }) : refuse('not-found');
        }),
    );
    app.get(
      '/api/plan-versions/:id',
      { config: reads, schema: { tags, params: Id, response: { 200: VersionView } } },
      (request) =>
        entry.read(async (tx) => {
          const found = await findVersion(tx, entry.user(request).community, request.params.id);
          return found ? ok(versionView(found)) : refuse('not-found', request.params.id);
        }),
    );
    await app.register(besideRoutes(entry));
    await app.register(writeRoutes(entry));
  };
}

/** What is in force for an incident. */
function besideRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/plans/in-force',
      {
        config: staff,
        schema: {
          tags,
          querystring: Type.Object({
            kind: Type.String({ maxLength: 40 }),
            building: Type.Optional(Type.String({ maxLength: 64 })),
          }),
          response: { 200: PlanInForce },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const { kind, building } = request.query;
          const found = await planInForce(tx, entry.user(request).community, building, kind);
          return found ? ok(found) : refuse('not-found', kind);
        }),
    );
    app.get(
      '/api/plans/beside',
      {
        config: staff,
        schema: {
          tags,
          querystring: Type.Object({
            class: Type.String({ maxLength: 40 }),
            deviceKind: Type.String({ maxLength: 40 }),
            building: Type.Optional(Type.String({ maxLength: 64 })),
          }),
          response: { 200: PlanBeside },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const { building, ...alarm } = request.query;
          const { community } = entry.user(request);
          const kind = await planKindOf(tx, community, alarm);
          const plan = kind === undefined ? undefined : await planInForce(tx, community, building, kind);
          return ok({ kind: kind ?? null, plan: plan ?? null });
        }),
    );
  };
}

function writeRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/api/plans',
      { config: writes, schema: { tags, body: NewPlan, response: { 200: VersionView } } },
      (request) => entry.command(request, (c) => draftPlan(c, request.body)),
    );
    app.put(
      '/api/plan-versions/:id',
      { config: writes, schema: { tags, params: Id, body: PlanBody, response: { 200: VersionView } } },
      (request) => entry.command(request, (c) => editPlan(c, request.params.id, request.body)),
    );
    for (const event of ['approve', 'put-in-force'] as const)
      app.post(
        `/api/plan-versions/:id/${event}`,
        { config: writes, schema: { tags, params: Id, response: { 200: VersionView } } },
        (request) => entry.command(request, (c) => judgePlan(c, request.params.id, event)),
      );
    for (const event of ['give-back', 'retire', 'drop'] as const)
      app.post(
        `/api/plan-versions/:id/${event}`,
        { config: writes, schema: { tags, params: Id, body: NoteBody, response: { 200: VersionView } } },
        (request) => entry.command(request, (c) => judgePlan(c, request.params.id, event, request.body.note)),
      );
  };
}
