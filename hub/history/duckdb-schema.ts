// The tables of the embedded history store, and the step that sorts recent rows into the archive and its roll-ups.
//
// A sample is written once to `recent`, in order of arrival. A fold moves everything in `recent` to `archive`, sorted
// by series so that a query reads only its own row groups, and adds what it moved to `minute` and `hour` as partial
// sums: several rows of one series and minute are simply added up. So late samples need no special case, and a query
// over roll-ups is exact: folded partial sums plus the rows still in `recent`.
//
// `ns` is ms · 10⁶ + n mod 10⁶, as in device-profiles/contract/history-line.ts, so that both stores order alike.
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Retention } from './limits.ts';

export const SCHEMA_VERSION = 1;

const SAMPLE_COLUMNS = 'series INTEGER, ns BIGINT, v DOUBLE, txt VARCHAR, q UTINYINT';
const ROLLUP_COLUMNS =
  'series INTEGER, t BIGINT, lo DOUBLE, hi DOUBLE, total DOUBLE, good BIGINT, last DOUBLE, last_ns BIGINT, not_good BIGINT';

// No primary keys: an index would cost 8 × the write rate, and the cursor (not a key) makes each record count once.
const TABLES: readonly string[] = [
  'CREATE TABLE IF NOT EXISTS meta (version INTEGER)',
  'CREATE TABLE IF NOT EXISTS series (id INTEGER, community VARCHAR, kind VARCHAR, device VARCHAR, point VARCHAR, building VARCHAR)',
  'CREATE TABLE IF NOT EXISTS lane_cursor (gateway VARCHAR, epoch VARCHAR, lane VARCHAR, seq BIGINT, floor_n BIGINT, top_n BIGINT)',
  `CREATE TABLE IF NOT EXISTS recent (${SAMPLE_COLUMNS})`,
  `CREATE TABLE IF NOT EXISTS archive (${SAMPLE_COLUMNS})`,
  `CREATE TABLE IF NOT EXISTS newest (${SAMPLE_COLUMNS})`,
  `CREATE TABLE IF NOT EXISTS minute (${ROLLUP_COLUMNS})`,
  `CREATE TABLE IF NOT EXISTS hour (${ROLLUP_COLUMNS})`,
];

/** Runs `work` in one transaction of the connection; rolls back and rethrows when it fails. */
export async function inTransaction<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  await connection.run('BEGIN TRANSACTION');
  try {
    const result = await work();
    await connection.run('COMMIT');
    return result;
  } catch (error) {
    // After a failed commit there may be nothing left to roll back; the first error is the one that counts.
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Creates what is missing. @throws Error when the file was made by a newer version */
export async function prepareSchema(connection: DuckDBConnection): Promise<void> {
  await inTransaction(connection, async () => {
    for (const table of TABLES) await connection.run(table);
    const found = await connection.runAndReadAll('SELECT max(version) FROM meta');
    const version = found.getRowsJS()[0]?.[0] ?? null;
    if (version === null) await connection.run(`INSERT INTO meta VALUES (${SCHEMA_VERSION})`);
    else if (version !== SCHEMA_VERSION)
      throw new Error(`history file has schema ${String(version)}, this software knows ${SCHEMA_VERSION}`);
  });
}

/** Rows of a sample table as partial sums of one sample each: what a fold adds up, and what queries add to folded ones. */
export const asPartials = (table: 'recent' | 'archive', widthMs = 1): string =>
  `SELECT series, ((ns // 1000000) // ${widthMs}) * ${widthMs} AS t,
     CASE WHEN q = 0 THEN v END AS lo, CASE WHEN q = 0 THEN v END AS hi, CASE WHEN q = 0 THEN v END AS total,
     CASE WHEN q = 0 AND v IS NOT NULL THEN 1 ELSE 0 END AS good,
     CASE WHEN q = 0 THEN v END AS last, CASE WHEN q = 0 AND v IS NOT NULL THEN ns END AS last_ns,
     CASE WHEN q <> 0 THEN 1 ELSE 0 END AS not_good
   FROM ${table}`;

const rollUp = (table: 'minute' | 'hour', widthMs: number): string =>
  `INSERT INTO ${table} SELECT series, t, min(lo), max(hi), sum(total), sum(good), arg_max(last, last_ns), max(last_ns), sum(not_good)
   FROM (${asPartials('recent', widthMs)}) GROUP BY series, t ORDER BY series, t`;

const MERGE_NEWEST: readonly string[] = [
  `CREATE TEMP TABLE merged AS
   SELECT series, max(ns) AS ns, arg_max_null(v, ns) AS v, arg_max_null(txt, ns) AS txt, arg_max_null(q, ns) AS q
   FROM (SELECT * FROM newest UNION ALL SELECT * FROM recent) GROUP BY series`,
  'DELETE FROM newest',
  'INSERT INTO newest SELECT * FROM merged ORDER BY series',
  'DROP TABLE merged',
];

/**
 * Moves the rows of `recent` that are committed now. Runs beside appends: rows that are committed meanwhile are neither
 * seen nor deleted by this transaction's snapshot, and wait for the next fold.
 */
export async function fold(connection: DuckDBConnection): Promise<void> {
  await inTransaction(connection, async () => {
    await connection.run('INSERT INTO archive SELECT * FROM recent ORDER BY series, ns');
    await connection.run(rollUp('minute', 60_000));
    await connection.run(rollUp('hour', 3_600_000));
    for (const step of MERGE_NEWEST) await connection.run(step);
    await connection.run('DELETE FROM recent');
  });
}

/** Drops what is older than each grain is kept. `now` in ms UTC. */
export async function expire(connection: DuckDBConnection, retention: Retention, now: number): Promise<void> {
  const cut = (keepMs: number): number | null => (keepMs > 0 && now > keepMs ? Math.trunc(now - keepMs) : null);
  const raw = cut(retention.rawMs);
  const minute = cut(retention.minuteMs);
  const hour = cut(retention.hourMs);
  await inTransaction(connection, async () => {
    if (raw !== null) await connection.run(`DELETE FROM archive WHERE ns < ${raw}000000`);
    if (minute !== null) await connection.run(`DELETE FROM minute WHERE t < ${minute}`);
    if (hour !== null) await connection.run(`DELETE FROM hour WHERE t < ${hour}`);
  });
}
