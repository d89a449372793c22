// Idempotency keys: what was answered to a write, so that a repeat of it gets the same answer and changes nothing.
import { createHash } from 'node:crypto';
import type { Tx } from '../db/tx.ts';
import { canonicalJson } from '../canonical.ts';

export interface KeyedRequest {
  readonly user: string;
  readonly key: string;
  /** Method and path pattern. */
  readonly route: string;
  /** Everything that decides what is done: params, query, body. */
  readonly input: unknown;
}

export type Claim =
  { readonly claim: 'new' } | { readonly claim: 'answered'; readonly answer: unknown } | { readonly claim: 'reused' };

const hashOf = (request: KeyedRequest): Buffer =>
  createHash('sha256')
    .update(canonicalJson([request.route, request.input]))
    .digest();

interface Row {
  hash: Buffer;
  answer: unknown;
}

/**
 * Claims a key in the command's transaction. A second request with the same key waits here until the first commits
 * (and then gets its answer) or rolls back (and then does the work itself).
 */
export async function claimKey(tx: Tx, request: KeyedRequest, now: number): Promise<Claim> {
  const hash = hashOf(request);
  const inserted = await tx.run(
    `INSERT INTO http.idempotency (user_id, key, hash, at) VALUES ($1, $2, $3, to_timestamp($4::float8 / 1000))
     ON CONFLICT DO NOTHING`,
    [request.user, request.key, hash, now],
  );
  if (inserted === 1) return { claim: 'new' };
  const row = await tx.one<Row>('SELECT hash, answer FROM http.idempotency WHERE user_id = $1 AND key = $2', [
    request.user,
    request.key,
  ]);
  return row.hash.equals(hash) ? { claim: 'answered', answer: row.answer } : { claim: 'reused' };
}

export async function keepAnswer(tx: Tx, request: KeyedRequest, answer: unknown): Promise<void> {
  await tx.run('UPDATE http.idempotency SET answer = $3 WHERE user_id = $1 AND key = $2', [
    request.user,
    request.key,
    JSON.stringify(answer ?? null),
  ]);
}

/** Forgets keys older than `before` (ms wall). Answers how many. */
export async function forgetKeys(tx: Tx, before: number): Promise<number> {
  return tx.run('DELETE FROM http.idempotency WHERE at < to_timestamp($1::float8 / 1000)', [before]);
}
