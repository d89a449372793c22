// The first administrator of an empty hub, by the screen: whoever can read what the hub prints when it starts may make it.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { STAFF_LIMITS } from '../config.ts';
import type { CommandContext } from '../events/api.ts';
import { refuse, type Result } from '../errors.ts';
import type { Entry } from '../http/entry.ts';
import { RefusalError } from '../http/problem.ts';
import { SetupBody, SetupView } from './contract.ts';
import { makeFirstAdmin } from './first.ts';
import type { Passwords } from './password.ts';
import { anyPerson } from './store.ts';

const TOKEN_BYTES = 12;
/** 96 random bits in groups of four. */
const newToken = (): string =>
  randomBytes(TOKEN_BYTES)
    .toString('hex')
    .replace(/(.{4})(?=.)/g, '$1-');

const digest = (token: string): Buffer =>
  createHash('sha256').update(token.trim().toLowerCase().replaceAll(/[\s-]/g, '')).digest();

export interface SetupParts {
  readonly entry: Entry;
  readonly passwords: Passwords;
  /** Id of the community that is made. */
  readonly community: string;
  readonly asSystem: <T>(work: (c: CommandContext) => Promise<Result<T>>) => Promise<T>;
}

export interface Setup {
  /** For the eyes of whoever started the hub; kept in memory only, another at every start. */
  readonly token: string;
  readonly routes: FastifyPluginAsyncTypebox;
}

/** `waiting`: the hub has nobody; otherwise the way in stays closed whatever comes. */
export function makeSetup(parts: SetupParts, waiting: boolean): Setup {
  const token = newToken();
  const hash = digest(token);
  let open = waiting;
  let wrong = 0;
  const needed = async (): Promise<boolean> => {
    if (open && (await parts.entry.db.read(anyPerson))) open = false;
    return open;
  };
  const make = async (body: SetupBody): Promise<void> => {
    if (!(await needed())) throw new RefusalError('already-done');
    if (wrong >= STAFF_LIMITS.setupTriesMax) throw new RefusalError('too-many-tries');
    if (!timingSafeEqual(digest(body.token), hash)) {
      wrong += 1;
      throw new RefusalError('bad-request', 'token');
    }
    const { token: _, password, ...first } = body;
    const hashed = await parts.passwords.hash(password);
    await parts.asSystem(async (c) => {
      const made = await makeFirstAdmin(c, { ...first, community: parts.community, hash: hashed });
      return made.ok && !made.value ? refuse('already-done') : made;
    });
    open = false;
  };
  return { token, routes: setupRoutes(needed, make) };
}

function setupRoutes(
  needed: () => Promise<boolean>,
  make: (body: SetupBody) => Promise<void>,
): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/setup',
      // Public: there is nobody yet who could sign in.
      { config: { policy: { allow: 'public' } }, schema: { tags: ['staff'], response: { 200: SetupView } } },
      async () => ({ needed: await needed() }),
    );
    app.post(
      '/api/setup',
      {
        config: { policy: { allow: 'public' } },
        schema: { tags: ['staff'], body: SetupBody, response: { 200: SetupView } },
      },
      async (request) => {
        await make(request.body);
        return { needed: false };
      },
    );
  };
}
