// SQL of the figures: sums of a period in a few statements, and what stands around them (duty, links, names).
import type { Tx } from '../../db/tx.ts';
import type { AlarmFigures, FigureRow } from './contract.ts';
import { AGE_DAYS, FIGURES_LIMITS, type FiguresRule } from './rule.ts';
import {
  ACKED,
  ageOf,
  CAUSE,
  CHATTER,
  COUNTED,
  ENDED,
  FALSE,
  FLEETING,
  JUDGED,
  LINK_ALARMS,
  named,
  RECEIVED,
  ROWS,
  SHELVED_SINCE,
  SHIFT,
  VERDICT_AT,
} from './sql.ts';
import type { Span, WindowCount } from './sums.ts';

/** What every question is asked with. Instants in ms. */
export interface Asked {
  readonly community: string;
  readonly from: number;
  readonly asOf: number;
  readonly zone: string;
  readonly rule: FiguresRule;
  /** When somebody was on duty, without overlap. */
  readonly attended: readonly Span[];
}

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
  readonly counted: number;
  readonly attended: number;
  readonly fleeting: number;
  readonly drill: number;
  readonly maintenance: number;
  readonly test: number;
  readonly times: AlarmFigures['times'];
  readonly top: readonly Omit<AlarmFigures['top']['items'][number], 'share'>[];
  readonly judged: readonly Grouped[];
  readonly causes: AlarmFigures['falseAlarms']['causes'];
}

const TIMES = `select class, shift, count(*)::integer as count, count(ack)::integer as acked,
    percentile_cont(0.5) within group (order by ack) as "ackP50",
    percentile_cont(0.95) within group (order by ack) as "ackP95",
    count(judged)::integer as judged,
    percentile_cont(0.5) within group (order by judged) as "verdictP50",
    percentile_cont(0.95) within group (order by judged) as "verdictP95"
  from counted group by grouping sets ((), (class), (shift), (class, shift))`;

/** The alarms received in the period are read once; everything else is counted over what was read. */
const SUMS = `with base as materialized (
    select a.id, a.class, a.device, a.point, a.signal, a.device_kind, a.building, a.raised_mode, a.received_at,
      ${SHIFT} as shift,
      floor(extract(epoch from a.received_at - @from::timestamptz) / @windowSeconds::integer)::integer as "window",
      extract(epoch from (${ACKED}) - a.received_at)::float8 * 1000 as ack,
      case when ${JUDGED} then extract(epoch from ${VERDICT_AT} - a.received_at)::float8 * 1000 end as judged,
      coalesce(${FALSE}, false) as wrong, ${CAUSE} as cause, ${FLEETING} as fleeting,
      a.received_at <@ @attended::tstzmultirange as attended, ${COUNTED} as counted
    from alarms.alarm a where ${RECEIVED}
  ), counted as (select * from base where counted),
  frequent as (
    select device, point, signal, count(*)::integer as count, (array_agg(id order by received_at desc))[1] as id
    from counted group by device, point, signal order by count desc, device, point, signal limit @top::integer
  ), judged as (
    select case grouping(device, device_kind, building) when 3 then 'device' when 5 then 'kind' else 'building' end as by,
      coalesce(device, device_kind, building) as key, count(*)::integer as judged,
      count(*) filter (where wrong)::integer as wrong, (array_agg(id order by received_at desc))[1] as id
    from counted where judged is not null group by grouping sets ((device), (device_kind), (building))
  )
  select
    (select coalesce(jsonb_agg(w order by "window"), '[]') from
      (select "window", count(*)::integer as count from counted group by 1) as w) as windows,
    (select count(*) from counted)::integer as counted,
    (select count(*) filter (where attended) from counted)::integer as attended,
    (select count(*) filter (where fleeting) from counted)::integer as fleeting,
    (select count(*) filter (where raised_mode = 'drill') from base)::integer as drill,
    (select count(*) filter (where raised_mode = 'maintenance') from base)::integer as maintenance,
    (select count(*) filter (where raised_mode is null and class = 'TEST') from base)::integer as test,
    (select coalesce(jsonb_agg(t), '[]') from (${TIMES}) as t) as times,
    (select coalesce(jsonb_agg(f order by f.count desc, f.device, f.point, f.signal), '[]') from (
      select f.device, a.device_name as "deviceName", f.point, a.point_name as "pointName", f.signal, a.class, a.text,
        f.count from frequent f join alarms.alarm a on a.id = f.id) as f) as top,
    (select coalesce(jsonb_agg(g), '[]') from (
      select j.by, j.key, case when j.by = 'device' then a.device_name end as name, j.judged, j.wrong
      from (select *, row_number() over (partition by by order by wrong desc, judged desc, key) as place from judged) as j
      join alarms.alarm a on a.id = j.id where j.place <= @groups::integer and j.key is not null order by j.by, j.place
    ) as g) as judged,
    (select coalesce(jsonb_agg(c), '[]') from (
      select cause, count(*)::integer as count from counted where wrong and cause is not null
      group by cause order by count desc, cause limit @groups::integer) as c) as causes`;

export async function sumsOf(tx: Tx, asked: Asked): Promise<Sums> {
  const { sql, params } = named(SUMS, paramsOf(asked));
  return tx.one<Sums>(sql, params);
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
  const values = paramsOf(asked);
  const ask = <Row extends object>(sql: string): Promise<Row[]> => {
    const { sql: text, params } = named(sql, values);
    return tx.query<Row>(text, params);
  };
  const byAge = (where: string, since: string): Promise<{ age: number; count: number }[]> =>
    ask(`select ${ageOf(since)} as age, count(*)::integer as count from alarms.alarm a where ${where} group by 1`);
  const [stale] = await ask<{ count: number }>(
    `select count(*)::integer as count from alarms.alarm a where ${ROWS.stale}`,
  );
  const [chatter] = await ask<{ points: number; alarms: number }>(
    `with ${CHATTER} select (select count(*) from chatter)::integer as points,
       (select count(distinct activation.id) from activation join chatter using (device, point, signal))::integer as alarms`,
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
     cross join lateral (select * from alarms.alarm a where a.community = $1 and a.received_at >= f.begins
       and a.received_at < f.ends and ${COUNTED} order by a.received_at, a.raised_at, a.id limit 1) as a`,
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
       (select received_at from alarms.alarm where community = $1 order by received_at limit 1)) as at`,
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
    `select a.device, a.raised_at, ${ENDED} as ended from alarms.alarm a where ${LINK_ALARMS}
     limit ${FIGURES_LIMITS.linkRowsMax}`,
    paramsOf(asked),
  );
  const rows = await tx.query<{ device: string; raised_at: Date; ended: Date | null }>(sql, params);
  return rows.map((r) => ({ device: r.device, from: r.raised_at.getTime(), to: r.ended?.getTime() ?? asked.asOf }));
}

export interface DbFigureRow extends Omit<FigureRow, 'receivedAt' | 'raisedAt' | 'ackedAt' | 'verdictAt' | 'endedAt'> {
  readonly receivedAt: Date;
  readonly raisedAt: Date;
  readonly ackedAt: Date | null;
  readonly verdictAt: Date | null;
  readonly endedAt: Date | null;
}
