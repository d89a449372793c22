// What the entrapment console reads from the tables of several domains.
import { contentHash } from '../audit/chain.ts';
import type { Tx } from '../db/tx.ts';
import type { ExportProof, RescueItem } from './contract.ts';
import type { Happening } from './rescue-timeline.ts';

interface Words {
  readonly zh: string;
  readonly en: string;
}

interface ItemRow {
  readonly id: string;
  readonly number: string;
  readonly title: Words;
  readonly state: string;
  readonly device_name: Words | null;
  readonly building: string | null;
  readonly opened_at: Date;
  readonly released: boolean;
}

const RUNNING_MAX = 100;

/** Rescues that are not over, oldest first. */
export async function runningRescues(tx: Tx, community: string): Promise<RescueItem[]> {
  const rows = await tx.query<ItemRow>(
    `select o.id, o.number, o.title, o.state, d.name as device_name, o.building, o.opened_at,
       exists (select 1 from work_orders.milestone m where m.work_order = o.id and m.milestone = 'released') as released
     from work_orders.work_order o left join equipment.device d on d.id = o.device and d.community = o.community
     where o.community = $1 and o.kind = 'rescue' and o.state not in ('closed', 'cancelled')
     order by o.opened_at, o.id limit ${RUNNING_MAX}`,
    [community],
  );
  return rows.map((r) => ({
    id: r.id,
    number: r.number,
    title: r.title,
    state: r.state,
    openedAt: r.opened_at.toISOString(),
    released: r.released,
    ...(r.device_name === null ? {} : { deviceName: r.device_name }),
    ...(r.building === null ? {} : { building: r.building }),
  }));
}

export interface Reached {
  readonly milestone: string;
  readonly at: number;
  readonly name: string;
  readonly note: string;
  /** Role of who recorded it; '' when that person is gone. */
  readonly role: string;
}

export async function milestonesOf(tx: Tx, order: string): Promise<Reached[]> {
  const rows = await tx.query<{
    milestone: string;
    at: Date;
    by_name: string;
    note: string | null;
    role: string | null;
  }>(
    `select m.milestone, m.at, m.by_name, m.note, p.role
     from work_orders.milestone m left join staff.person p on p.id = m.by where m.work_order = $1 order by m.at`,
    [order],
  );
  return rows.map((r) => ({
    milestone: r.milestone,
    at: r.at.getTime(),
    name: r.by_name,
    note: r.note ?? '',
    role: r.role ?? '',
  }));
}

/** All clocks of an order, with the call to the maintenance company. */
export async function clocksOf(
  tx: Tx,
  order: string,
): Promise<{ clock: string; due_at: Date; done_at: Date | null; breached_at: Date | null }[]> {
  return tx.query(
    `select clock, due_at, done_at, breached_at from work_orders.clock where work_order = $1 order by due_at, clock`,
    [order],
  );
}

/** The incident of the alarm that caused an order; the alarm itself where it could not be grouped. */
export async function incidentOf(tx: Tx, order: string): Promise<string | undefined> {
  const row = await tx.maybe<{ id: string }>(
    `select coalesce(a.incident, a.id::text) as id
     from work_orders.alarm w join alarms.alarm a on a.id::text = w.alarm
     where w.work_order = $1 order by w.joined_at, a.id limit 1`,
    [order],
  );
  return row?.id;
}

/** When the last of the order's signals was told of, ms. */
export async function lastSignalAt(tx: Tx, order: string): Promise<number | undefined> {
  const row = await tx.one<{ at: Date | null }>(
    `select max(joined_at) as at from work_orders.alarm where work_order = $1`,
    [order],
  );
  return row.at?.getTime();
}

/** Signals and the acts on them, what was done to the order, and whom it was told: all but calls, people and steps. */
export async function happeningsOf(tx: Tx, community: string, order: string): Promise<Happening[]> {
  return [
    ...(await signals(tx, order)),
    ...(await orderActs(tx, order)),
    ...(await pages(tx, community, order)),
    ...(await milestonesOf(tx, order)).map((m): Happening => ({
      at: m.at,
      kind: 'milestone',
      code: m.milestone,
      who: m.name,
      text: m.note,
    })),
  ];
}

