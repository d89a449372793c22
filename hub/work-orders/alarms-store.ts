// The SQL of which alarm episodes an order answers: filing, joining, finding.
import type { Tx } from '../db/tx.ts';
import type { OrderKind } from './contract.ts';
import { UNFINISHED } from './machine.ts';

interface Words {
  readonly zh: string;
  readonly en: string;
}

/** ms wall → timestamptz in SQL. */
const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;

export interface JoinedAlarm {
  readonly alarm: string;
  readonly device: string;
  readonly point: string;
  readonly signal: string;
  readonly class: string;
  readonly text: Words;
}

/** Files an alarm episode under an order; false when it is already filed under one. */
export async function joinAlarm(tx: Tx, order: string, alarm: JoinedAlarm, now: number): Promise<boolean> {
  const rows = await tx.run(
    `insert into work_orders.alarm (alarm, work_order, device, point, signal, class, text, joined_at)
     values ($1, $2, $3, $4, $5, $6, $7, ${at(8)}) on conflict (alarm) do nothing`,
    [alarm.alarm, order, alarm.device, alarm.point, alarm.signal, alarm.class, JSON.stringify(alarm.text), now],
  );
  return rows === 1;
}

/** The order that answers this alarm episode. */
export const orderOfAlarm = (tx: Tx, alarm: string): Promise<{ id: string; community: string } | undefined> =>
  tx.maybe<{ id: string; community: string }>(
    `select o.id, o.community from work_orders.alarm a join work_orders.work_order o on o.id = a.work_order
     where a.alarm = $1`,
    [alarm],
  );

/** Sets or clears when the alarm was last heard to be gone; undefined when no order answers it. */
export const setAlarmCleared = async (tx: Tx, alarm: string, clearedAt: number | null): Promise<void> => {
  await tx.run(`update work_orders.alarm set cleared_at = ${at(2)} where alarm = $1`, [alarm, clearedAt]);
};

export const alarmsOfOrder = async (tx: Tx, order: string): Promise<JoinedAlarm[]> =>
  tx.query<{ alarm: string; device: string; point: string; signal: string; class: string; text: Words }>(
    `select alarm, device, point, signal, class, text from work_orders.alarm where work_order = $1
     order by n`,
    [order],
  );

/**
 * The order that an alarm of a device joins. Repairs: the one that is still to be finished, or else finished but
 * unverified with this very signal. A rescue: the lift's one that is not closed, whatever its state.
 */
export const orderToJoin = (
  tx: Tx,
  community: string,
  alarm: { readonly device: string; readonly point: string; readonly signal: string },
  kind: OrderKind,
): Promise<{ id: string } | undefined> =>
  kind === 'rescue'
    ? openRescue(tx, community, alarm.device)
    : tx.maybe<{ id: string }>(
        `select id from work_orders.work_order o
         where community = $1 and device = $2 and kind = $5 and (
           state = any($6::text[])
           or (state = 'done' and exists (select 1 from work_orders.alarm a
                 where a.work_order = o.id and a.point = $3 and a.signal = $4)))
         order by opened_at, id limit 1`,
        [community, alarm.device, alarm.point, alarm.signal, kind, UNFINISHED],
      );

/** The rescue of a lift that is not closed yet; a unique index lets it be only one. */
export const openRescue = (tx: Tx, community: string, lift: string): Promise<{ id: string } | undefined> =>
  tx.maybe<{ id: string }>(
    `select id from work_orders.work_order
     where community = $1 and lift = $2 and state not in ('closed', 'cancelled')`,
    [community, lift],
  );

/** People are inside again: what was reached before counts no more. The order's history keeps it. */
export async function forgetRelease(tx: Tx, order: string): Promise<void> {
  await tx.run('delete from work_orders.milestone where work_order = $1', [order]);
  await tx.run('update work_orders.work_order set service_state = null where id = $1', [order]);
}
