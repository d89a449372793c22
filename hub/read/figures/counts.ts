// What is counted of a period, asked of the columns. The same alarms as sql.ts finds the rows of: a test holds the two
// together. Every number in these texts is one of ours (instants, limits), never outside text.
import type { AlarmFigures } from './contract.ts';
import type { Ask } from './columns.ts';
import { APART, JUDGED } from './facts.ts';
import type { ShiftSpan } from './period.ts';
import { AGE_DAYS, FIGURES_LIMITS } from './rule.ts';
import type { Asked } from './store.ts';
import type { Span, WindowCount } from './sums.ts';

/** Instants and lengths of the columns: µs as text, since the product may be past 2⁵³. */
const us = (ms: number): string => `${Math.trunc(ms)}000`;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const received = ({ from, asOf }: Asked): string => `received >= ${us(from)} and received < ${us(asOf)}`;
const COUNTED = `apart = ${APART.counted}`;
const countedIn = (asked: Asked): string => `${received(asked)} and ${COUNTED}`;
const openThen = ({ asOf }: Asked): string => `received < ${us(asOf)} and (ended is null or ended > ${us(asOf)})`;

/** Numbers as a table of one or two columns. */
const table = (columns: Readonly<Record<string, readonly (string | number)[]>>): string =>
  `(select ${Object.entries(columns)
    .map(([name, values]) => `unnest([${values.join(',')}]::bigint[]) as ${name}`)
    .join(', ')})`;

export async function windowsOf(ask: Ask, asked: Asked): Promise<WindowCount[]> {
  return ask<WindowCount>(
    `select ((received - ${us(asked.from)}) // ${us(asked.rule.windowMinutes * MINUTE)})::integer as "window",
       count(*)::integer as count from fact where ${countedIn(asked)} group by 1 order by 1`,
  );
}

export type Totals = Readonly<Record<'counted' | 'fleeting' | 'drill' | 'maintenance' | 'test', number>>;

export async function totalsOf(ask: Ask, asked: Asked): Promise<Totals> {
  const of = (what: string): string => `count(*) filter (where ${what})::integer`;
  const [totals] = await ask<Totals>(
    `select ${of(COUNTED)} as counted,
       ${of(`${COUNTED} and gone <= ${us(asked.rule.fleetingSeconds * SECOND)}`)} as fleeting,
       ${of(`apart = ${APART.drill}`)} as drill, ${of(`apart = ${APART.maintenance}`)} as maintenance,
       ${of(`apart = ${APART.test}`)} as test
     from fact where ${received(asked)}`,
  );
  if (!totals) throw new Error('a count without an answer');
  return totals;
}

/** How many were received while somebody was on duty. */
export async function attendedCount(ask: Ask, asked: Asked): Promise<number> {
  if (asked.attended.length === 0) return 0;
  const spans = table({ begins: asked.attended.map((s) => us(s.from)), ends: asked.attended.map((s) => us(s.to)) });
  const [row] = await ask<{ count: number }>(
    `select count(*)::integer as count from (select received from fact where ${countedIn(asked)}) f
     asof join ${spans} s on f.received >= s.begins where f.received < s.ends`,
  );
  return row?.count ?? 0;
}

/** Percentiles of every single wait, by class, by shift, by both and of all. */
export async function timesOf(ask: Ask, asked: Asked, shifts: readonly ShiftSpan[]): Promise<AlarmFigures['times']> {
  const spans = table({ begins: shifts.map((s) => us(s.from)), shift: shifts.map((s) => s.shift) });
  return ask(
    `select class::varchar as class, shift::integer as shift, count(*)::integer as count, count(ack)::integer as acked,
       quantile_cont(ack, 0.5) as "ackP50", quantile_cont(ack, 0.95) as "ackP95", count(verdict)::integer as judged,
       quantile_cont(verdict, 0.5) as "verdictP50", quantile_cont(verdict, 0.95) as "verdictP95"
     from (select received, class, ack, verdict from fact where ${countedIn(asked)}) f
     asof join ${spans} s on f.received >= s.begins
     group by grouping sets ((), (class), (shift), (class, shift))`,
  );
}

export interface Frequent {
  /** Its last alarm. */
  readonly id: string;
  readonly count: number;
}

