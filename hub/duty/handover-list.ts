// What goes over to the next shift, read at one moment: open alarms by what hides them, modes, what stands in manual,
// unfinished orders, gaps.
import type { Tx } from '../db/tx.ts';
import { lastSeqs, listModes, openAlarms, type Stored } from '../alarms/api.ts';
import { ofOneMoment } from './attendance-store.ts';
import type { HandoverList, ListedAlarm, ListedLinkage, ListedOrder } from './contract.ts';
import { DUTY_LIMITS } from './norms.ts';
import { countRecords, lastRecord } from './record-store.ts';

/** Without a hand-over before it, gaps are counted over this time, ms. */
const DAY_MS = 86_400_000;
const MODES_MAX = 1_000;

export interface HandoverPorts {
  /** Work orders that are not over, at most so many; orders rank above duty. */
  readonly unfinishedOrders: (tx: Tx, community: string, max: number) => Promise<readonly ListedOrder[]>;
  /** What is in manual now, or not known, worst first; the fire procedure ranks above duty. */
  readonly linkage: (tx: Tx, community: string) => Promise<readonly ListedLinkage[]>;
}

const given = <K extends string, V>(key: K, value: V | null): { [P in K]?: V } =>
  (value === null ? {} : { [key]: value }) as { [P in K]?: V };

export const listedAlarm = ({ row }: Pick<Stored, 'row'>): ListedAlarm => ({
  id: row.id,
  class: row.class,
  state: row.state,
  text: row.text,
  device: row.device_name,
  point: row.point_name,
  ...given('building', row.building),
  ...given('floor', row.floor),
  ...given('place', row.place),
  raisedAt: new Date(row.raised_at).toISOString(),
  acked: row.acked !== null,
  ...(row.shelved === null
    ? {}
    : { shelvedUntil: row.shelved.until, shelvedBy: row.shelved.name, reason: row.shelved.reason }),
});

/** The list as of one moment. `tx` must be fresh: its first statement fixes the moment. */
export async function handoverList(
  tx: Tx,
  ports: HandoverPorts,
  community: string,
  now: number,
): Promise<HandoverList> {
  await ofOneMoment(tx);
  const max = DUTY_LIMITS.handoverRowsMax;
  const open = (await openAlarms(tx, community)).toSorted(
    (a, b) => a.row.rank - b.row.rank || a.row.received_at - b.row.received_at,
  );
  const listed = open.slice(0, max).map((stored) => ({ stored, view: listedAlarm(stored) }));
  const hidden = ['shelved', 'out-of-service'];
  const pick = (fits: (state: string, kind: string) => boolean): ListedAlarm[] =>
    listed.filter(({ stored: { row } }) => fits(row.state, row.class)).map(({ view }) => view);
  const last = await lastRecord(tx, community, 'handover-done');
  const since = Math.max(last?.at ?? 0, now - DAY_MS);
  const entry = await lastRecord(tx, community, 'entry');
  const orders = await ports.unfinishedOrders(tx, community, max);
  return {
    at: new Date(now).toISOString(),
    seq: (await lastSeqs(tx)).get(community) ?? 0,
    alarms: pick((state, kind) => !hidden.includes(state) && kind !== 'DISABLED'),
    disabled: pick((state, kind) => !hidden.includes(state) && kind === 'DISABLED'),
    shelved: pick((state) => state === 'shelved'),
    outOfService: pick((state) => state === 'out-of-service'),
    modes: await modesAt(tx, community, now),
    linkage: [...(await ports.linkage(tx, community))],
    orders: [...orders],
    more: open.length - listed.length,
    entriesMissed: await countRecords(tx, community, 'entry-missed', since),
    rollCallsMissed: await countRecords(tx, community, 'roll-call-missed', since),
    lastEntry:
      entry === undefined
        ? null
        : { at: new Date(entry.at).toISOString(), name: entry.byName ?? '', note: noteOf(entry.body['form']) },
  };
}

function noteOf(form: unknown): string {
  if (typeof form !== 'object' || form === null || !('note' in form)) return '';
  return typeof form.note === 'string' ? form.note : '';
}

async function modesAt(tx: Tx, community: string, now: number): Promise<HandoverList['modes']> {
  const modes = (await listModes(tx, community, MODES_MAX)).filter(
    (m) => m.ended_at === null && m.until_at.getTime() > now,
  );
  return modes.map((m) => ({
    mode: m.mode,
    ...given('building', m.building),
    ...given('floor', m.floor),
    devices: m.devices.length,
    until: m.until_at.toISOString(),
    by: m.by_name,
    reason: m.reason,
  }));
}
