// Hazards and violations over HTTP: /api/hazards.
import { Type, type Static } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { CommandContext } from '../events/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { Entry } from '../http/entry.ts';
import { ROLES, STAFF, type Role } from '../http/policy.ts';
import { ruleInForce } from '../rules/api.ts';
import {
  ActHazard,
  AmendHazard,
  AssignHazard,
  ExtendHazard,
  HazardKinds,
  HazardPage,
  HazardView,
  NewHazard,
} from './contract.ts';
import { findHazard, type Hazard } from './hazard-store.ts';
import { hazardPage, hazardView } from './hazard-view.ts';
import {
  actOnHazard,
  amendHazard,
  assignHazard,
  extendHazard,
  orderForHazard,
  passHazard,
  reportHazard,
  seesHazard,
  type HazardPorts,
  type SimpleAct,
} from './hazards.ts';
import { EXTENDERS, HAZARD_STATES, LEADS, OWN_ONLY, RECHECKERS } from './machine.ts';
import { FAMILIES, FIRE_SAFETY_LIMITS, GRADES, HAZARD_KINDS } from './norms.ts';

const tags = ['fire-safety'];
/** Whoever lives or works here may report, and follow what they reported. */
const everyone: readonly Role[] = [...STAFF, 'contractor', 'committee', 'owner'];
const readers: readonly Role[] = [...everyone, 'authority'];
const reads = { policy: { allow: readers }, reading: 'hazards' as const };
const named = (roles: readonly string[]): Role[] => ROLES.filter((r) => roles.includes(r));
const leads = named(LEADS);
const Id = Type.Object({ id: Type.String({ maxLength: 64 }) });

const ListQuery = Type.Object({
  state: Type.Optional(Type.Enum([...HAZARD_STATES, 'open', 'overdue', 'all'])),
  grade: Type.Optional(Type.Enum([...GRADES])),
  family: Type.Optional(Type.Enum([...FAMILIES])),
  kind: Type.Optional(Type.String({ maxLength: 40 })),
  building: Type.Optional(Type.String({ maxLength: 64 })),
  /** A person's id, or `me`. */
  responsible: Type.Optional(Type.String({ maxLength: 64 })),
  reporter: Type.Optional(Type.Literal('me')),
  cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,18}$' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: FIRE_SAFETY_LIMITS.listMax })),
});

/** Who may send each act at all; to this very hazard the machine decides. */
const ACTS: readonly { readonly act: SimpleAct; readonly allow: Role[] }[] = [
  { act: 'mend', allow: [...STAFF, 'contractor'] },
  // Whoever mends is let in as far as the refusal that says why they may not.
  { act: 'pass', allow: [...named(RECHECKERS), 'technician', 'contractor'] },
  { act: 'fail', allow: [...named(RECHECKERS), 'technician', 'contractor'] },
  { act: 'dismiss', allow: leads },
  { act: 'reopen', allow: named(RECHECKERS) },
  { act: 'comment', allow: [...everyone] },
];

export function hazardRoutes(entry: Entry, ports: HazardPorts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/hazard-kinds',
      {
        config: { policy: { allow: readers }, reading: 'everyday' },
        schema: { tags, response: { 200: HazardKinds } },
      },
      (request) =>
        entry.read(async (tx) => {
          const { kinds } = (await ruleInForce(tx, entry.user(request).community, HAZARD_KINDS)).value;
          return ok({ items: kinds.map(({ id, zh, en, family }) => ({ id, zh, en, family })), next: null });
        }),
    );
    app.get(
      '/api/hazards',
      {
        config: reads,
        schema: { tags, querystring: ListQuery, response: { 200: HazardPage } },
      },
      (request) =>
        entry.read((tx) => hazardPage(tx, filterOf(entry, request), entry.user(request), entry.clock.now()).then(ok)),
    );
    app.get(
      '/api/hazards/:id',
      { config: reads, schema: { tags, params: Id, response: { 200: HazardView } } },
      (request) =>
        entry.read(async (tx) => {
          const user = entry.user(request);
          const hazard = await findHazard(tx, user.community, request.params.id);
          if (!hazard || !seesHazard(user, hazard)) return refuse('not-found', request.params.id);
          return ok(await hazardView(tx, hazard, user, entry.clock.now()));
        }),
    );
    await app.register(actRoutes(entry, ports));
  };
}

function filterOf(
  entry: Entry,
  request: Parameters<Entry['user']>[0] & { readonly query: Static<typeof ListQuery> },
): Parameters<typeof hazardPage>[1] {
  const user = entry.user(request);
  const { state = 'open', responsible, reporter, cursor, limit, ...rest } = request.query;
  const own = OWN_ONLY.includes(user.role) || reporter === 'me';
  return {
    community: user.community,
    ...rest,
    state: state === 'all' || state === 'overdue' ? undefined : state,
    overdue: state === 'overdue',
    responsible: responsible === 'me' ? user.id : responsible,
    reporter: own ? user.id : undefined,
    concerns: user.role === 'contractor' ? user.id : undefined,
    before: cursor,
    limit: limit ?? FIRE_SAFETY_LIMITS.listDefault,
  };
}

function actRoutes(entry: Entry, ports: HazardPorts): FastifyPluginAsyncTypebox {
  const answer = async (c: CommandContext, done: Result<Hazard>): Promise<Result<HazardView>> => {
    if (!done.ok) return done;
    if (c.actor.kind !== 'user') return refuse('not-allowed');
    return ok(await hazardView(c.tx, done.value, c.actor, c.now));
  };
  const response = { 200: HazardView };
  return async (app) => {
    app.post(
      '/api/hazards',
      { config: { policy: { allow: everyone } }, schema: { tags, body: NewHazard, response } },
      (request) => entry.command(request, async (c) => answer(c, await reportHazard(c, request.body))),
    );
    app.post(
      '/api/hazards/:id/assign',
      { config: { policy: { allow: leads } }, schema: { tags, params: Id, body: AssignHazard, response } },
      (request) =>
        entry.command(request, async (c) => answer(c, await assignHazard(c, request.params.id, request.body))),
    );
    app.post(
      '/api/hazards/:id/amend',
      { config: { policy: { allow: leads } }, schema: { tags, params: Id, body: AmendHazard, response } },
      (request) =>
        entry.command(request, async (c) => answer(c, await amendHazard(c, request.params.id, request.body))),
    );
    app.post(
      '/api/hazards/:id/extend',
      { config: { policy: { allow: named(EXTENDERS) } }, schema: { tags, params: Id, body: ExtendHazard, response } },
      (request) =>
        entry.command(request, async (c) => answer(c, await extendHazard(c, request.params.id, request.body))),
    );
    app.post(
      '/api/hazards/:id/order',
      { config: { policy: { allow: leads } }, schema: { tags, params: Id, body: ActHazard, response } },
      (request) =>
        entry.command(request, async (c) => answer(c, await orderForHazard(c, ports, request.params.id, request.body))),
    );
    for (const { act, allow } of ACTS)
      app.post(
        `/api/hazards/:id/${act}`,
        { config: { policy: { allow } }, schema: { tags, params: Id, body: ActHazard, response } },
        (request) =>
          entry.command(request, async (c) =>
            answer(
              c,
              act === 'pass'
                ? await passHazard(c, ports, request.params.id, request.body)
                : await actOnHazard(c, request.params.id, act, request.body),
            ),
          ),
      );
  };
}
