// The SQL of fires: rows of procedures, and entries that are added and read, never changed.
import type { Tx } from '../db/tx.ts';
import type { EntryKind, FireEntry } from './contract.ts';
import type { Found } from './machine.ts';

type Words = { readonly zh: string; readonly en: string };

export interface FireRow {
  readonly id: string;
  readonly community: string;
  readonly alarm: string;
  readonly source: 'panel' | 'report';
  readonly what: Words;
  readonly text: Words;
  readonly building: string | null;
  readonly floor: number | null;
  readonly place: string | null;
  readonly mode: 'drill' | 'maintenance' | null;
  /** ms wall */
  readonly openedAt: number;
  readonly result: Found;
  readonly cause: string | null;
  readonly judgedAt: number | null;
  readonly closedAt: number | null;
}

interface Row extends Omit<FireRow, 'openedAt' | 'result' | 'judgedAt' | 'closedAt'> {
  readonly opened_at: Date;
  readonly result: 'real' | 'false' | 'test' | null;
  readonly judged_at: Date | null;
  readonly closed_at: Date | null;
}

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;

const fireOf = ({ opened_at, judged_at, closed_at, result, ...row }: Row): FireRow => ({
  ...row,
  result: result ?? undefined,
  openedAt: opened_at.getTime(),
  judgedAt: judged_at?.getTime() ?? null,
  closedAt: closed_at?.getTime() ?? null,
});

/** False when it is there already. */
export async function insertFire(
  tx: Tx,
  f: Omit<FireRow, 'result' | 'cause' | 'judgedAt' | 'closedAt'>,
): Promise<boolean> {
  const made = await tx.run(
    `insert into handling.fire (id, community, alarm, source, what, text, building, floor, place, mode, opened_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, ${at(11)}) on conflict (id) do nothing`,
    [
      f.id,
      f.community,
      f.alarm,
      f.source,
      JSON.stringify(f.what),
      JSON.stringify(f.text),
      f.building,
      f.floor,
      f.place,
      f.mode,
      f.openedAt,
    ],
  );
  return made === 1;
}

export async function lockFire(tx: Tx, community: string, id: string): Promise<FireRow | undefined> {
  const row = await tx.maybe<Row>('select * from handling.fire where id = $1 and community = $2 for update', [
    id,
    community,
  ]);
  return row && fireOf(row);
}

export async function findFire(tx: Tx, community: string, id: string): Promise<FireRow | undefined> {
  const row = await tx.maybe<Row>('select * from handling.fire where id = $1 and community = $2', [id, community]);
  return row && fireOf(row);
}

/** Locks the fires of a building that are not over, in one order. */
export async function holdFiresIn(tx: Tx, community: string, building: string): Promise<void> {
  await tx.query(
    `select id from handling.fire where community = $1 and building = $2 and closed_at is null order by id for update`,
    [community, building],
  );
}

export async function saveFire(
  tx: Tx,
  f: Pick<FireRow, 'id' | 'result' | 'cause' | 'judgedAt' | 'closedAt'>,
): Promise<void> {
  await tx.run(
    `update handling.fire set result = $2, cause = $3, judged_at = ${at(4)}, closed_at = ${at(5)} where id = $1`,
    [f.id, f.result ?? null, f.cause, f.judgedAt, f.closedAt],
  );
}

/** Fires that are not over, oldest first. */
export async function openFires(tx: Tx, community: string, limit: number): Promise<FireRow[]> {
  const rows = await tx.query<Row>(
    'select * from handling.fire where community = $1 and closed_at is null order by opened_at, id limit $2',
    [community, limit],
  );
  return rows.map(fireOf);
}

/** All fires, newest first. */
export async function listFires(
  tx: Tx,
  community: string,
  before: { readonly at: number; readonly id: string } | null,
  limit: number,
): Promise<FireRow[]> {
  const rows = await tx.query<Row>(
    `select * from handling.fire where community = $1
       and ($2::float8 is null or (opened_at, id) < (to_timestamp($2 / 1000), $3::uuid))
     order by opened_at desc, id desc limit $4`,
    [community, before?.at ?? null, before?.id ?? null, limit],
  );
  return rows.map(fireOf);
}

export interface NewEntry {
  readonly fire: string;
  readonly community: string;
  /** ms wall */
  readonly at: number;
  readonly kind: EntryKind;
  readonly by: string | undefined;
  readonly byName: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly sha256: string;
}

export async function insertEntry(tx: Tx, e: NewEntry): Promise<string> {
  const { id } = await tx.one<{ id: string }>(
    `insert into handling.entry (fire, community, at, kind, by, by_name, body, sha256)
     values ($1, $2, ${at(3)}, $4, $5, $6, $7, $8) returning id`,
    [e.fire, e.community, e.at, e.kind, e.by ?? null, e.byName ?? null, JSON.stringify(e.body), e.sha256],
  );
  return id;
}

/** Entries of a fire in the order in which they were made. */
export async function entriesOf(tx: Tx, fire: string, limit: number): Promise<FireEntry[]> {
  const rows = await tx.query<{
    id: string;
    at: Date;
    kind: EntryKind;
    by: string | null;
    by_name: string | null;
    body: Record<string, unknown>;
    sha256: string;
  }>('select id, at, kind, by, by_name, body, sha256 from handling.entry where fire = $1 order by id limit $2', [
    fire,
    limit,
  ]);
  return rows.map((r) => ({
    id: r.id,
    at: r.at.toISOString(),
    kind: r.kind,
    ...(r.by === null ? {} : { by: r.by }),
    ...(r.by_name === null ? {} : { name: r.by_name }),
    body: r.body,
    sha256: r.sha256,
  }));
}
