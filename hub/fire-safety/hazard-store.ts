// The SQL of hazards and their history.
import type { Tx } from '../db/tx.ts';
import type { HazardState } from './machine.ts';
import { FIRE_SAFETY_LIMITS, type Family, type Grade } from './norms.ts';

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;
const ms = (date: Date | null): number | undefined => date?.getTime();

export interface Spot {
  readonly building?: string | undefined;
  readonly floor?: number | undefined;
  readonly place?: string | undefined;
}

/** A place with what is known of it, and nothing else. */
export interface Where {
  readonly building?: string;
  readonly floor?: number;
  readonly place?: string;
}

export interface Hazard {
  readonly id: string;
  readonly n: string;
  readonly community: string;
  readonly number: string;
  readonly kind: string;
  readonly kindName: { readonly zh: string; readonly en: string };
  readonly family: Family;
  readonly grade: Grade;
  readonly state: HazardState;
  readonly version: number;
  readonly description: string;
  readonly where: Where;
  readonly spot: string | undefined;
  readonly reporter: string;
  readonly reporterName: string;
  readonly reporterRole: string;
  /** ms wall, as all times here */
  readonly reportedAt: number;
  readonly since: number;
  readonly responsible: string | undefined;
  readonly responsibleName: string | undefined;
  readonly measures: string;
  readonly deadline: number | undefined;
  readonly workOrder: string | undefined;
  readonly menders: readonly string[];
  readonly clearedAt: number | undefined;
  readonly reopened: number;
  readonly extended: number;
  readonly told: number;
}

interface Row {
  readonly id: string;
  readonly n: string;
  readonly community: string;
  readonly number: string;
  readonly kind: string;
  readonly kind_name: { readonly zh: string; readonly en: string };
  readonly family: Family;
  readonly grade: Grade;
  readonly state: HazardState;
  readonly version: number;
  readonly description: string;
  readonly building: string | null;
  readonly floor: number | null;
  readonly place: string | null;
  readonly spot: string | null;
  readonly reporter: string;
  readonly reporter_name: string;
  readonly reporter_role: string;
  readonly reported_at: Date;
  readonly since: Date;
  readonly responsible: string | null;
  readonly responsible_name: string | null;
  readonly measures: string;
  readonly deadline: Date | null;
  readonly work_order: string | null;
  readonly menders: readonly string[];
  readonly cleared_at: Date | null;
  readonly reopened: number;
  readonly extended: number;
  readonly told: number;
}

const hazardOf = (r: Row): Hazard => ({
  id: r.id,
  n: r.n,
  community: r.community,
  number: r.number,
  kind: r.kind,
  kindName: r.kind_name,
  family: r.family,
  grade: r.grade,
  state: r.state,
  version: r.version,
  description: r.description,
  where: {
    ...(r.building === null ? {} : { building: r.building }),
    ...(r.floor === null ? {} : { floor: r.floor }),
    ...(r.place === null ? {} : { place: r.place }),
  },
  spot: r.spot ?? undefined,
  reporter: r.reporter,
  reporterName: r.reporter_name,
  reporterRole: r.reporter_role,
  reportedAt: r.reported_at.getTime(),
  since: r.since.getTime(),
  responsible: r.responsible ?? undefined,
  responsibleName: r.responsible_name ?? undefined,
  measures: r.measures,
  deadline: ms(r.deadline),
  workOrder: r.work_order ?? undefined,
  menders: r.menders,
  clearedAt: ms(r.cleared_at),
  reopened: r.reopened,
  extended: r.extended,
  told: r.told,
});

/** The next number of a series (YH: hazards) in a year, e.g. YH-2026-000012. */
export async function nextNumber(tx: Tx, community: string, series: string, now: number): Promise<string> {
  const year = new Date(now).getUTCFullYear();
  const { last } = await tx.one<{ last: number }>(
    `insert into fire_safety.counter (community, series, year, last) values ($1, $2, $3, 1)
     on conflict (community, series, year) do update set last = counter.last + 1 returning last`,
    [community, series, year],
  );
  return `${series}-${year}-${String(last).padStart(6, '0')}`;
}

export type NewHazardRow = Pick<
  Hazard,
  'community' | 'number' | 'kind' | 'kindName' | 'family' | 'grade' | 'description' | 'where' | 'spot'
