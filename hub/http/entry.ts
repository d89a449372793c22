// The entry point of a write: one transaction, the actor, the time, effects run in the same commit, refusals as
// problem+json. Routes get this from main.ts; the implementation is in command.ts.
import type { FastifyRequest } from 'fastify';
import type { CommandContext } from '../events/api.ts';
import type { Result } from '../errors.ts';
import type { Db, Tx } from '../db/tx.ts';
import type { Clock } from '../clock.ts';
import type { Policy, Role } from './policy.ts';
import type { Reading } from './reading.ts';

// Here and not in policy.ts, so that contracts which name roles stay free of the server.
declare module 'fastify' {
  interface FastifyContextConfig {
    policy?: Policy;
    /** Also for whoever still has a one-time password; every other route is closed until they have set their own. */
    withOneTimePassword?: boolean;
    /** What a reader from outside sees here; a route that does not say it stays closed to them. */
    reading?: Reading;
    /** The answer holds a secret that is shown once: it is not kept for repeats, and a repeat does the work anew. */
    secretAnswer?: boolean;
  }
}

export interface SignedIn {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  readonly role: Role;
  readonly community: string;
  /** Signed in with a one-time password. */
  readonly mustChangePassword?: true;
}

export interface Entry {
  readonly db: Db;
  readonly clock: Clock;
  /** The signed-in user of this request; throws the refusal `not-signed-in` when there is none. */
  user(request: FastifyRequest): SignedIn;
  /**
   * Runs a command in one transaction with its effects; a refusal rolls back and becomes problem+json with the status
   * of the table. Honours `Idempotency-Key`: the same key, user and body answers what was answered before; the same
   * key with another body is refused (`key-reused`).
   */
  command<T>(request: FastifyRequest, work: (c: CommandContext) => Promise<Result<T>>): Promise<T>;
  /** A read on the read-only role. */
  read<T>(work: (tx: Tx) => Promise<Result<T>>): Promise<T>;
}
