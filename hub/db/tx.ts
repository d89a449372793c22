// The database as domains see it. Plain SQL on `pg` (maintained, Node 16+): hot paths are set-based inserts and row
// locks, where SQL itself is the clearest query language. Transactions open only at entry points (DESIGN 4).

/** Rows come back with bigint as string, timestamptz as Date, jsonb parsed. */
export interface Tx {
  query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /** @throws Error when there is not exactly one row. */
  one<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row>;
  maybe<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row | undefined>;
  /** For statements without rows; answers how many rows were touched. */
  run(sql: string, params?: readonly unknown[]): Promise<number>;
}

export interface Db {
  /** One transaction on the main pool; commits when `work` resolves, rolls back when it throws. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Read-only role, own pool, time-limited: for `read/` and lists. */
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** A transaction on the reserved ingest connection(s): T1 never waits behind T2 or reports. */
  ingest<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Calls back after commit of a `pg_notify` on the channel, from any process. */
  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}
