// Notifications of the signed-in person, pages that reached nobody, and the community's web hooks.
import { randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Tx } from '../db/tx.ts';
import type { CommandContext } from '../events/api.ts';
import type { Entry } from '../http/entry.ts';
import { ROLES } from '../http/policy.ts';
import { READ_ONLY } from '../http/reading.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { textOf } from '../messages/text.ts';
import { ruleInForce } from '../rules/api.ts';
import { whyLost, type PeoplePorts } from './api.ts';
import {
  HookView,
  MadeHook,
  NewHook,
  NotificationView,
  ReadBody,
  UndeliveredView,
  type HookView as Made,
} from './contract.ts';
import { HOOK_TARGETS, NOTIFY_LIMITS, type Urgency } from './norms.ts';
import {
  countUnread,
  hooksOf,
  insertHook,
  listFor,
  listUndelivered,
  markRead,
  markSeen,
  removeHook,
  type Hook,
} from './store.ts';
import { targetRefused } from './webhook.ts';

/** Whoever is told of things; a reader from outside is told of nothing. */
const TOLD = ROLES.filter((role) => !READ_ONLY.includes(role));
const PAGE = { default: 50, max: 200 } as const;
const SECRET_BYTES = 32;
const Cursor = Type.Optional(Type.String({ pattern: '^\\d{1,18}$' }));
const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE.max }));
const Next = Type.Union([Type.String(), Type.Null()]);

const hookView = (h: Hook): Made => ({
  id: h.id,
  name: h.name,
  origin: new URL(h.url).origin,
  ...(h.role === null ? {} : { role: h.role }),
  urgency: h.urgency,
});

/** Makes a web hook. Refuses `bad-request` for a URL that may not be called, and `duplicate` beyond the number allowed. */
export async function makeHook(
  c: CommandContext,
  wish: { readonly name: string; readonly url: string; readonly role?: string; readonly urgency?: Urgency },
): Promise<Result<{ hook: Made; secret: string }>> {
  if (c.actor.kind !== 'user') return refuse('not-allowed');
  const { community, id: by } = c.actor;
  if (wish.role !== undefined && !ROLES.some((r) => r === wish.role))
    return refuse('bad-request', `role: ${wish.role}`);
  const targets = (await ruleInForce(c.tx, community, HOOK_TARGETS)).value;
  const refused = targetRefused(wish.url, targets);
  if (refused !== undefined) return refuse('bad-request', `url: ${refused} (rule ${HOOK_TARGETS.id})`);
  if ((await hooksOf(c.tx, community)).length >= NOTIFY_LIMITS.hooksMax)
    return refuse('bad-request', `at most ${NOTIFY_LIMITS.hooksMax} hooks`);
  const secret = randomBytes(SECRET_BYTES).toString('hex');
  const hook = await insertHook(c.tx, {
    community,
    name: wish.name,
    url: wish.url,
    secret,
    role: wish.role ?? null,
    urgency: wish.urgency ?? 'normal',
    by,
    now: c.now,
  });
  const after = hookView(hook);
  c.emit({ effect: 'audit', community, action: 'hook.make', entity: 'hook', entityId: hook.id, after });
  return ok({ hook: after, secret });
}

export function notifyRoutes(entry: Entry, ports: PeoplePorts): FastifyPluginAsyncTypebox {
  return async (app) => {
    await app.register(ownRoutes(entry));
    await app.register(undeliveredRoutes(entry, ports));
    await app.register(hookRoutes(entry));
  };
}

function ownRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/notifications',
      {
        config: { policy: { allow: TOLD } },
        schema: {
          tags: ['notifications'],
          querystring: Type.Object({ unread: Type.Optional(Type.Boolean()), cursor: Cursor, limit: Limit }),
          response: {
            200: Type.Object({ items: Type.Array(NotificationView), next: Next, unread: Type.Integer() }),
          },
        },
      },
      async (request) => {
        const { id } = entry.user(request);
        const { unread = false, cursor, limit = PAGE.default } = request.query;
        const found = await entry.read(async (tx) =>
          ok({
            rows: await listFor(tx, id, { unread, before: cursor, limit: limit + 1 }),
            unread: await countUnread(tx, id),
          }),
        );
        const page = found.rows.slice(0, limit);
        const fresh = page.filter((r) => r.state !== 'delivered').map((r) => r.id);
        // Given to the person's own screen: that is what counts as delivered.
        if (fresh.length > 0) await entry.db.transaction((tx) => markSeen(tx, id, fresh, entry.clock.now()));
        return {
          items: page.map((r) => ({
            id: r.id,
            urgency: r.urgency,
            text: textOf(r.message, r.args),
            ...(r.link === null ? {} : { link: r.link }),
            at: r.at.toISOString(),
            ...(r.read_at === null ? {} : { readAt: r.read_at.toISOString() }),
          })),
          next: found.rows.length > limit ? (page.at(-1)?.id ?? null) : null,
          unread: found.unread,
        };
      },
    );
    app.post(
      '/api/notifications/read',
      {
        config: { policy: { allow: TOLD } },
        schema: {
          tags: ['notifications'],
          body: ReadBody,
          response: { 200: Type.Object({ read: Type.Integer(), unread: Type.Integer() }) },
        },
      },
      (request) =>
        entry.command(request, async (c) => {
          const { id } = entry.user(request);
          const read = await markRead(c.tx, id, request.body.ids, c.now);
          return ok({ read, unread: await countUnread(c.tx, id) });
        }),
    );
  };
}

function undeliveredRoutes(entry: Entry, ports: PeoplePorts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/notifications/undelivered',
      {
        // Guards too: one with a certificate may sit at the desk.
        config: { policy: { allow: ['admin', 'operator', 'supervisor', 'manager', 'guard'] } },
        schema: {
          tags: ['notifications'],
          querystring: Type.Object({ cursor: Cursor, limit: Limit }),
          response: { 200: Type.Object({ items: Type.Array(UndeliveredView), next: Next }) },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const { community } = entry.user(request);
          const { cursor, limit = PAGE.default } = request.query;
          const rows = await listUndelivered(tx, community, cursor, limit + 1);
          const page = rows.slice(0, limit);
          const name = await recipientNames(tx, ports, page);
          return ok({
            items: page.map((r) => ({
              id: r.id,
              channel: r.channel,
              recipient: name(r.recipient),
              urgency: r.urgency,
              text: textOf(r.message, r.args),
              ...(r.link === null ? {} : { link: r.link }),
              at: r.at.toISOString(),
              attempts: r.attempts,
              error: r.error,
              why: whyLost(r.error),
            })),
            next: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
          });
        }),
    );
  };
}

/** Names of people; hooks are read by id alone, for their table is closed to readers. */
async function recipientNames(
  tx: Tx,
  ports: PeoplePorts,
  rows: readonly { readonly channel: string; readonly recipient: string }[],
): Promise<(recipient: string) => string> {
  const names = new Map<string, string>();
  for (const recipient of new Set(rows.flatMap((r) => (r.channel === 'in-app' ? [r.recipient] : [])))) {
    const person = recipient.startsWith('role:') ? undefined : await ports.person(tx, recipient);
    if (person) names.set(recipient, person.name);
  }
  return (recipient) => names.get(recipient) ?? recipient;
}

function hookRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/hooks',
      {
        config: { policy: { allow: ['admin'] } },
        schema: {
          tags: ['notifications'],
          response: { 200: Type.Object({ items: Type.Array(HookView), next: Type.Null() }) },
        },
      },
      (request) =>
        // On the main pool: the read role may not see hooks.
        entry.command(request, async (c) =>
          ok({ items: (await hooksOf(c.tx, entry.user(request).community)).map(hookView), next: null }),
        ),
    );
    app.post(
      '/api/hooks',
      {
        config: { policy: { allow: ['admin'] } },
        schema: { tags: ['notifications'], body: NewHook, response: { 200: MadeHook } },
      },
      (request) => entry.command(request, (c) => makeHook(c, request.body)),
    );
    app.delete(
      '/api/hooks/:id',
      {
        config: { policy: { allow: ['admin'] } },
        schema: {
          tags: ['notifications'],
          params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
          response: { 200: Type.Object({ id: Type.String() }) },
        },
      },
      (request) =>
        entry.command(request, async (c) => {
          const { community } = entry.user(request);
          const { id } = request.params;
          if (!(await removeHook(c.tx, community, id))) return refuse('not-found', id);
          c.emit({ effect: 'audit', community, action: 'hook.remove', entity: 'hook', entityId: id });
          return ok({ id });
        }),
    );
  };
}
