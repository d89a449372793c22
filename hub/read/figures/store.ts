// SQL of the figures: sums of a period in a few statements, and what stands around them (duty, links, names).
import { ALARM_CLASSES } from '../../../device-profiles/contract/signal.ts';
import type { Tx } from '../../db/tx.ts';
import { NO_CAUSE, type AlarmFigures, type FigureRow } from './contract.ts';
import { AGE_DAYS, FIGURES_LIMITS, type FiguresRule } from './rule.ts';
import {
  ageOf,
  CHATTER,
  COUNTED,
  FALSE,
  FLEETING,
  JUDGED,
  LINK_ALARMS,
  named,
  RECEIVED,
  ROWS,
  SHELVED_SINCE,
  SHIFT,
} from './sql.ts';
import { waitTimesOf, type Span, type Waited, type WindowCount } from './sums.ts';

/** What every question is asked with. Instants in ms. */
export interface Asked {
  readonly community: string;
  readonly from: number;
  readonly asOf: number;
  readonly zone: string;
  readonly rule: FiguresRule;
  /** When somebody was on duty, without overlap. */
  readonly attended: readonly Span[];
  /** Causes of false alarms by id, as the site names them. */
  readonly causes: Causes;
}
export type Causes = ReadonlyMap<string, { readonly zh: string; readonly en: string }>;

const iso = (ms: number): string => new Date(ms).toISOString();

export const paramsOf = ({ community, from, asOf, zone, rule, attended }: Asked): Record<string, unknown> => ({
  community,
  from: iso(from),
  asOf: iso(asOf),
  zone,
  shifts: rule.shiftHours.toSorted((a, b) => a - b),
  windowSeconds: rule.windowMinutes * 60,
  chatterCount: rule.chatterCount,
  chatterSeconds: rule.chatterSeconds,
  fleetingSeconds: rule.fleetingSeconds,
  staleHours: rule.staleHours,
  attended: `{${attended.map((s) => `["${iso(s.from)}","${iso(s.to)}")`).join(',')}}`,
  age: null,
  top: FIGURES_LIMITS.top,
  groups: FIGURES_LIMITS.groupsMax,
});

interface Grouped {
  readonly by: 'device' | 'kind' | 'building';
  readonly key: string | null;
  readonly name: { readonly zh: string; readonly en: string } | null;
  readonly judged: number;
  readonly wrong: number;
}

export interface Sums {
  readonly windows: readonly WindowCount[];
  readonly totals: Readonly<Record<'counted' | 'attended' | 'fleeting' | 'drill' | 'maintenance' | 'test', number>>;
  readonly times: AlarmFigures['times'];
  readonly top: readonly Omit<AlarmFigures['top']['items'][number], 'share'>[];
  readonly judged: readonly Grouped[];
  /** By id, or NO_CAUSE. */
  readonly causes: readonly { readonly cause: string; readonly count: number }[];
}

const COUNT = `from alarms.fact a where ${RECEIVED} and ${COUNTED}`;

const WINDOWS = `with per as (
    select floor(date_part('epoch', a.received_at - @from::timestamptz) / @windowSeconds::integer)::integer as "window",
      count(*)::integer as count
    ${COUNT} group by 1)
  select coalesce(array_agg("window" order by "window"), '{}') as windows,
    coalesce(array_agg(count order by "window"), '{}') as counts from per`;

const TOTALS = `select count(*) filter (where ${COUNTED})::integer as counted,
    count(*) filter (where ${COUNTED} and a.received_at <@ @attended::tstzmultirange)::integer as attended,
    count(*) filter (where ${COUNTED} and ${FLEETING})::integer as fleeting,
    count(*) filter (where a.raised_mode = 'drill')::integer as drill,
    count(*) filter (where a.raised_mode = 'maintenance')::integer as maintenance,
    count(*) filter (where a.raised_mode is null and a.class = 'TEST')::integer as test
  from alarms.fact a where ${RECEIVED}`;

const TIMES = `select class, shift, count(*)::integer as count, count(ack)::integer as acked,
    percentile_cont(0.5) within group (order by ack) as "ackP50",
    percentile_cont(0.95) within group (order by ack) as "ackP95",
    count(judged)::integer as judged,
    percentile_cont(0.5) within group (order by judged) as "verdictP50",
    percentile_cont(0.95) within group (order by judged) as "verdictP95"
  from (select a.class collate "C" as class, ${SHIFT} as shift,
      round(date_part('epoch', a.acked_at - a.received_at) * 1000) as ack,
      case when ${JUDGED} then round(date_part('epoch', a.verdict_at - a.received_at) * 1000) end as judged
    ${COUNT}) as counted
  group by grouping sets ((), (class), (shift), (class, shift))`;

/** Counts of waits that are equal to half a percent, instead of sorting every one of very many. */
const about = (ms: string): string => `exp((floor(ln(greatest(${ms}, 0) + 1) * 200) + 0.5) / 200) - 1`;
const waits = (till: string, where: string): string => `select class, shift, wait, count(*)::integer as count from (
    select a.class collate "C" as class, ${SHIFT} as shift,
      case when ${where} then ${about(`date_part('epoch', ${till} - a.received_at) * 1000`)} end as wait
    ${COUNT}) as x group by 1, 2, 3`;
