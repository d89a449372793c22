// What stands around the counts of a period, from the database: names, causes, what is shelved now, duty, links.
import type { Tx } from '../../db/tx.ts';
import { NO_CAUSE, type AlarmFigures, type FigureRow } from './contract.ts';
import { FIGURES_LIMITS, type FiguresRule } from './rule.ts';
import { ageOf, COUNTED, FALSE, named, RECEIVED, ROWS, SHELVED_SINCE } from './sql.ts';
import type { Span } from './sums.ts';

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
  chatterCount: rule.chatterCount,
  chatterSeconds: rule.chatterSeconds,
  fleetingSeconds: rule.fleetingSeconds,
  staleHours: rule.staleHours,
  attended: `{${attended.map((s) => `["${iso(s.from)}","${iso(s.to)}")`).join(',')}}`,
  age: null,
  groups: FIGURES_LIMITS.groupsMax,
});

/** How often each cause was recorded of the false alarms, by id, or NO_CAUSE. */
export async function causeCounts(tx: Tx, asked: Asked): Promise<{ cause: string; count: number }[]> {
  const { sql, params } = named(
    `select coalesce(f.cause, '${NO_CAUSE}') as cause, count(*)::integer as count
     from alarms.fact a left join handling.fire f on f.id = a.fire
     where ${RECEIVED} and ${COUNTED} and ${FALSE} group by 1 order by count desc, 1 limit @groups::integer`,
    paramsOf(asked),
  );
  return tx.query(sql, params);
}

/** What is shelved or out of service now, by how long it has been, in the ages of AGE_DAYS. */
export async function shelvedAges(tx: Tx, asked: Asked): Promise<{ age: number; count: number }[]> {
  const { sql, params } = named(
    `select ${ageOf(SHELVED_SINCE)} as age, count(*)::integer as count from alarms.fact a where ${ROWS.shelved} group by 1`,
    paramsOf(asked),
  );
  return tx.query(sql, params);
}

/** What an alarm says of itself. */
export type Named = Omit<AlarmFigures['top']['items'][number], 'count' | 'share'> & { readonly id: string };

export async function namesOf(tx: Tx, ids: readonly string[]): Promise<Map<string, Named>> {
  const rows = await tx.query<Named>(
    `select id, device, device_name as "deviceName", point, point_name as "pointName", signal, class, text
     from alarms.alarm where id = any ($1::uuid[])`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
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
