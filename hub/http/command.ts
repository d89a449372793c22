// The entry point of reads and writes (see entry.ts): one transaction with its effects, refusals that roll back,
// idempotency keys, and another try after a deadlock.
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../clock.ts';
import { DB_LIMITS, HTTP_LIMITS } from '../config.ts';
import type { Db, Tx } from '../db/tx.ts';
import type { Result } from '../errors.ts';
import type { Actor, CommandContext, Effect } from '../events/api.ts';
import type { Entry, SignedIn } from './entry.ts';
import { claimKey, keepAnswer, type KeyedRequest } from './idempotency-store.ts';
import { RefusalError, valueOf } from './problem.ts';

/** Runs effects in the transaction of the command that wanted them. */
export type EffectRunner = (
  tx: Tx,
  effects: readonly Effect[],
  context: { readonly now: number; readonly actor: Actor },
) => Promise<void>;

const DEADLOCK_OR_SERIALISATION = ['40P01', '40001'];

const conflicts = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && DEADLOCK_OR_SERIALISATION.includes(String(error.code));

/**
 * Does `work` in a transaction with its effects, again when the database asks for it: nothing has left the transaction
 * by then.
 * @throws RefusalError when the work refuses
 */
export async function runCommand<T>(
  db: Db,
  runEffects: EffectRunner,
  context: { readonly now: number; readonly actor: Actor },
  work: (c: CommandContext) => Promise<Result<T>>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await db.transaction(async (tx) => {
        const effects: Effect[] = [];
        const value = valueOf(await work({ ...context, tx, emit: (effect) => void effects.push(effect) }));
        await runEffects(tx, effects, context);
        return value;
      });
    } catch (error) {
      if (tries >= DB_LIMITS.conflictTriesMax || !conflicts(error)) throw error;
    }
  }
}

function keyOf(request: FastifyRequest, user: SignedIn): KeyedRequest | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined || request.routeOptions.config.secretAnswer === true) return undefined;
  if (typeof key !== 'string' || key.length > HTTP_LIMITS.idempotencyKeyCharsMax || !/^[\x21-\x7e]+$/.test(key)) {
    throw new RefusalError('bad-request', 'Idempotency-Key');
  }
  const route = `${request.method} ${request.routeOptions.url ?? request.url}`;
  return { user: user.id, key, route, input: [request.params, request.query, request.body] };
}

/** Claims the key, does the work once, keeps its answer. */
function once<T>(request: KeyedRequest, work: (c: CommandContext) => Promise<Result<T>>) {
  return async (c: CommandContext): Promise<Result<T>> => {
    const claimed = await claimKey(c.tx, request, c.now);
    if (claimed.claim === 'reused') throw new RefusalError('key-reused');
    if (claimed.claim === 'answered') return { ok: true, value: claimed.answer as T };
    const result = await work(c);
    if (result.ok) await keepAnswer(c.tx, request, result.value);
    return result;
  };
}

function userOf(request: FastifyRequest): SignedIn {
  if (request.signedIn === undefined) throw new RefusalError('not-signed-in');
  return request.signedIn;
}

/** The entry of routes. */
export function makeEntry(parts: { readonly db: Db; readonly clock: Clock; readonly runEffects: EffectRunner }): Entry {
  const { db, clock, runEffects } = parts;
  return {
    db,
    clock,
    user: userOf,
    command: async (request, work) => {
      const user = userOf(request);
      const { id, name, role, community } = user;
      const context = { now: clock.now(), actor: { kind: 'user' as const, id, name, role, community } };
      const keyed = keyOf(request, user);
      return runCommand(db, runEffects, context, keyed === undefined ? work : once(keyed, work));
    },
    read: async (work) => valueOf(await db.read(work)),
  };
}