> & {
  readonly by: { readonly id: string; readonly name: string; readonly role: string };
  readonly now: number;
};

export async function insertHazard(tx: Tx, h: NewHazardRow): Promise<Hazard> {
  const row = await tx.one<Row>(
    `insert into fire_safety.hazard (community, number, kind, kind_name, family, grade, state, description, building,
       floor, place, spot, reporter, reporter_name, reporter_role, reported_at, since)
     values ($1, $2, $3, $4, $5, $6, 'reported', $7, $8, $9, $10, $11, $12, $13, $14, ${at(15)}, ${at(15)})
     returning *`,
    [
      h.community,
      h.number,
      h.kind,
      JSON.stringify(h.kindName),
      h.family,
      h.grade,
      h.description,
      h.where.building ?? null,
      h.where.floor ?? null,
      h.where.place ?? null,
      h.spot ?? null,
      h.by.id,
      h.by.name,
      h.by.role,
      h.now,
    ],
  );
  return hazardOf(row);
}

export async function findHazard(tx: Tx, community: string, id: string): Promise<Hazard | undefined> {
  const row = await tx.maybe<Row>('select * from fire_safety.hazard where id = $1 and community = $2', [id, community]);
  return row && hazardOf(row);
}

/** Locked until the transaction ends. */
export async function lockHazard(tx: Tx, community: string, id: string): Promise<Hazard | undefined> {
  const row = await tx.maybe<Row>('select * from fire_safety.hazard where id = $1 and community = $2 for update', [
    id,
    community,
  ]);
  return row && hazardOf(row);
}

/** For timers, which hold their own row that whoever has the hazard may be about to set: never waits. */
export async function lockHazardIfFree(tx: Tx, community: string, id: string): Promise<Hazard | 'busy' | undefined> {
  const row = await tx.maybe<Row>(
    'select * from fire_safety.hazard where id = $1 and community = $2 for update skip locked',
    [id, community],
  );
  if (row) return hazardOf(row);
  return (await findHazard(tx, community, id)) ? 'busy' : undefined;
}

/** The hazard that an order puts right, locked. */
export async function lockHazardOfOrder(tx: Tx, order: string): Promise<Hazard | undefined> {
  const row = await tx.maybe<Row>('select * from fire_safety.hazard where work_order = $1 for update', [order]);
  return row && hazardOf(row);
}

export async function saveHazard(tx: Tx, h: Hazard): Promise<void> {
  await tx.run(
    `update fire_safety.hazard set kind = $2, kind_name = $3, family = $4, grade = $5, state = $6, version = $7,
       description = $8, building = $9, floor = $10, place = $11, spot = $12, since = ${at(13)}, responsible = $14,
       responsible_name = $15, measures = $16, deadline = ${at(17)}, work_order = $18, menders = $19,
       cleared_at = ${at(20)}, reopened = $21, extended = $22, told = $23
     where id = $1`,
    [
      h.id,
      h.kind,
      JSON.stringify(h.kindName),
      h.family,
      h.grade,
      h.state,
      h.version,
      h.description,
      h.where.building ?? null,
      h.where.floor ?? null,
      h.where.place ?? null,
      h.spot ?? null,
      h.since,
      h.responsible ?? null,
      h.responsibleName ?? null,
      h.measures,
      h.deadline ?? null,
      h.workOrder ?? null,
      h.menders,
      h.clearedAt ?? null,
      h.reopened,
      h.extended,
      h.told,
    ],
  );
}

export interface HazardFilter {
  readonly community: string;
  readonly state?: HazardState | 'open' | undefined;
  readonly grade?: string | undefined;
  readonly kind?: string | undefined;
  readonly family?: string | undefined;
  readonly building?: string | undefined;
  readonly responsible?: string | undefined;
  readonly reporter?: string | undefined;
  /** Only what this person reported, answers for or has put right: all that somebody from outside sees. */
  readonly concerns?: string | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
}

const CONCERNS = (n: number): string =>
  `($${n}::text is null or reporter = $${n} or responsible = $${n} or $${n} = any (menders))`;