async function signals(tx: Tx, order: string): Promise<Happening[]> {
  const rows = await tx.query<{ act: string; at: Date; name: string | null; note: string | null; text: Words }>(
    `select c.act, c.at, c.actor_name as name, c.note, a.text
     from work_orders.alarm w join alarms.alarm a on a.id::text = w.alarm join alarms.act c on c.alarm = a.id
     where w.work_order = $1 order by c.id`,
    [order],
  );
  return rows.map((r) => ({
    at: r.at.getTime(),
    kind: 'signal',
    code: r.act,
    who: r.name ?? '',
    text: [`${r.text.zh} / ${r.text.en}`, r.note].filter(Boolean).join(': '),
  }));
}

/** A milestone stands in its own table; here stand those of before a rescue began anew, which are only history. */
async function orderActs(tx: Tx, order: string): Promise<Happening[]> {
  const rows = await tx.query<{ act: string; at: Date; name: string; note: string | null; to_state: string | null }>(
    `select e.act, coalesce(e.captured_at, e.at) as at, e.by_name as name, e.note, e.to_state
     from work_orders.order_event e left join work_orders.rescue r on r.work_order = e.work_order
     where e.work_order = $1 and (e.act <> 'milestone' or e.at < r.began_at) order by e.id`,
    [order],
  );
  return rows.map((r) =>
    r.act === 'breach'
      ? { at: r.at.getTime(), kind: 'escalation', code: r.note ?? '', who: '', text: '' }
      : { at: r.at.getTime(), kind: 'act', code: r.act, who: r.name, text: r.note ?? r.to_state ?? '' },
  );
}

async function pages(tx: Tx, community: string, order: string): Promise<Happening[]> {
  const rows = await tx.query<{ message: string; at: Date; name: string | null; channel: string; state: string }>(
    `select n.message, n.at, p.name, n.channel, n.state
     from notify.notification n left join staff.person p on p.id = n.recipient
     where n.community = $1 and (n.link in ('/rescue/' || $2, '/orders/' || $2) or n.link in
       (select '/?alarm=' || w.alarm from work_orders.alarm w where w.work_order = $2))
     order by n.id`,
    [community, order],
  );
  return rows.map((r) => ({
    at: r.at.getTime(),
    kind: 'page',
    code: r.message,
    who: r.name ?? '',
    text: `${r.channel}: ${r.state}`,
  }));
}

interface ProofRow {
  readonly order: string;
  readonly number: string;
  readonly format: string;
  readonly entries: number;
  readonly at: Date;
  readonly by_name: string;
}

/** What is on record of an exported file's hash, and whether the audit says the same. */
export async function exportProof(tx: Tx, community: string, sha256: string): Promise<ExportProof> {
  const row = await tx.maybe<ProofRow>(
    `select o.id as order, o.number, e.format, e.entries, e.at, e.by_name
     from work_orders.rescue_export e join work_orders.work_order o on o.id = e.work_order
     where e.sha256 = $1 and o.community = $2 order by e.at limit 1`,
    [sha256, community],
  );
  if (!row) return { known: false };
  const { order, number, format, entries } = row;
  const audit = await auditOf(tx, community, order, sha256);
  return { known: true, order, number, format, entries, at: row.at.toISOString(), name: row.by_name, audit };
}

async function auditOf(
  tx: Tx,
  community: string,
  order: string,
  sha256: string,
): Promise<{ id: string; seq: number | null } | null> {
  const rows = await tx.query<{ id: string; seq: string | null; hash: Buffer; salt: Buffer; content: string }>(
    `select e.id, s.seq, e.content_hash as hash, c.salt, c.content
     from audit.entry e join audit.content c on c.entry = e.id left join audit.seal s on s.entry = e.id
     where e.community = $1 and e.entity = 'work-order' and e.entity_id = $2 and e.action = 'rescue.exported'
     order by e.id`,
    [community, order],
  );
  const entry = rows.find((r) => r.content.includes(`"${sha256}"`) && contentHash(r.salt, r.content).equals(r.hash));
  return entry ? { id: entry.id, seq: entry.seq === null ? null : Number(entry.seq) } : null;
}
