// GET /api/rules: the numbers in force and their sources. PUT /api/rules/{id}: a site puts its own in place of a default.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { CommandContext } from '../events/api.ts';
import type { Entry } from '../http/entry.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { ruleInForce, type RuleSet } from './api.ts';
import { RuleView, SetRuleBody } from './contract.ts';
import { addVersion } from './store.ts';
import { findUnfit, whyUnfit } from './unfit.ts';

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
  return ok({ id, version, source: rule.source, value: body.value, default: rule.value });
}

export function ruleRoutes(entry: Entry, rules: readonly RuleSet[]): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/rules',
      {
        config: { policy: { allow: ['admin', 'supervisor', 'manager', 'committee'] } },
        schema: { tags: ['rules'], response: { 200: Type.Object({ items: Type.Array(RuleView) }) } },
      },
      (request) =>
        entry.read(async (tx) => {
          const { community } = entry.user(request);
          const items: RuleView[] = [];
          const unfit = new Map((await findUnfit(tx, rules, community)).map((u) => [u.rule, u]));
          for (const rule of rules) {
            const inForce = await ruleInForce(tx, community, rule);
            const set = unfit.get(rule.id);
            const told = set && { unfit: { version: set.version, value: set.value, why: set.why } };
            items.push({ id: rule.id, source: rule.source, default: rule.value, ...inForce, ...told });
          }
          return ok({ items });
        }),
    );
    app.put(
      '/api/rules/:id',
      {
        config: { policy: { allow: ['admin', 'manager'] } },
        schema: {
          tags: ['rules'],
          params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
          body: SetRuleBody,
          response: { 200: RuleView },
        },
      },
      (request) => entry.command(request, (c) => setRule(c, rules, request.params.id, request.body)),
    );
  };
}