/** Newest first. `before`: the `n` of the last one of the page before. */
export async function listHazards(tx: Tx, f: HazardFilter): Promise<Hazard[]> {
  const rows = await tx.query<Row>(
    `select * from fire_safety.hazard
     where community = $1 and ($2::text is null or state = $2 or ($2 = 'open' and state in ('reported', 'assigned', 'mended')))
       and ($3::text is null or grade = $3) and ($4::text is null or kind = $4) and ($5::text is null or family = $5)
       and ($6::text is null or building = $6) and ($7::text is null or responsible = $7)
       and ($8::text is null or reporter = $8) and ($9::bigint is null or n < $9)
       and ${CONCERNS(11)}
     order by n desc limit $10`,
    [
      f.community,
      f.state ?? null,
      f.grade ?? null,
      f.kind ?? null,
      f.family ?? null,
      f.building ?? null,
      f.responsible ?? null,
      f.reporter ?? null,
      f.before ?? null,
      f.limit,
      f.concerns ?? null,
    ],
  );
  return rows.map(hazardOf);
}

/** Every hazard that somebody still has to do something about, of those that whoever asks sees. */
export async function openHazards(
  tx: Tx,
  { community, reporter, concerns }: Pick<HazardFilter, 'community' | 'reporter' | 'concerns'>,
): Promise<Hazard[]> {
  const rows = await tx.query<Row>(
    `select * from fire_safety.hazard where community = $1 and state in ('reported', 'assigned', 'mended')
       and ($2::text is null or reporter = $2) and ${CONCERNS(3)}`,
    [community, reporter ?? null, concerns ?? null],
  );
  return rows.map(hazardOf);
}

export interface Earlier {
  readonly hazard: string;
  readonly id: string;
  readonly number: string;
  readonly state: HazardState;
  readonly reported_at: Date;
}

/** Of each of these hazards the earlier ones of its kind at its place, the latest first; dismissed ones were none. */
export const earlierOf = (tx: Tx, hazards: readonly string[], days: number): Promise<Earlier[]> =>
  tx.query<Earlier>(
    `select h.id as hazard, e.id, e.number, e.state, e.reported_at
     from fire_safety.hazard h join lateral (
       select id, number, state, reported_at from fire_safety.hazard
       where community = h.community and kind = h.kind and spot = h.spot and n < h.n and state <> 'dismissed'
         and reported_at > h.reported_at - make_interval(days => $2)
       order by n desc limit ${FIRE_SAFETY_LIMITS.repeatsMax}) e on true
     where h.id = any ($1::text[])`,
    [hazards, days],
  );

export interface Change {
  readonly field: string;
  readonly from: string;
  readonly to: string;
}
export interface NewHazardEvent {
  readonly hazard: string;
  readonly now: number;
  /** Undefined: the hub itself. */
  readonly by: { readonly id: string; readonly name: string; readonly role: string } | undefined;
  readonly act: string;
  readonly from?: string | undefined;
  readonly to: string;
  readonly note?: string | undefined;
  readonly photos?: readonly string[] | undefined;
  readonly changes?: readonly Change[] | undefined;
}

export async function addHazardEvent(tx: Tx, e: NewHazardEvent): Promise<void> {
  await tx.run(
    `insert into fire_safety.hazard_event (hazard, at, by, by_name, by_role, act, from_state, to_state, note, photos, changes)
     values ($1, ${at(2)}, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      e.hazard,
      e.now,
      e.by?.id ?? null,
      e.by?.name ?? null,
      e.by?.role ?? null,
      e.act,
      e.from ?? null,
      e.to,
      e.note?.trim() ?? '',
      e.photos ?? [],
      JSON.stringify(e.changes ?? []),
    ],
  );
}

export interface HazardEventRow {
  readonly id: string;
  readonly at: Date;
  readonly by: string | null;
  readonly by_name: string | null;
  readonly by_role: string | null;
  readonly act: string;
  readonly from_state: string | null;
  readonly to_state: string;
  readonly note: string;
  readonly photos: readonly string[];
  readonly changes: readonly Change[];
}

export const hazardEvents = (tx: Tx, hazard: string): Promise<HazardEventRow[]> =>
  tx.query<HazardEventRow>('select * from fire_safety.hazard_event where hazard = $1 order by id', [hazard]);
