// Db and Tx on `pg`: three pools that never wait for each other (commands, ingest, reads) and one listening client.
import { createHash } from 'node:crypto';
import {
  Client,
  escapeIdentifier,
  Pool,
  types as pgTypes,
  type ClientBase,
  type ClientConfig,
  type CustomTypesConfig,
  type QueryResult,
} from 'pg';
import type { Logger } from 'pino';
import { DB_LIMITS } from '../config.ts';
import type { Db, Tx } from './tx.ts';

/** The role of the read pool: SELECT only, and not on tables marked secret (see migrate.ts). */
export const READ_ROLE = 'fengsui_read';

export interface PoolStats {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
}

export interface Pools extends Db {
  /** One round trip on a connection of its own pool. @throws when the database does not answer */
  ping(): Promise<void>;
  stats(): { readonly main: PoolStats; readonly ingest: PoolStats; readonly read: PoolStats };
}

export interface PoolOptions {
  readonly connection: ClientConfig;
  readonly log: Logger;
  /** False where the database's user could not make the read role: reads are then only read-only transactions. */
  readonly readRole: boolean;
}

const types: CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    // A date has no time zone: as a Date it would shift by the process's zone.
    if (oid === pgTypes.builtins.DATE) return (text: string) => text;
    return pgTypes.getTypeParser(oid, format);
  },
};

const names = new Map<string, string>();

/** Statements with parameters are static texts, so each connection parses them once. Beyond the limit they are sent whole. */
function statementName(sql: string): string | undefined {
  const known = names.get(sql);
  if (known !== undefined || names.size >= DB_LIMITS.preparedStatementsMax) return known;
  const name = `f_${createHash('sha256').update(sql).digest('hex').slice(0, 24)}`;
  names.set(sql, name);
  return name;
}

const firstLine = (sql: string): string => sql.trim().split('\n')[0]?.slice(0, 120) ?? '';

class ClientTx implements Tx {
  readonly #client: ClientBase;
  constructor(client: ClientBase) {
    this.#client = client;
  }
  async #send(sql: string, params?: readonly unknown[]): Promise<QueryResult> {
    if (params === undefined || params.length === 0) return this.#client.query(sql);
    const name = statementName(sql);
    const values = [...params];
    return this.#client.query(name === undefined ? { text: sql, values } : { name, text: sql, values });
  }
  async query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]> {
    return (await this.#send(sql, params)).rows as Row[];
  }
  async one<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row> {
    const rows = await this.query<Row>(sql, params);
    const [row] = rows;
    if (row === undefined || rows.length > 1)
      throw new Error(`expected one row, got ${rows.length}: ${firstLine(sql)}`);
    return row;
  }
  async maybe<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row | undefined> {
    const rows = await this.query<Row>(sql, params);
    if (rows.length > 1) throw new Error(`expected at most one row, got ${rows.length}: ${firstLine(sql)}`);
    return rows[0];
  }
  async run(sql: string, params?: readonly unknown[]): Promise<number> {
    return (await this.#send(sql, params)).rowCount ?? 0;
  }
}

/** A connection as a Tx, for tools that keep their transaction themselves. */
export const asTx = (client: ClientBase): Tx => new ClientTx(client);

async function inTransaction<T>(pool: Pool, begin: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that dies between two statements says so here; unheard, it would end the process.
  const breaks = (error: Error): void => {
    broken = error;
  };
  client.on('error', breaks);
  try {
    await client.query(begin);
    const value = await work(new ClientTx(client));
    await client.query('COMMIT');
    return value;
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: unknown) => {
      broken = failure instanceof Error ? failure : new Error(String(failure));
    });
    throw error;
  } finally {
    client.off('error', breaks);
    // A client that broke, or whose rollback failed, is in an unknown state and is thrown away.
    client.release(broken);
  }
}

interface PoolSpec {
  readonly name: string;
  readonly max: number;
  readonly statementMs: number;
  readonly options?: string;
}

function makePool({ connection, log }: PoolOptions, spec: PoolSpec): Pool {
  const pool = new Pool({
    ...connection,
    max: spec.max,
    types,
    application_name: `fengsui-${spec.name}`,
    connectionTimeoutMillis: DB_LIMITS.connectMsMax,
    statement_timeout: spec.statementMs,
    query_timeout: spec.statementMs + DB_LIMITS.answerGraceMs,
    lock_timeout: DB_LIMITS.lockMsMax,
    idle_in_transaction_session_timeout: DB_LIMITS.idleInTransactionMsMax,
    keepAlive: true,
    ...(spec.options === undefined ? {} : { options: spec.options }),
  });
  // A connection that breaks while idle is replaced at the next use.
  pool.on('error', (error) => log.warn({ err: error, pool: spec.name }, 'a database connection broke'));
  // "Ready" and "the server is going down" may come in one packet: the second before whoever asked for the connection
  // runs again and listens. Unheard it would end the process; heard, the first statement fails and says why.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  return pool;
}

