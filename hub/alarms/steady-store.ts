// The SQL of since when signals are known to be gone (see steady.ts).
import type { Tx } from '../db/tx.ts';
import type { SignalKey } from './store.ts';

/** Every signal that is kept, and whether its run goes on. */
export const allRuns = (tx: Tx): Promise<(SignalKey & { readonly going: boolean })[]> =>
  tx.query('select device, point, signal, since is not null as going from alarms.steady');

/** Writes runs by one statement, in one order whoever writes. */
export async function saveSteady(
  tx: Tx,
  rows: readonly (SignalKey & { readonly since: number | null })[],
): Promise<void> {
  await tx.run(
    `insert into alarms.steady (device, point, signal, since)
     select u.device, u.point, u.signal, u.since
     from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as u (device, point, signal, since)
     order by 1, 2, 3
     on conflict (device, point, signal) do update set since = excluded.since`,
    [
      rows.map((r) => r.device),
      rows.map((r) => r.point),
      rows.map((r) => r.signal),
      rows.map((r) => (r.since === null ? null : Math.trunc(r.since))),
    ],
  );
}

/** Since when a signal is known to be false without a gap, ms wall of the hub; undefined when it is not. */
export async function steadySince(tx: Tx, of: SignalKey): Promise<number | undefined> {
  const row = await tx.maybe<{ since: string | null }>(
    'select since from alarms.steady where device = $1 and point = $2 and signal = $3',
    [of.device, of.point, of.signal],
  );
  return row === undefined || row.since === null ? undefined : Number(row.since);
}

/** Moves the runs with a jump of the wall clock (hard rule 9). Locks first, so that T1 and this never wait in a ring. */
export async function shiftSteady(tx: Tx, jumpMs: number): Promise<void> {
  await tx.run('lock table alarms.steady in exclusive mode');
  await tx.run('update alarms.steady set since = since + $1 where since is not null', [Math.trunc(jumpMs)]);
}