const ACK_WAITS = waits('a.acked_at', 'a.acked_at is not null');
const VERDICT_WAITS = waits('a.verdict_at', JUDGED);

const TOP = `with frequent as (
    select a.source, count(*)::integer as count, max(a.received_at) as last
    ${COUNT} group by a.source order by count desc, a.source limit @top::integer)
  select r.device, r.device_name as "deviceName", r.point, r.point_name as "pointName", r.signal, r.class, r.text, f.count
  from frequent f join alarms.alarm r on r.id = (select b.id from alarms.fact b
    where b.community = @community and b.received_at = f.last and b.source = f.source limit 1)
  order by f.count desc, r.device, r.point, r.signal`;

const JUDGED_BY = `with judged as (
    select case grouping(a.device, a.device_kind, a.building) when 3 then 'device' when 5 then 'kind' else 'building' end as by,
      coalesce(a.device, a.device_kind, a.building) as key, count(*)::integer as judged,
      count(*) filter (where ${FALSE})::integer as wrong, max(a.received_at) as last
    ${COUNT} and ${JUDGED} group by grouping sets ((a.device), (a.device_kind), (a.building))
  ), placed as (
    select *, row_number() over (partition by by order by wrong desc, judged desc, key) as place
    from judged where key is not null)
  select j.by, j.key, case when j.by = 'device' then (select r.device_name from alarms.alarm r
      where r.community = @community and r.device = j.key and r.received_at = j.last limit 1) end as name, j.judged, j.wrong
  from placed j where j.place <= @groups::integer order by j.by, j.place`;

const CAUSES = `select coalesce(f.cause, '${NO_CAUSE}') as cause, count(*)::integer as count
  from alarms.fact a left join handling.fire f on f.id = a.fire
  where ${RECEIVED} and ${COUNTED} and ${FALSE} group by 1 order by count desc, 1 limit @groups::integer`;

type Asks = <Row extends object>(sql: string) => Promise<Row[]>;
/** Questions of one period. For all statements of its transaction a long period is sorted in memory, not in files. */
async function asking(tx: Tx, asked: Asked): Promise<Asks> {
  await tx.run(`set local work_mem = '${FIGURES_LIMITS.sortMb}MB'`);
  const values = paramsOf(asked);
  return (sql) => {
    const { sql: text, params } = named(sql, values);
    return tx.query(text, params);
  };
}

/** Exact where the rows can be exported and counted again; beyond that to half a percent. */
async function timesOf(ask: Asks, exact: boolean): Promise<AlarmFigures['times']> {
  if (exact) return ask(TIMES);
  const verdicts = waitTimesOf(await ask<Waited>(VERDICT_WAITS));
  return waitTimesOf(await ask<Waited>(ACK_WAITS)).map((acks) => {
    const judged = verdicts.find((v) => v.class === acks.class && v.shift === acks.shift);
    return {
      class: ALARM_CLASSES.find((c) => c === acks.class) ?? null,
      shift: acks.shift,
      count: acks.count,
      acked: acks.done,
      ackP50: acks.p50,
      ackP95: acks.p95,
      judged: judged?.done ?? 0,
      verdictP50: judged?.p50 ?? null,
      verdictP95: judged?.p95 ?? null,
    };
  });
}

/**
 * Each question reads the facts of the period anew: none is long, and the database may share one out among its cores.
 * @param exactMax alarms up to which times to act are exact
 */
export async function sumsOf(tx: Tx, asked: Asked, exactMax: number = FIGURES_LIMITS.fileRowsMax): Promise<Sums> {
  const ask = await asking(tx, asked);
  const [per] = await ask<{ windows: number[]; counts: number[] }>(WINDOWS);
  const [totals] = await ask<Sums['totals']>(TOTALS);
  if (!per || !totals) throw new Error('a count without an answer');
  return {
    windows: per.windows.map((window, i) => ({ window, count: per.counts[i] ?? 0 })),
    totals,
    times: await timesOf(ask, totals.counted <= exactMax),
    top: await ask(TOP),
    judged: await ask(JUDGED_BY),
    causes: await ask(CAUSES),
  };
}

export interface Standing {
  readonly stale: number;
  readonly chattering: { readonly points: number; readonly alarms: number };
  readonly disabled: { readonly count: number; readonly ages: number[] };
  readonly shelved: { readonly count: number; readonly ages: number[] };
}

const aged = (rows: readonly { age: number; count: number }[]): { count: number; ages: number[] } => ({
  count: rows.reduce((sum, r) => sum + r.count, 0),
  ages: Array.from({ length: AGE_DAYS.length + 1 }, (_, age) => rows.find((r) => r.age === age)?.count ?? 0),
});

