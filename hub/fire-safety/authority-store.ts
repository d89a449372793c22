// The SQL of inspections by the authority.
import type { Tx } from '../db/tx.ts';
import type { NewNotice, NewVisit, NOTICE_KINDS, VISIT_KINDS } from './contract.ts';
import type { ItemAct, ItemState } from './authority-machine.ts';

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;
type Person = { readonly id: string; readonly name: string };

export interface VisitRow {
  readonly id: string;
  readonly number: string;
  readonly kind: (typeof VISIT_KINDS)[number];
  readonly authority: string;
  readonly inspectors: string;
  readonly at: Date;
  readonly summary: string;
  readonly entered_by_name: string;
}

export async function insertVisit(
  tx: Tx,
  v: NewVisit & { readonly community: string; readonly number: string; readonly by: Person; readonly now: number },
): Promise<string> {
  const { id } = await tx.one<{ id: string }>(
    `insert into fire_safety.visit (community, number, kind, authority, inspectors, at, summary, entered_at, entered_by,
       entered_by_name)
     values ($1, $2, $3, $4, $5, ${at(6)}, $7, ${at(8)}, $9, $10) returning id`,
    [v.community, v.number, v.kind, v.authority, v.inspectors, Date.parse(v.at), v.summary, v.now, v.by.id, v.by.name],
  );
  return id;
}

const VISIT = 'select id, number, kind, authority, inspectors, at, summary, entered_by_name from fire_safety.visit';

export const findVisit = (tx: Tx, community: string, id: string): Promise<VisitRow | undefined> =>
  tx.maybe<VisitRow>(`${VISIT} where id = $1 and community = $2`, [id, community]);

export const listVisits = (tx: Tx, community: string, limit: number): Promise<VisitRow[]> =>
  tx.query<VisitRow>(`${VISIT} where community = $1 order by at desc, n desc limit $2`, [community, limit]);

export interface NoticeRow {
  readonly id: string;
  readonly visit: string;
  readonly kind: (typeof NOTICE_KINDS)[number];
  readonly number: string;
  readonly issued_at: Date;
  readonly deadline: Date;
  readonly files: readonly string[];
}

/** Undefined when a paper of this number was entered before. */
export async function insertNotice(
  tx: Tx,
  n: NewNotice & { readonly community: string; readonly visit: string; readonly by: string; readonly now: number },
): Promise<string | undefined> {
  const row = await tx.maybe<{ id: string }>(
    `insert into fire_safety.notice (visit, community, kind, number, issued_at, deadline, files, entered_at, entered_by)
     values ($1, $2, $3, $4, ${at(5)}, ${at(6)}, $7, ${at(8)}, $9) on conflict do nothing returning id`,
    [n.visit, n.community, n.kind, n.number, Date.parse(n.issuedAt), Date.parse(n.deadline), n.files, n.now, n.by],
  );
  return row?.id;
}

export const noticesOf = (tx: Tx, visits: readonly string[]): Promise<NoticeRow[]> =>
  tx.query<NoticeRow>(
    `select id, visit, kind, number, issued_at, deadline, files from fire_safety.notice
     where visit = any ($1::text[]) order by issued_at, number`,
    [visits],
  );

/** One thing that the authority wants put right. Times in ms wall. */
export interface Item {
  readonly id: string;
  readonly community: string;
  readonly notice: string;
  readonly visit: string;
  readonly number: string;
  readonly demand: string;
  readonly state: ItemState;
  readonly version: number;
  readonly since: number;
  readonly responsible: string | undefined;
  readonly responsibleName: string | undefined;
  readonly measure: string;
  readonly deadline: number;
  readonly askedUntil: number | undefined;
  readonly extended: number;
  readonly refused: number;
  readonly doers: readonly string[];
  readonly told: number;
}

interface ItemRow {
  readonly id: string;
  readonly community: string;
  readonly notice: string;
  readonly visit: string;
  readonly number: string;
  readonly demand: string;
  readonly state: ItemState;
  readonly version: number;
  readonly since: Date;
  readonly responsible: string | null;
  readonly responsible_name: string | null;
  readonly measure: string;
  readonly deadline: Date;
  readonly asked_until: Date | null;
  readonly extended: number;
  readonly refused: number;
  readonly doers: readonly string[];
  readonly told: number;
}

