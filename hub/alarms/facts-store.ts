// The narrow rows that figures count (alarms.fact): taken from alarms by the number of their last change, which no commit
// brings late. Never in the transaction that stores an alarm: what is counted must not delay what burns.
import type { Tx } from '../db/tx.ts';

export const FACT_LIMITS = {
  /** Alarms taken in one transaction. */
  batchRows: 20_000,
  /** Transactions before whoever wants to count is told to come back. */
  batchesMax: 10,
} as const;

const COLUMNS = `community, seq, gateway, device, device_kind, point, signal, source, class, building, received_at,
  raised_at, cleared_at, ended_at, recurrences, state, raised_mode, acked_at, verdict, verdict_at, fire`;

/**
 * Takes the oldest changes that were not taken yet. Answers whether more may be waiting.
 * One at a time for a community: a second waits for the first and finds nothing left.
 */
export async function takeFacts(tx: Tx, community: string, max: number): Promise<boolean> {
  await tx.run(`insert into alarms.fact_cursor (community, seq) values ($1, -1) on conflict do nothing`, [community]);
  const { seq: from } = await tx.one<{ seq: string }>(
    `select seq from alarms.fact_cursor where community = $1 for update`,
    [community],
  );
  const { to, n } = await tx.one<{ to: string | null; n: number }>(
    `select max(seq) as to, count(*)::integer as n from
       (select seq from alarms.alarm where community = $1 and seq > $2 order by seq limit $3) as next`,
    [community, from, max],
  );
  if (to === null) return false;
  // An episode that came back lost its acknowledgement: the journal knows the first.
  await tx.run(
    `insert into alarms.fact (id, ${COLUMNS})
     select a.id, a.community, a.seq, a.gateway, a.device, a.device_kind, a.point, a.signal,
       hashtextextended(jsonb_build_array(a.device, a.point, a.signal)::text, 0), a.class, a.building, a.received_at,
       a.raised_at, a.cleared_at, coalesce(a.cleared_at, a.closed_at), a.recurrences, a.state, a.raised_mode,
       case when a.recurrences = 0 then (a.acked ->> 'at')::timestamptz
         else (select min(t.at) from alarms.act t where t.alarm = a.id and t.act = 'acknowledged') end,
       a.verdict ->> 'verdict', (a.verdict ->> 'at')::timestamptz,
       case when a.incident ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then a.incident::uuid else a.id end
     from alarms.alarm a where a.community = $1 and a.seq > $2 and a.seq <= $3
     on conflict (id) do update set (${COLUMNS}) = row (${COLUMNS.split(',')
       .map((c) => `excluded.${c.trim()}`)
       .join(', ')})`,
    [community, from, to],
  );
  await tx.run(`update alarms.fact_cursor set seq = $2 where community = $1`, [community, to]);
  return n === max;
}
