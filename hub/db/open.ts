// Opens the hub's database: DATABASE_URL, else the bundled PostgreSQL; migrated, with its pools. Whoever opens it owns
// the data directory, for history and published heads are there too.
import type { ClientConfig } from 'pg';
import type { Logger } from 'pino';
import { startBundled, type BundledServer } from './bundled.ts';
import { bundledPaths } from './bundled-paths.ts';
import { takeLock, type DataLock } from './data-lock.ts';
import { loadMigrations, migrate, type Migration } from './migrate.ts';
import { openPools, type Pools } from './pool.ts';

export interface OpenOptions {
  readonly databaseUrl?: string;
  /** Absolute path; the bundled server lives in its folder `postgres`. */
  readonly dataDir: string;
  readonly log: Logger;
}

/** A server with nobody on it yet. */
export interface OwnedServer {
  readonly connection: ClientConfig;
  readonly lock: DataLock;
  /** Undefined with DATABASE_URL. */
  readonly bundled?: BundledServer;
  /** Stops the bundled server and lets go of the data directory. */
  stop(): Promise<void>;
}

export interface Database {
  readonly db: Pools;
  readonly connection: ClientConfig;
  readonly lock: DataLock;
  /** Undefined with DATABASE_URL. */
  readonly bundled?: BundledServer;
  /** Name of the newest migration. */
  readonly version: string;
  /** Closes the pools, then stops the bundled server. */
  close(): Promise<void>;
}

/** Another living hub has the data directory. */
export class DataDirInUse extends Error {
  override name = 'DataDirInUse';
  constructor(dataDir: string) {
    super(`another hub is running with the data directory ${dataDir}`);
  }
}

/** Takes the data directory and starts what it needs. @throws DataDirInUse; Error naming DATABASE_URL */
export async function ownServer({ databaseUrl, dataDir, log }: OpenOptions): Promise<OwnedServer> {
  const lock = await takeLock(bundledPaths(dataDir).lock);
  if (lock === undefined) throw new DataDirInUse(dataDir);
  if (databaseUrl !== undefined) {
    return { connection: { connectionString: databaseUrl }, lock, stop: () => lock.release() };
  }
  try {
    const bundled = await startBundled({ dataDir, log });
    const stop = async (): Promise<void> => {
      await bundled.stop();
      await lock.release();
    };
    return { connection: { ...bundled.connection }, lock, bundled, stop };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/**
 * Opens and migrates the database.
 * @param migrations all of this version, unless given
 * @throws DivergedHistory, DataDirInUse; Error naming DATABASE_URL when the bundled server cannot run here
 */
export async function openDatabase(options: OpenOptions, migrations?: readonly Migration[]): Promise<Database> {
  const { log } = options;
  const server = await ownServer(options);
  const { connection, lock, bundled } = server;
  try {
    const { version, readRole } = await migrate(connection, migrations ?? (await loadMigrations()), log);
    const db = openPools({ connection, log, readRole });
    const close = async (): Promise<void> => {
      await db.close();
      await server.stop();
    };
    return { db, connection, lock, version, close, ...(bundled === undefined ? {} : { bundled }) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
