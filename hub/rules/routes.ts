// GET /api/rules: the numbers in force and their sources. PUT /api/rules/{id}: a site puts its own in place of a default.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { CommandContext } from '../events/api.ts';
import type { Tx } from '../db/tx.ts';
import type { Entry } from '../http/entry.ts';
import type { Role } from '../http/policy.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { ruleInForce, type RuleSet } from './api.ts';
import { ResetRuleBody, RuleVersionView, RuleView, SetRuleBody } from './contract.ts';
import { addVersion, versionsOf } from './store.ts';
import { findUnfit, whyUnfit } from './unfit.ts';

const tags = ['rules'];
const Id = Type.Object({ id: Type.String({ maxLength: 100 }) });
const READS: readonly Role[] = ['admin', 'supervisor', 'manager', 'committee'];
const SETS: readonly Role[] = ['admin', 'manager'];

/** Versions of one rule that are told at once. */
const VERSIONS_MAX = 50;

/** The rule as it is in force, and who has set it. */
async function viewOf(tx: Tx, community: string, rule: RuleSet): Promise<RuleView> {
  const inForce = await ruleInForce(tx, community, rule);
  const [newest] = await versionsOf(tx, community, rule.id, 1);
  const { id, source, schema } = rule;
  return {
    id,
    source,
    schema,
    default: rule.value,
    ...inForce,
    ...(newest?.version === inForce.version ? { set: { at: newest.at, by: newest.by, reason: newest.reason } } : {}),
  };
}

/** Sets a community's version of a rule. Refuses `not-found`, and `bad-request` naming the first field that does not fit. */
export async function setRule(
  c: CommandContext,
  rules: readonly RuleSet[],
  id: string,
  body: { readonly value: unknown; readonly reason: string },
): Promise<Result<RuleView>> {
  const rule = rules.find((r) => r.id === id);
  if (!rule || c.actor.kind !== 'user') return refuse('not-found', id);
  const why = whyUnfit(rule, body.value);
  if (why !== undefined) return refuse('bad-request', why);
  const { community, id: by, name: byName } = c.actor;
  const before = await ruleInForce(c.tx, community, rule);
  const version = await addVersion(c.tx, {
    community,
    rule: id,
    value: body.value,
    reason: body.reason,
    by,
    byName,
    at: c.now,
  });
  c.emit({
    effect: 'audit',
    community,
    action: 'rule.set',
    entity: 'rule',
    entityId: id,
    before,
    after: { value: body.value, version, reason: body.reason },
  });
  return ok(await viewOf(c.tx, community, rule));
}

/** Puts the default in force again. Refuses `not-found`, and `wrong-state` where it is in force already. */
export async function resetRule(
  c: CommandContext,
  rules: readonly RuleSet[],
  id: string,
  reason: string,
): Promise<Result<RuleView>> {
  const rule = rules.find((r) => r.id === id);
  if (!rule || c.actor.kind !== 'user') return refuse('not-found', id);
  const { community, id: by, name: byName } = c.actor;
  const before = await ruleInForce(c.tx, community, rule);
  // A version that no longer fits can be put aside too: the default holds already, and now on purpose.
  const [newest] = await versionsOf(c.tx, community, id, 1);
  if (newest === undefined || newest.value === null) return refuse('wrong-state', id);
  await addVersion(c.tx, { community, rule: id, value: null, reason, by, byName, at: c.now });
  c.emit({
    effect: 'audit',
    community,
    action: 'rule.reset',
    entity: 'rule',
    entityId: id,
    before,
    after: { value: rule.value, version: rule.version, reason },
  });
  return ok(await viewOf(c.tx, community, rule));
}

export function ruleRoutes(entry: Entry, rules: readonly RuleSet[]): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/rules',
      {
        config: { policy: { allow: READS } },
        schema: { tags: ['rules'], response: { 200: Type.Object({ items: Type.Array(RuleView) }) } },
      },
      (request) =>
        entry.read(async (tx) => {
          const { community } = entry.user(request);
          const items: RuleView[] = [];
          const unfit = new Map((await findUnfit(tx, rules, community)).map((u) => [u.rule, u]));
          for (const rule of rules) {
            const set = unfit.get(rule.id);
            const told = set && { unfit: { version: set.version, value: set.value, why: set.why } };
            items.push({ ...(await viewOf(tx, community, rule)), ...told });
          }
          return ok({ items });
        }),
    );
    app.put(
      '/api/rules/:id',
      {
        config: { policy: { allow: SETS } },
        schema: {
          tags: ['rules'],
          params: Id,
          body: SetRuleBody,
          response: { 200: RuleView },
        },
      },
      (request) => entry.command(request, (c) => setRule(c, rules, request.params.id, request.body)),
    );
    app.get(
      '/api/rules/:id/versions',
      {
        config: { policy: { allow: READS } },
        schema: { tags, params: Id, response: { 200: Type.Object({ items: Type.Array(RuleVersionView) }) } },
      },
      (request) =>
        entry.read(async (tx) => {
          const { id } = request.params;
          if (!rules.some((r) => r.id === id)) return refuse('not-found', id);
          return ok({ items: await versionsOf(tx, entry.user(request).community, id, VERSIONS_MAX) });
        }),
    );
    app.post(
      '/api/rules/:id/default',
      {
        config: { policy: { allow: SETS } },
        schema: { tags, params: Id, body: ResetRuleBody, response: { 200: RuleView } },
      },
      (request) => entry.command(request, (c) => resetRule(c, rules, request.params.id, request.body.reason)),
    );
  };
}