/** The points and signals that came most often. */
export const mostFrequent = (ask: Ask, asked: Asked): Promise<Frequent[]> =>
  ask<Frequent>(
    `with frequent as (select source, count(*)::integer as count from fact where ${countedIn(asked)}
       group by source order by count desc, source limit ${FIGURES_LIMITS.top})
     select arg_max(f.id, f.received)::varchar as id, any_value(t.count) as count
     from fact f join frequent t using (source) where ${countedIn(asked)} group by source`,
  );

export interface Judged {
  readonly by: 'device' | 'kind' | 'building';
  readonly key: string;
  /** The last alarm of it that was judged. */
  readonly id: string;
  readonly judged: number;
  readonly wrong: number;
}

export const judgedBy = (ask: Ask, asked: Asked): Promise<Judged[]> =>
  ask<Judged>(
    `select j.by, w.text as key, j.id, j.judged, j.wrong from (
       select case grouping(device, kind, building) when 3 then 'device' when 5 then 'kind' else 'building' end as by,
         coalesce(device, kind, building) as word, arg_max(id, received)::varchar as id, count(*)::integer as judged,
         count(*) filter (where judged = ${JUDGED.false})::integer as wrong
       from fact where ${countedIn(asked)} and judged <> ${JUDGED.no}
       group by grouping sets ((device), (kind), (building))) j
     join word w on w.id = j.word
     qualify row_number() over (partition by j.by order by j.wrong desc, j.judged desc, w.text) <= ${FIGURES_LIMITS.groupsMax}
     order by j.by, j.wrong desc, j.judged desc, w.text`,
  );

export async function staleCount(ask: Ask, asked: Asked): Promise<number> {
  const [row] = await ask<{ count: number }>(
    `select count(*)::integer as count from fact f
       left join (select id, max(moment) as moment from recurred where moment < ${us(asked.asOf)} group by id) r using (id)
     where ${openThen(asked)} and ${COUNTED} and class <> 'DISABLED'
       and coalesce(r.moment, received) < ${us(asked.asOf - asked.rule.staleHours * HOUR)}`,
  );
  return row?.count ?? 0;
}

/** Every time that a signal of the period came up, within an episode too. */
export async function chattering(ask: Ask, asked: Asked): Promise<{ points: number; alarms: number }> {
  const { chatterCount, chatterSeconds } = asked.rule;
  const [row] = await ask<{ points: number; alarms: number }>(
    `with activation as (
       select id, source, raised as moment from fact where ${countedIn(asked)}
       union all
       select f.id, f.source, r.moment from recurred r join fact f using (id)
       where r.moment >= ${us(asked.from)} and r.moment < ${us(asked.asOf)} and ${COUNTED}
     ), chatter as (
       select distinct source from (
         select source, moment - lag(moment, ${chatterCount - 1}) over (partition by source order by moment) as took from activation)
       where took <= ${us(chatterSeconds * SECOND)})
     select (select count(*) from chatter)::integer as points,
       (select count(distinct id) from activation where source in (select source from chatter))::integer as alarms`,
  );
  return row ?? { points: 0, alarms: 0 };
}

/** Disabled points by how long they had been when the period ended, in the ages of AGE_DAYS. */
export const disabledAges = (ask: Ask, asked: Asked): Promise<{ age: number; count: number }[]> =>
  ask(
    `select (${AGE_DAYS.map((days) => `(${us(asked.asOf)} - received >= ${us(days * DAY)})::integer`).join(' + ')}) as age,
       count(*)::integer as count
     from fact where ${openThen(asked)} and ${COUNTED} and class = 'DISABLED' group by 1`,
  );

export interface DownRow extends Span {
  readonly device: string;
}

/** Times on which a gateway was silent, or a panel offline. */
export async function downTimes(ask: Ask, asked: Asked): Promise<DownRow[]> {
  const ms = (column: string): string => `(${column} // 1000)::double`;
  return ask<DownRow>(
    `select w.text as device, ${ms('raised')} as "from", coalesce(${ms('ended')}, ${Math.trunc(asked.asOf)})::double as "to"
     from fact join word w on w.id = fact.device
     where link and raised < ${us(asked.asOf)} and (ended is null or ended > ${us(asked.from)})
     limit ${FIGURES_LIMITS.linkRowsMax}`,
  );
}