/** What stood open when the period ended, and what came again and again in it. */
export async function standingOf(tx: Tx, asked: Asked): Promise<Standing> {
  const ask = await asking(tx, asked);
  const byAge = (where: string, since: string): Promise<{ age: number; count: number }[]> =>
    ask(`select ${ageOf(since)} as age, count(*)::integer as count from alarms.fact a where ${where} group by 1`);
  const [stale] = await ask<{ count: number }>(
    `select count(*)::integer as count from alarms.fact a where ${ROWS.stale}`,
  );
  const [chatter] = await ask<{ points: number; alarms: number }>(
    `with ${CHATTER} select (select count(*) from chatter)::integer as points,
       (select count(distinct activation.id) from activation join chatter using (source))::integer as alarms`,
  );
  return {
    stale: stale?.count ?? 0,
    chattering: chatter ?? { points: 0, alarms: 0 },
    disabled: aged(await byAge(ROWS.disabled, 'a.received_at')),
    shelved: aged(await byAge(ROWS.shelved, SHELVED_SINCE)),
  };
}

/** The first alarm of each flood. */
export async function firstOf(
  tx: Tx,
  asked: Asked,
  floods: readonly Span[],
): Promise<(AlarmFigures['floods'][number]['first'] | undefined)[]> {
  const rows = await tx.query<{ n: number; first: NonNullable<AlarmFigures['floods'][number]['first']> }>(
    `select f.n::integer as n, jsonb_build_object('id', a.id, 'device', a.device, 'deviceName', a.device_name,
       'text', a.text, 'receivedAt', a.received_at) as first
     from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality as f (begins, ends, n)
     cross join lateral (select r.* from alarms.fact a join alarms.alarm r on r.id = a.id
       where a.community = $1 and a.received_at >= f.begins and a.received_at < f.ends and ${COUNTED}
       order by a.received_at, a.raised_at, a.id limit 1) as a`,
    [asked.community, floods.map((f) => iso(f.from)), floods.map((f) => iso(f.to))],
  );
  return floods.map((_, i) => {
    const first = rows.find((r) => r.n === i + 1)?.first;
    return first && { ...first, receivedAt: new Date(first.receivedAt).toISOString() };
  });
}

/** When people were in the control room: each their own span. */
export async function attendance(tx: Tx, community: string, { from, to }: Span): Promise<Span[]> {
  const rows = await tx.query<{ taken_at: Date; ended_at: Date | null }>(
    `select taken_at, ended_at from duty.attendance
     where community = $1 and taken_at < $3 and (ended_at is null or ended_at > $2)`,
    [community, iso(from), iso(to)],
  );
  return rows.map((r) => ({
    from: Math.max(from, r.taken_at.getTime()),
    to: Math.min(to, r.ended_at?.getTime() ?? to),
  }));
}

/** Since when there is anything to count with: the first gateway, or the first alarm. */
export async function dataSince(tx: Tx, community: string): Promise<number | null> {
  const row = await tx.one<{ at: Date | null }>(
    `select least(
       (select min(enrolled_at) from ingest.gateway where community = $1),
       (select received_at from alarms.fact where community = $1 order by received_at limit 1)) as at`,
    [community],
  );
  return row.at?.getTime() ?? null;
}

export interface LinkRow {
  readonly device: string;
  readonly gateway: string;
  readonly name: { readonly zh: string; readonly en: string };
  readonly kind: 'gateway' | 'panel';
  /** Watched since, and until; null: still. */
  readonly since: Date;
  readonly until: Date | null;
}

export const linksOf = (tx: Tx, community: string): Promise<LinkRow[]> =>
  tx.query<LinkRow>(
    `select g.id || '.gateway' as device, g.id as gateway, jsonb_build_object('zh', g.id, 'en', g.id) as name,
       'gateway' as kind, g.enrolled_at as since, g.revoked_at as until
     from ingest.gateway g where g.community = $1
     union all
     select d.id, d.gateway, d.name, 'panel', d.first_at, d.removed_at
     from equipment.device d where d.community = $1 and d.kind = 'fire-panel'
     order by 4, 1`,
    [community],
  );

export interface DownRow extends Span {
  readonly device: string;
}

export async function downTimes(tx: Tx, asked: Asked): Promise<DownRow[]> {
  const { sql, params } = named(
    `select a.device, a.raised_at, a.ended_at as ended from alarms.fact a where ${LINK_ALARMS}
     limit ${FIGURES_LIMITS.linkRowsMax}`,
    paramsOf(asked),
  );
  const rows = await tx.query<{ device: string; raised_at: Date; ended: Date | null }>(sql, params);
  return rows.map((r) => ({ device: r.device, from: r.raised_at.getTime(), to: r.ended?.getTime() ?? asked.asOf }));
}

export interface DbFigureRow extends Omit<
  FigureRow,
  'causeName' | 'receivedAt' | 'raisedAt' | 'ackedAt' | 'verdictAt' | 'endedAt'
> {
  readonly receivedAt: Date;
  readonly raisedAt: Date;
  readonly ackedAt: Date | null;
  readonly verdictAt: Date | null;
  readonly endedAt: Date | null;
}
