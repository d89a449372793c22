// Opens the hub's database: DATABASE_URL, else the bundled PostgreSQL; migrated, with its pools.
import type { ClientConfig } from 'pg';
import type { Logger } from 'pino';
import { startBundled, type BundledServer } from './bundled.ts';
import { loadMigrations, migrate } from './migrate.ts';
import { openPools, type Pools } from './pool.ts';

export interface OpenOptions {
  readonly databaseUrl?: string;
  /** Absolute path; the bundled server lives in its folder `postgres`. */
  readonly dataDir: string;
  readonly log: Logger;
}

export interface Database {
  readonly db: Pools;
  readonly connection: ClientConfig;
  /** Undefined with DATABASE_URL. */
  readonly bundled?: BundledServer;
  /** Name of the newest migration. */
  readonly version: string;
  /** Closes the pools, then stops the bundled server. */
  close(): Promise<void>;
}

/**
 * Opens and migrates the database.
 * @throws DivergedHistory, DataDirInUse; Error naming DATABASE_URL when the bundled server cannot run here
 */
export async function openDatabase(options: OpenOptions): Promise<Database> {
  const { databaseUrl, log } = options;
  const bundled = databaseUrl === undefined ? await startBundled(options) : undefined;
  const connection: ClientConfig =
    bundled === undefined ? { connectionString: databaseUrl } : { ...bundled.connection };
  try {
    const { version, readRole } = await migrate(connection, await loadMigrations(), log);
    const db = openPools({ connection, log, readRole });
    const close = async (): Promise<void> => {
      await db.close();
      await bundled?.stop();
    };
    return { db, connection, version, close, ...(bundled === undefined ? {} : { bundled }) };
  } catch (error) {
    await bundled?.stop();
    throw error;
  }
}
