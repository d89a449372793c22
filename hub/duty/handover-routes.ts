// Hand-overs: prepare, read, sign, withdraw. Who comes signs in a session of their own: the one they came with, or one
// that is opened at the same desk with their own name and password and then takes the place of who leaves.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CONTROL_ROOM } from '../alarms/api.ts';
import type { Tx } from '../db/tx.ts';
import type { Entry, SignedIn } from '../http/entry.ts';
import { RefusalError } from '../http/problem.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import { findUser } from '../staff/api.ts';
import { findHandover, type Handover } from './attendance-store.ts';
import { HandoverView, NewHandover, SignHandover } from './contract.ts';
import { handoverList, type HandoverPorts } from './handover-list.ts';
import { prepareHandover, signHandover, withdrawHandover } from './handovers.ts';
import { isStale } from './open-handover.ts';
import { READS } from './routes.ts';

const tags = ['duty'];
const desk = { policy: { allow: CONTROL_ROOM } };
const Id = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** A session opened at a desk that has one already. */
export interface SecondSession {
  readonly user: SignedIn;
  /** It takes the place of the desk's session, which ends. */
  keep(reply: FastifyReply): Promise<void>;
  drop(): Promise<void>;
}

export interface HandoverRouteParts extends HandoverPorts {
  readonly entry: Entry;
  /** Throws the refusal of signing in. */
  readonly signIn: (
    request: FastifyRequest,
    credentials: { readonly username: string; readonly password: string },
  ) => Promise<SecondSession>;
  /** A command of someone other than the user of the request. */
  readonly asUser: <T>(user: SignedIn, work: (c: CommandContext) => Promise<Result<T>>) => Promise<T>;
}

export async function handoverView(tx: Tx, h: Handover, now: number): Promise<HandoverView> {
  const leaving: { id: string; name: string }[] = [];
  for (const id of h.leaving) leaving.push({ id, name: (await findUser(tx, id))?.name ?? id });
  return {
    id: h.id,
    state: h.state,
    preparedAt: new Date(h.preparedAt).toISOString(),
    preparedBy: { id: h.preparedBy, name: h.preparedByName },
    leaving,
    note: h.note,
    list: h.list,
    sha256: h.sha256,
    ...(h.doneAt === undefined ? {} : { doneAt: new Date(h.doneAt).toISOString() }),
    signatures: [...h.signatures],
    stale: await isStale({ tx }, h, now),
  };
}

const told = async (c: CommandContext, done: Result<Handover>): Promise<Result<HandoverView>> =>
  done.ok ? ok(await handoverView(c.tx, done.value, c.now)) : done;

export function handoverRoutes(parts: HandoverRouteParts): FastifyPluginAsyncTypebox {
  const { entry } = parts;
  return async (app) => {
    app.post(
      '/api/duty/handovers',
      { config: desk, schema: { tags, body: NewHandover, response: { 200: HandoverView } } },
      async (request) => {
        const { community } = entry.user(request);
        const list = await entry.read(async (tx) => ok(await handoverList(tx, parts, community, entry.clock.now())));
        return entry.command(request, async (c) => told(c, await prepareHandover(c, request.body, list)));
      },
    );
    app.get(
      '/api/duty/handovers/:id',
      {
        config: { policy: { allow: READS }, reading: 'handovers' },
        schema: { tags, params: Id, response: { 200: HandoverView } },
      },
      (request) =>
        entry.read(async (tx) => {
          const handover = await findHandover(tx, entry.user(request).community, request.params.id);
          return handover
            ? ok(await handoverView(tx, handover, entry.clock.now()))
            : refuse('not-found', request.params.id);
        }),
    );
    app.post(
      '/api/duty/handovers/:id/withdraw',
      { config: desk, schema: { tags, params: Id, response: { 200: HandoverView } } },
      (request) => entry.command(request, async (c) => told(c, await withdrawHandover(c, request.params.id))),
    );
    app.post(
      '/api/duty/handovers/:id/sign',
      { config: desk, schema: { tags, params: Id, body: SignHandover, response: { 200: HandoverView } } },
      async (request, reply) => {
        const { sha256, username, password } = request.body;
        const sign = async (c: CommandContext): Promise<Result<HandoverView>> =>
          told(c, await signHandover(c, request.params.id, sha256));
        if (username === undefined || password === undefined) return entry.command(request, sign);
        const comes = await parts.signIn(request, { username, password });
        try {
          if (comes.user.community !== entry.user(request).community || !CONTROL_ROOM.includes(comes.user.role))
            throw new RefusalError('not-allowed');
          // Known to whoever gave it: nobody signs for another with it.
          if (comes.user.mustChangePassword) throw new RefusalError('password-change-required');
          const signed = await parts.asUser(comes.user, sign);
          await comes.keep(reply);
          return signed;
        } catch (error) {
          await comes.drop();
          throw error;
        }
      },
    );
  };
}
