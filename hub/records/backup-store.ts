// Which records a backup holds: noted when it is finished, and after a restore.
import type { Tx } from '../db/tx.ts';

/** In the backup's own snapshot: every transaction before this one was over, so all that it wrote is in the backup. */
export async function oldestRunning(tx: Tx): Promise<string> {
  const { xmin } = await tx.one<{ xmin: string }>('select pg_snapshot_xmin(pg_current_snapshot())::text as xmin');
  return xmin;
}

/** Notes a backup that is whole. @param madeAt ms wall @param xmin what `oldestRunning` answered in its snapshot */
export async function noteBackup(tx: Tx, madeAt: number, xmin: string): Promise<void> {
  await tx.run('insert into records.backup (made_at, seen_before) values (to_timestamp($1::float8 / 1000), $2::xid8)', [
    madeAt,
    xmin,
  ]);
}

/**
 * Notes that this database came out of a backup: whatever is in it now is held by that, and what earlier backups saw was
 * counted by the transactions of another server. @param madeAt ms wall, of the backup
 */
export async function noteRestored(tx: Tx, madeAt: number): Promise<void> {
  await tx.run('delete from records.backup');
  await tx.run(
    `insert into records.backup (made_at, seen_before, through)
     select to_timestamp($1::float8 / 1000), '0'::xid8, coalesce(max(id), 0) from records.entry`,
    [madeAt],
  );
}