const itemOf = (r: ItemRow): Item => ({
  id: r.id,
  community: r.community,
  notice: r.notice,
  visit: r.visit,
  number: r.number,
  demand: r.demand,
  state: r.state,
  version: r.version,
  since: r.since.getTime(),
  responsible: r.responsible ?? undefined,
  responsibleName: r.responsible_name ?? undefined,
  measure: r.measure,
  deadline: r.deadline.getTime(),
  askedUntil: r.asked_until?.getTime(),
  extended: r.extended,
  refused: r.refused,
  doers: r.doers,
  told: r.told,
});

const ITEM = `select i.*, o.visit, o.number from fire_safety.rectification i join fire_safety.notice o on o.id = i.notice`;

export async function insertItem(
  tx: Tx,
  i: { community: string; notice: string; demand: string; deadline: number; now: number },
): Promise<string> {
  const { id } = await tx.one<{ id: string }>(
    `insert into fire_safety.rectification (community, notice, demand, state, since, deadline)
     values ($1, $2, $3, 'open', ${at(4)}, ${at(5)}) returning id`,
    [i.community, i.notice, i.demand, i.now, i.deadline],
  );
  return id;
}

/** Locked until the transaction ends. */
export async function lockItem(tx: Tx, community: string, id: string): Promise<Item | undefined> {
  const row = await tx.maybe<ItemRow>(`${ITEM} where i.id = $1 and i.community = $2 for update of i`, [id, community]);
  return row && itemOf(row);
}

/** For timers: does not wait for whoever has it. */
export async function lockItemIfFree(tx: Tx, community: string, id: string): Promise<Item | 'busy' | undefined> {
  const row = await tx.maybe<ItemRow>(`${ITEM} where i.id = $1 and i.community = $2 for update of i skip locked`, [
    id,
    community,
  ]);
  if (row) return itemOf(row);
  const there = await tx.maybe('select 1 from fire_safety.rectification where id = $1 and community = $2', [
    id,
    community,
  ]);
  return there ? 'busy' : undefined;
}

export async function itemsOf(tx: Tx, visits: readonly string[]): Promise<Item[]> {
  const rows = await tx.query<ItemRow>(`${ITEM} where o.visit = any ($1::text[]) order by i.n`, [visits]);
  return rows.map(itemOf);
}

export async function saveItem(tx: Tx, i: Item): Promise<void> {
  await tx.run(
    `update fire_safety.rectification set state = $2, version = $3, since = ${at(4)}, responsible = $5,
       responsible_name = $6, measure = $7, deadline = ${at(8)}, asked_until = ${at(9)}, extended = $10, refused = $11,
       doers = $12, told = $13 where id = $1`,
    [
      i.id,
      i.state,
      i.version,
      i.since,
      i.responsible ?? null,
      i.responsibleName ?? null,
      i.measure,
      i.deadline,
      i.askedUntil ?? null,
      i.extended,
      i.refused,
      i.doers,
      i.told,
    ],
  );
}

export interface ItemEventRow {
  readonly rectification: string;
  readonly id: string;
  readonly at: Date;
  readonly by_name: string | null;
  readonly act: string;
  readonly note: string;
  readonly files: readonly string[];
  readonly deadline: Date | null;
}

export async function addItemEvent(
  tx: Tx,
  e: {
    readonly item: string;
    readonly now: number;
    readonly by: Person;
    readonly act: ItemAct | 'demand';
    readonly to: ItemState;
    readonly note?: string | undefined;
    readonly files?: readonly string[] | undefined;
    readonly deadline?: number | undefined;
  },
): Promise<void> {
  await tx.run(
    `insert into fire_safety.rectification_event (rectification, at, by, by_name, act, to_state, note, files, deadline)
     values ($1, ${at(2)}, $3, $4, $5, $6, $7, $8, ${at(9)})`,
    [e.item, e.now, e.by.id, e.by.name, e.act, e.to, e.note?.trim() ?? '', e.files ?? [], e.deadline ?? null],
  );
}

export const itemEvents = (tx: Tx, items: readonly string[]): Promise<ItemEventRow[]> =>
  tx.query<ItemEventRow>(
    'select * from fire_safety.rectification_event where rectification = any ($1::text[]) order by id',
    [items],
  );
