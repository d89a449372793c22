// The SQL that counts alarms over a time, for what people write down of it.
import type { Tx } from '../db/tx.ts';
import type { AlarmClass } from '../../device-profiles/contract/signal.ts';

/** Episodes that began since a moment (ms wall, the hub's receipt) by class, and verdicts of false since then. */
export async function countsSince(
  tx: Tx,
  community: string,
  since: number,
): Promise<{ readonly raised: Readonly<Partial<Record<AlarmClass, number>>>; readonly falseOnes: number }> {
  const rows = await tx.query<{ class: AlarmClass; n: string }>(
    `select class, count(*) as n from alarms.alarm
     where community = $1 and received_at > to_timestamp($2::float8 / 1000) group by class`,
    [community, since],
  );
  const { n } = await tx.one<{ n: string }>(
    `select count(*) as n from alarms.alarm
     where community = $1 and received_at > to_timestamp($2::float8 / 1000) - interval '30 days'
       and verdict ->> 'verdict' = 'false'
       and (verdict ->> 'at')::timestamptz > to_timestamp($2::float8 / 1000)`,
    [community, since],
  );
  return { raised: Object.fromEntries(rows.map((r) => [r.class, Number(r.n)])), falseOnes: Number(n) };
}
