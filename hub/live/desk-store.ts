// The SQL of the desk watch: when desks last answered, as any hub has written it.
import type { Tx } from '../db/tx.ts';
import type { Desk, Impairment } from './desk.ts';

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;

/** Times in ms wall. */
export async function noteDesk(tx: Tx, community: string, desk: Desk): Promise<void> {
  await tx.run(
    `insert into live.desk (community, person, seen_at, impaired_at, impaired_by)
     values ($1, $2, ${at(3)}, ${at(4)}, $5)
     on conflict (community, person) do update set seen_at = excluded.seen_at, impaired_at = excluded.impaired_at,
       impaired_by = excluded.impaired_by`,
    [community, desk.person, desk.seenAt, desk.impaired?.since ?? null, desk.impaired?.by ?? null],
  );
}

interface Row {
  readonly person: string;
  readonly seen_at: Date;
  readonly impaired_at: Date | null;
  readonly impaired_by: Impairment | null;
}

/** Desks that answered after a moment (ms wall). */
export async function desksSince(tx: Tx, community: string, since: number): Promise<Desk[]> {
  const rows = await tx.query<Row>(
    `select person, seen_at, impaired_at, impaired_by from live.desk where community = $1 and seen_at > ${at(2)}`,
    [community, since],
  );
  return rows.map((r) => ({
    person: r.person,
    seenAt: r.seen_at.getTime(),
    ...(r.impaired_at === null || r.impaired_by === null
      ? {}
      : { impaired: { by: r.impaired_by, since: r.impaired_at.getTime() } }),
  }));
}

/**
 * The hub begins to wait for desks at a moment (ms wall). Answers since when it has really waited: a start that follows
 * another within `graceMs`, with no desk heard between, goes on with that one's waiting. What lies ahead was written
 * before the clock was set back.
 */
export async function beginGrace(tx: Tx, community: string, now: number, graceMs: number): Promise<number> {
  const { since } = await tx.one<{ since: Date }>(
    `insert into live.grace as g (community, since, started_at) values ($1, ${at(2)}, ${at(2)})
     on conflict (community) do update set started_at = excluded.started_at, since = case
       when excluded.started_at - g.started_at between interval '0' and make_interval(secs => $3::float8 / 1000)
         and not exists (select 1 from live.desk d where d.community = g.community and d.seen_at >= g.since)
       then g.since else excluded.since end
     returning since`,
    [community, now, graceMs],
  );
  return since.getTime();
}