const stats = (pool: Pool): PoolStats => ({
  total: pool.totalCount,
  idle: pool.idleCount,
  waiting: pool.waitingCount,
});

type Heard = (payload: string) => void;

/** One connection that hears NOTIFY for every listener; it comes back after a break. */
class Listener {
  readonly #options: PoolOptions;
  readonly #heard = new Map<string, Set<Heard>>();
  #client: Promise<Client> | undefined;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  async add(channel: string, heard: Heard): Promise<() => Promise<void>> {
    const listeners = this.#heard.get(channel) ?? new Set<Heard>();
    listeners.add(heard);
    this.#heard.set(channel, listeners);
    const client = await this.#connected();
    if (listeners.size === 1) await client.query(`LISTEN ${escapeIdentifier(channel)}`);
    return async () => {
      listeners.delete(heard);
      if (listeners.size > 0 || this.#closed) return;
      this.#heard.delete(channel);
      await (await this.#client)?.query(`UNLISTEN ${escapeIdentifier(channel)}`);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#client?.catch(() => undefined))?.end();
  }

  /** A first connection that fails is not kept: the next listener tries anew. */
  #connected(): Promise<Client> {
    if (this.#client !== undefined) return this.#client;
    const first = this.#connect();
    this.#client = first;
    first.catch(() => {
      if (this.#client === first) this.#client = undefined;
    });
    return first;
  }

  async #connect(): Promise<Client> {
    let up = false;
    const client = new Client({ ...this.#options.connection, application_name: 'fengsui-listen', keepAlive: true });
    client.on('notification', ({ channel, payload }) => {
      for (const heard of this.#heard.get(channel) ?? []) heard(payload ?? '');
    });
    client.on('error', (error) => this.#options.log.warn({ err: error }, 'the listening connection broke'));
    // A connection that never came up ends too; whoever tries tries again, or each failure would double the tries.
    client.on('end', () => {
      if (up && !this.#closed) this.#client = this.#reconnect();
    });
    try {
      await client.connect();
      for (const channel of this.#heard.keys()) await client.query(`LISTEN ${escapeIdentifier(channel)}`);
    } catch (error) {
      client.end().catch(() => undefined);
      throw error;
    }
    up = true;
    return client;
  }

  async #reconnect(): Promise<Client> {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, DB_LIMITS.relistenMs));
      if (this.#closed) throw new Error('closed');
      try {
        const client = await this.#connect();
        // What was said meanwhile is lost: everyone looks again.
        for (const listeners of this.#heard.values()) for (const heard of listeners) heard('');
        return client;
      } catch (error) {
        this.#options.log.warn({ err: error }, 'cannot listen yet');
      }
    }
  }
}

/** Opens the pools; nothing is connected before its first use. */
export function openPools(options: PoolOptions): Pools {
  const main = makePool(options, {
    name: 'main',
    max: DB_LIMITS.mainConnectionsMax,
    statementMs: DB_LIMITS.statementMsMax,
  });
  const ingest = makePool(options, {
    name: 'ingest',
    max: DB_LIMITS.ingestConnectionsMax,
    statementMs: DB_LIMITS.ingestStatementMsMax,
  });
  const read = makePool(options, {
    name: 'read',
    max: DB_LIMITS.readConnectionsMax,
    statementMs: DB_LIMITS.readStatementMsMax,
    options: `-c default_transaction_read_only=on${options.readRole ? ` -c role=${READ_ROLE}` : ''}`,
  });
  const listener = new Listener(options);
  let closed: Promise<unknown> | undefined;
  return {
    transaction: (work) => inTransaction(main, 'BEGIN', work),
    ingest: (work) => inTransaction(ingest, 'BEGIN', work),
    read: (work) => inTransaction(read, 'BEGIN READ ONLY', work),
    listen: (channel, heard) => listener.add(channel, heard),
    ping: async () => {
      await main.query('SELECT 1');
    },
    stats: () => ({ main: stats(main), ingest: stats(ingest), read: stats(read) }),
    close: async () => {
      closed ??= listener.close().then(() => Promise.all([main.end(), ingest.end(), read.end()]));
      await closed;
    },
  };
}
