// SQL of the one timer table: set, cancel, claim what is due, put off, set aside, shift with the clock.
import type { Tx } from './db/tx.ts';
import type { Effect } from './events/api.ts';

export type NewTimer = Omit<Extract<Effect, { effect: 'timer' }>, 'effect'>;

/** A timer whose time has come. */
export interface DueTimer {
  readonly key: string;
  readonly kind: string;
  readonly community: string;
  readonly dueAt: number;
  readonly payload: Record<string, unknown>;
  /** How often it has failed before. */
  readonly attempts: number;
}

/** Sets timers in the caller's transaction, by one statement. A key that exists is moved; the last of equal keys wins. */
export async function setTimers(tx: Tx, timers: readonly NewTimer[], now: number): Promise<void> {
  if (timers.length === 0) return;
  const rows = [...new Map(timers.map((t) => [t.key, t])).values()];
  await tx.run(
    `insert into timers.timer (key, kind, community, due, basis, payload, set_at)
     select u.key, u.kind, u.community, u.due, u.basis, u.payload::jsonb, $7
     from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[])
       as u (key, kind, community, due, basis, payload)
     on conflict (key) do update set kind = excluded.kind, community = excluded.community, due = excluded.due,
       basis = excluded.basis, payload = excluded.payload, set_at = excluded.set_at,
       attempts = 0, error = null, set_aside_at = null`,
    [
      rows.map((t) => t.key),
      rows.map((t) => t.kind),
      rows.map((t) => t.community),
      rows.map((t) => Math.trunc(t.dueAt)),
      rows.map((t) => t.basis),
      rows.map((t) => JSON.stringify(t.payload)),
      Math.trunc(now),
    ],
  );
}

/** Cancels timers; keys that don't exist are fine. Answers how many were cancelled. */
export async function cancelTimers(tx: Tx, keys: readonly string[]): Promise<number> {
  return keys.length === 0 ? 0 : tx.run('delete from timers.timer where key = any ($1::text[])', [keys]);
}

interface Row {
  key: string;
  kind: string;
  community: string;
  due: string;
  payload: Record<string, unknown>;
  attempts: number;
}

/** Takes the earliest due timer of these kinds out of the table; it is back if the transaction fails. */
export async function claimDue(tx: Tx, kinds: readonly string[], now: number): Promise<DueTimer | undefined> {
  const row = await tx.maybe<Row>(
    `delete from timers.timer where key = (
       select key from timers.timer
       where set_aside_at is null and due <= $2 and kind = any ($1::text[])
       order by due, key limit 1 for update skip locked
     ) returning key, kind, community, due, payload, attempts`,
    [kinds, Math.trunc(now)],
  );
  return row && { ...row, dueAt: Number(row.due) };
}

/** Kind of the earliest due timer. */
export async function earliestDueKind(tx: Tx, kinds: readonly string[], now: number): Promise<string | undefined> {
  const row = await tx.maybe<{ kind: string }>(
    `select kind from timers.timer where set_aside_at is null and due <= $2 and kind = any ($1::text[])
     order by due, key limit 1`,
    [kinds, Math.trunc(now)],
  );
  return row?.kind;
}

/** When the earliest timer of these kinds is due, ms wall; undefined when there is none. */
export async function nextDue(tx: Tx, kinds: readonly string[]): Promise<number | undefined> {
  const row = await tx.maybe<{ due: string }>(
    `select due from timers.timer where set_aside_at is null and kind = any ($1::text[]) order by due limit 1`,
    [kinds],
  );
  return row && Number(row.due);
}

/** Which of these keys have a timer. */
export async function timersSet(tx: Tx, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ key: string }>('select key from timers.timer where key = any ($1::text[])', [keys]);
  return new Set(rows.map((r) => r.key));
}

/** Notes a failure: to be tried again at `retryAt`, or set aside when that is undefined. */
export async function noteFailure(
  tx: Tx,
  timer: DueTimer,
  failure: { readonly error: string; readonly now: number; readonly retryAt: number | undefined },
): Promise<void> {
  await tx.run(
    `update timers.timer set attempts = attempts + 1, error = $2, due = coalesce($3, due),
       set_aside_at = case when $3::bigint is null then to_timestamp($4::float8 / 1000) end
     where key = $1`,
    [timer.key, failure.error, failure.retryAt === undefined ? null : Math.trunc(failure.retryAt), failure.now],
  );
}

/**
 * Moves durations with the wall clock, but not those that were set after it had jumped.
 * @param seenAt wall clock at the last look before the jump, ms
 * @param jumpMs how far the clock jumped; + is forward
 * @param windowMs longest time between two looks
 */
export async function shiftDurations(tx: Tx, seenAt: number, jumpMs: number, windowMs: number): Promise<number> {
  const after = [Math.trunc(seenAt + jumpMs), Math.trunc(seenAt + jumpMs + windowMs)];
  return tx.run(
    `update timers.timer set due = due + $1, set_at = set_at + $1
     where basis = 'duration' and not (set_at > $2 and set_at <= $3)`,
    [Math.trunc(jumpMs), ...after],
  );
}

/** The payload of one timer, which is then kept from running until the transaction ends; undefined when there is none. */
export async function holdTimer(tx: Tx, key: string): Promise<Record<string, unknown> | undefined> {
  const look = (): Promise<{ payload: Record<string, unknown> } | undefined> =>
    tx.maybe('select payload from timers.timer where key = $1 and set_aside_at is null for update', [key]);
  // One that was just running was taken out and may have set itself again: only a second look sees that row.
  return ((await look()) ?? (await look()))?.payload;
}

/** When the timer of this key is due, ms wall; undefined when there is none. */
export async function dueOf(tx: Tx, key: string): Promise<number | undefined> {
  const row = await tx.maybe<{ due: string }>('select due from timers.timer where key = $1 and set_aside_at is null', [
    key,
  ]);
  return row && Number(row.due);
}

/** Payloads of all timers of a kind that are not set aside. */
export async function payloadsOf(tx: Tx, kind: string): Promise<Record<string, unknown>[]> {
  const rows = await tx.query<{ payload: Record<string, unknown> }>(
    'select payload from timers.timer where kind = $1 and set_aside_at is null',
    [kind],
  );
  return rows.map((r) => r.payload);
}
