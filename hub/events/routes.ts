// Policies that were set aside: what they are, and having one tried again once its cause is mended.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Entry } from '../http/entry.ts';
import { ok, refuse } from '../errors.ts';
import { setAsideList, takeUpAgain } from './books.ts';
import { SetAsideView, TakeUpBody } from './contract.ts';

const LIST_MAX = 500;

export function policyRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/policies/set-aside',
      {
        config: { policy: { allow: ['admin'] } },
        schema: {
          tags: ['policies'],
          response: { 200: Type.Object({ items: Type.Array(SetAsideView), next: Type.Null() }) },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const rows = await setAsideList(tx, entry.user(request).community, LIST_MAX);
          return ok({ items: rows.map((r) => ({ ...r, at: r.at.toISOString() })), next: null });
        }),
    );
    app.post(
      '/api/policies/take-up',
      {
        config: { policy: { allow: ['admin'] } },
        schema: { tags: ['policies'], body: TakeUpBody, response: { 200: TakeUpBody } },
      },
      (request) =>
        entry.command(request, async (c) => {
          const { rule, event } = request.body;
          const { community } = entry.user(request);
          if (!(await takeUpAgain(c.tx, { community, rule, event }, c.now)))
            return refuse('not-found', `${rule} ${event}`);
          const entityId = `${rule}:${event}`;
          c.emit({ effect: 'audit', community, action: 'policy.take-up', entity: 'policy', entityId });
          return ok({ rule, event });
        }),
    );
  };
}
