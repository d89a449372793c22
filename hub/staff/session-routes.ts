// Signing in, who am I, signing out, one's own password.
import { Type } from 'typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { STAFF_LIMITS } from '../config.ts';
import type { Tx } from '../db/tx.ts';
import { ok, refuse } from '../errors.ts';
import type { Entry, SignedIn } from '../http/entry.ts';
import { SESSION_COOKIE } from '../http/guard.ts';
import { valueOf } from '../http/problem.ts';
import { communityOf } from '../property/api.ts';
import type { QualifiedPort } from './api.ts';
import { changeOwnPassword } from './commands.ts';
import { ChangePassword, SessionBody, SessionView } from './contract.ts';
import type { Passwords } from './password.ts';
import { hashOfToken, type Sessions } from './sessions.ts';

export interface SessionRouteParts {
  readonly entry: Entry;
  readonly sessions: Sessions;
  readonly passwords: Passwords;
  readonly qualified: QualifiedPort;
  /** Records that a session was opened, in its transaction. */
  readonly opened: (tx: Tx, user: SignedIn, now: number) => Promise<void>;
}

function setCookie(request: FastifyRequest, reply: FastifyReply, token: string): void {
  void reply.setCookie(SESSION_COOKIE, token, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: request.protocol === 'https',
    maxAge: STAFF_LIMITS.sessionMsMax / 1000,
  });
}

/**
 * Signs someone in at a desk that has a session already, as whoever takes over does: kept, it takes the place of the
 * desk's own; dropped, nothing has changed. Throws the refusals of signing in.
 */
export const makeSecondSession =
  ({ sessions, opened }: Pick<SessionRouteParts, 'sessions' | 'opened'>) =>
  async (request: FastifyRequest, credentials: { readonly username: string; readonly password: string }) => {
    const { token, user } = valueOf(await sessions.open({ ...credentials, address: request.ip }, opened));
    return {
      user,
      keep: async (reply: FastifyReply): Promise<void> => {
        setCookie(request, reply, token);
        const before = request.cookies[SESSION_COOKIE];
        if (before !== undefined) await sessions.close(before);
      },
      drop: () => sessions.close(token),
    };
  };

export function sessionRoutes(parts: SessionRouteParts): FastifyPluginAsyncTypebox {
  const { entry, sessions, passwords, qualified, opened } = parts;
  const view = (user: SignedIn, expiresAt: number): Promise<SessionView> =>
    entry.read(async (tx) => {
      const community = await communityOf(tx, user.community);
      if (community === undefined) return refuse('not-found');
      return ok({
        ...user,
        communityName: community.name,
        qualified: await qualified(tx, user, entry.clock.now()),
        expiresAt: new Date(expiresAt).toISOString(),
      });
    });
  return async (app) => {
    app.post(
      '/api/session',
      {
        config: { policy: { allow: 'public' } },
        schema: { tags: ['staff'], body: SessionBody, response: { 200: SessionView } },
      },
      async (request, reply) => {
        const session = valueOf(await sessions.open({ ...request.body, address: request.ip }, opened));
        setCookie(request, reply, session.token);
        return view(session.user, session.expiresAt);
      },
    );
    app.get(
      '/api/session',
      {
        config: { policy: { allow: 'signed-in' }, withOneTimePassword: true, reading: 'everyday' },
        schema: { tags: ['staff'], response: { 200: SessionView } },
      },
      async (request) => {
        const expiresAt = await sessions.expiresAt(request.cookies[SESSION_COOKIE] ?? '');
        return view(entry.user(request), expiresAt ?? entry.clock.now());
      },
    );
    app.delete(
      '/api/session',
      // Public: signing out works also when the session is over.
      { config: { policy: { allow: 'public' } }, schema: { tags: ['staff'], response: { 204: Type.Null() } } },
      async (request, reply) => {
        const token = request.cookies[SESSION_COOKIE];
        if (token !== undefined) await sessions.close(token);
        return reply.clearCookie(SESSION_COOKIE, { path: '/' }).status(204).send(null);
      },
    );
    app.put(
      '/api/session/password',
      {
        config: { policy: { allow: 'signed-in' }, withOneTimePassword: true },
        schema: { tags: ['staff'], body: ChangePassword, response: { 200: Type.Object({ changed: Type.Boolean() }) } },
      },
      (request) => {
        const { id, community } = entry.user(request);
        const tokenHash = hashOfToken(request.cookies[SESSION_COOKIE] ?? '');
        return entry.command(request, (c) =>
          changeOwnPassword(c, { id, community, tokenHash }, request.body, passwords),
        );
      },
    );
  };
}
