// Fires over HTTP: what is open, one fire whole, its acts, its closing, its timeline, and the short form of a report.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { CONTROL_ROOM, ON_SITE, SEES_ALARMS, UUID } from '../alarms/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import type { Entry } from '../http/entry.ts';
import { STAFF, type Role } from '../http/policy.ts';
import { actAtFire, closeFire } from './acts.ts';
import { CloseFire, FireAct, FireItem, FireReport, FireView, LinkageView, Reported, TimelineItem } from './contract.ts';
import { FIRE_LIMITS } from './limits.ts';
import type { FirePorts } from './ports.ts';
import { reportFire } from './reports.ts';
import { findFire, listFires, openFires, type FireRow } from './store.ts';
import { fireRecord, fireView, itemOf, linkageView } from './view.ts';

const tags = ['fires'];
const Id = Type.Object({ id: Type.String({ pattern: UUID.source }) });
const CURSOR = /^(\d{1,16})\.([0-9a-f-]{36})$/;

/**
 * Calling 119, sending somebody, starting the evacuation is for whoever is there. What the law keeps for those who hold
 * the certificate is working at the panel: the finding on linkage, and closing what it was about.
 */
const RESERVED: readonly string[] = ['linkage'];
/** Takes a report of a fire: everyone of the company. */
const HEARS: readonly Role[] = STAFF;

export interface FireRouteParts {
  readonly entry: Entry;
  readonly ports: FirePorts;
}

export function fireRoutes(parts: FireRouteParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    await app.register(readRoutes(parts));
    await app.register(actRoutes(parts));
  };
}

const Page = Type.Object({ items: Type.Array(FireItem), next: Type.Union([Type.String(), Type.Null()]) });
const pageOf = (rows: readonly FireRow[], limit: number) => {
  const last = rows[limit - 1];
  return {
    items: rows.slice(0, limit).map(itemOf),
    next: rows.length > limit && last ? `${last.openedAt}.${last.id}` : null,
  };
};

function readRoutes({ entry, ports }: FireRouteParts): FastifyPluginAsyncTypebox {
  const told: readonly Role[] = [...SEES_ALARMS, 'authority'];
  const sees = { policy: { allow: told }, reading: 'fires' as const };
  const staff = { policy: { allow: ON_SITE } };
  return async (app) => {
    app.get(
      '/api/fires',
      {
        config: sees,
        schema: {
          tags,
          querystring: Type.Object(
            {
              state: Type.Optional(Type.Enum(['open', 'all'])),
              cursor: Type.Optional(Type.String({ maxLength: 80 })),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: FIRE_LIMITS.pageMax })),
            },
            { additionalProperties: false },
          ),
          response: { 200: Page },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const { community } = entry.user(request);
          const { state = 'open', cursor, limit = FIRE_LIMITS.pageDefault } = request.query;
          if (state === 'open')
            return ok({ items: (await openFires(tx, community, FIRE_LIMITS.openMax)).map(itemOf), next: null });
          const [, at, id] = cursor === undefined ? [] : (CURSOR.exec(cursor) ?? []);
          if (cursor !== undefined && id === undefined) return refuse('bad-request', 'cursor');
          const before = id === undefined ? null : { at: Number(at), id };
          return ok(pageOf(await listFires(tx, community, before, limit + 1), limit));
        }),
    );
    // Beside the alarms, whether or not there is a fire: what stands in manual does not act by itself.
    app.get(
      '/api/linkage',
      { config: { policy: { allow: told }, reading: 'everyday' }, schema: { tags, response: { 200: LinkageView } } },
      (request) => entry.read(async (tx) => ok(await linkageView(tx, ports, entry.user(request).community))),
    );
    // Names and numbers of callers stand in it: for those who act.
    app.get('/api/fires/:id', { config: staff, schema: { tags, params: Id, response: { 200: FireView } } }, (request) =>
      readFire(entry, ports, request, request.params.id),
    );
    app.get(
      '/api/fires/:id/timeline',
      {
        config: staff,
        schema: {
          tags,
          params: Id,
          response: { 200: Type.Object({ items: Type.Array(TimelineItem), next: Type.Null() }) },
        },
      },
      (request) =>
        entry.read(async (tx) => {
          const { community } = entry.user(request);
          const record = await fireRecord(tx, community, request.params.id);
          return record ? ok({ items: [...record.items], next: null }) : refuse('not-found', request.params.id);
        }),
    );
  };
}

const readFire = (entry: Entry, ports: FirePorts, request: FastifyRequest, id: string): Promise<FireView> =>
  entry.read(async (tx) => {
    const user = entry.user(request);
    const fire = await findFire(tx, user.community, id);
    return fire ? ok(await fireView(tx, ports, fire, user)) : refuse('not-found', id);
  });

function actRoutes({ entry, ports }: FireRouteParts): FastifyPluginAsyncTypebox {
  const act = (
    request: FastifyRequest,
    reserved: boolean,
    work: (c: CommandContext) => Promise<Result<FireRow>>,
  ): Promise<FireView> =>
    entry.command(request, async (c) => {
      const user = entry.user(request);
      if (reserved && !(await ports.qualified(c.tx, user, c.now))) return refuse('not-qualified');
      const done = await work(c);
      return done.ok ? ok(await fireView(c.tx, ports, done.value, user)) : done;
    });
  return async (app) => {
    app.post(
      '/api/fires/:id/acts',
      {
        config: { policy: { allow: ON_SITE } },
        schema: { tags, params: Id, body: FireAct, response: { 200: FireView } },
      },
      (request) =>
        act(request, RESERVED.includes(request.body.act), (c) => actAtFire(c, ports, request.params.id, request.body)),
    );
    app.post(
      '/api/fires/:id/close',
      {
        config: { policy: { allow: CONTROL_ROOM } },
        schema: { tags, params: Id, body: CloseFire, response: { 200: FireView } },
      },
      (request) => act(request, true, (c) => closeFire(c, ports, request.params.id, request.body)),
    );
    app.post(
      '/api/fires/reports',
      {
        config: { policy: { allow: HEARS } },
        schema: { tags, body: FireReport, response: { 200: Reported } },
      },
      (request) => entry.command(request, (c) => reportFire(c, ports, request.body)),
    );
  };
}
