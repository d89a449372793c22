// Facts as they are handed over to the columns: a batch is one JSON text of columns, which passes through the hub unread.
import type { Tx } from '../../db/tx.ts';
import { JUDGED as IS_JUDGED, FALSE, LINK } from './sql.ts';

/** Which of them count, and which stand apart. */
export const APART = { counted: 0, drill: 1, maintenance: 2, test: 3 } as const;
/** What was judged of them. */
export const JUDGED = { no: 0, real: 1, false: 2 } as const;

export interface FactBatch {
  /** Change up to which these are all. */
  readonly to: string;
  readonly count: number;
  /** Columns by name. */
  readonly facts: string;
  /** When signals of these came back; null: none did. */
  readonly recurred: string | null;
}

const us = (column: string): string => `(extract(epoch from ${column}) * 1000000)::bigint`;
const waited = (till: string): string => `round(extract(epoch from ${till} - a.received_at) * 1000)::bigint`;

const COLUMNS: Readonly<Record<string, string>> = {
  id: 'a.id',
  source: 'a.source',
  class: 'a.class',
  device: 'a.device',
  kind: 'a.device_kind',
  building: 'a.building',
  received: us('a.received_at'),
  raised: us('a.raised_at'),
  ended: us('a.ended_at'),
  // Gone by itself, and not come back.
  gone: `case when a.recurrences = 0 then ${us('(a.cleared_at - a.raised_at)')} end`,
  ack: waited('a.acked_at'),
  verdict: `case when ${IS_JUDGED} then ${waited('a.verdict_at')} end`,
  apart: `case when a.raised_mode is not null then case a.raised_mode when 'drill' then ${APART.drill} else ${APART.maintenance} end
    when a.class = 'TEST' then ${APART.test} else ${APART.counted} end`,
  judged: `case when ${FALSE} then ${JUDGED.false} when ${IS_JUDGED} then ${JUDGED.real} else ${JUDGED.no} end`,
  link: LINK,
};
const NAMES = Object.keys(COLUMNS);

const FACTS = `with next as (
    select a.seq, ${NAMES.map((name) => `${COLUMNS[name] ?? ''} as ${name}`).join(', ')}
    from alarms.fact a where a.community = $1 and a.seq > $2 order by a.seq limit $3)
  select max(seq)::text as to, count(*)::integer as count,
    json_build_object(${NAMES.map((name) => `'${name}', json_agg(${name})`).join(', ')})::text as facts from next`;

const RECURRED = `select json_build_object('id', json_agg(t.alarm), 'moment', json_agg(${us('t.at')}))::text as recurred
  from alarms.fact a join alarms.act t on t.alarm = a.id
  where a.community = $1 and a.seq > $2 and a.seq <= $3 and a.recurrences > 0 and t.act = 'recurred' having count(*) > 0`;

/** The facts that changed first after `seq`; undefined where none did. */
export async function factsAfter(tx: Tx, community: string, seq: string, max: number): Promise<FactBatch | undefined> {
  const batch = await tx.one<{ to: string | null; count: number; facts: string }>(FACTS, [community, seq, max]);
  if (batch.to === null) return undefined;
  const back = await tx.maybe<{ recurred: string }>(RECURRED, [community, seq, batch.to]);
  return { to: batch.to, count: batch.count, facts: batch.facts, recurred: back?.recurred ?? null };
}
