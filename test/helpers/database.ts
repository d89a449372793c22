// Fresh databases for tests, with every migration applied: on the bundled PostgreSQL (one server a test file, copied
// from a cached data directory), or on the server that FENGSUI_TEST_DATABASE_URL names.
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type ClientConfig } from 'pg';
import pino from 'pino';
import { startBundled, type BundledServer } from '../../hub/db/bundled.ts';
import { loadMigrations, migrate, type Migration } from '../../hub/db/migrate.ts';
import { openPools, type Pools } from '../../hub/db/pool.ts';
import { onCleanup } from './cleanup.ts';
import { REPO } from './processes.ts';
import { tempDir } from './temp.ts';

export interface TestDatabase {
  readonly db: Pools;
  readonly connection: ClientConfig;
  /** For `DATABASE_URL` of a process. */
  readonly url: string;
  /** Name of the newest migration. */
  readonly version: string;
}

export const silentLog = pino({ level: 'silent' });

const CACHE = join(REPO, 'node_modules', '.cache', 'fengsui-postgres');
// A test that loses its machine starts again; what a power cut does to the server is a test of its own.
const SETTINGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200'];

function hashOf(migrations: readonly Migration[]): string {
  const hash = createHash('sha256');
  for (const { name, sql } of migrations) hash.update(`${name}\0${sql}\0`);
  return hash.digest('hex').slice(0, 16);
}

/** A data directory with all migrations applied, made once for each set of migrations. */
async function preparedDataDir(migrations: readonly Migration[]): Promise<string> {
  const prepared = join(CACHE, hashOf(migrations));
  if (existsSync(prepared)) return prepared;
  const dir = tempDir('postgres-template');
  const server = await startBundled({ dataDir: dir, log: silentLog, settings: SETTINGS });
  try {
    await migrate({ ...server.connection }, migrations, silentLog);
  } finally {
    await server.stop();
  }
  mkdirSync(CACHE, { recursive: true });
  const beside = `${prepared}.${process.pid}`;
  cpSync(join(dir, 'postgres'), beside, { recursive: true });
  try {
    renameSync(beside, prepared);
  } catch {
    // Another test process was faster.
    rmSync(beside, { recursive: true, force: true });
  }
  return prepared;
}

/** A data directory for a bundled server, as a second start finds it: initialised, with all migrations applied. */
export async function preparedData(name: string): Promise<string> {
  const prepared = await preparedDataDir(await loadMigrations());
  const dir = tempDir(name);
  cpSync(prepared, join(dir, 'postgres'), { recursive: true });
  return dir;
}

interface Source {
  /** Where CREATE DATABASE can be said. */
  readonly admin: ClientConfig;
  readonly template: string;
  of(database: string): ClientConfig;
  url(database: string): string;
}

async function bundledSource(): Promise<Source> {
  const dir = await preparedData('pg');
  const server: BundledServer = await startBundled({ dataDir: dir, log: silentLog, settings: SETTINGS });
  onCleanup(() => server.stop());
  const { host, port, user } = server.connection;
  return {
    admin: { ...server.connection, database: 'postgres' },
    template: 'fengsui',
    of: (database) => ({ ...server.connection, database }),
    url: (database) => `postgres:///${database}?host=${encodeURIComponent(host)}&port=${port}&user=${user}`,
  };
}

const withDatabase = (url: string, database: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
};

const asAdmin = async <T>(admin: ClientConfig, work: (client: Client) => Promise<T>): Promise<T> => {
  const client = new Client(admin);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};

/** Serialises test processes that make the same template. */
const TEMPLATE_LOCK = 7_365_102;

async function serverSource(url: string, migrations: readonly Migration[]): Promise<Source> {
  const template = `fengsui_template_${hashOf(migrations)}`;
  const admin = { connectionString: url };
  await asAdmin(admin, async (client) => {
    await client.query(`SELECT pg_advisory_lock(${TEMPLATE_LOCK})`);
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [template]);
    if (found.rowCount !== 0) return;
    const unfinished = `${template}_unfinished`;
    await client.query(`DROP DATABASE IF EXISTS ${unfinished}`);
    await client.query(`CREATE DATABASE ${unfinished} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`);
    await migrate({ connectionString: withDatabase(url, unfinished) }, migrations, silentLog);
    await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`);
  });
  return {
    admin,
    template,
    of: (database) => ({ connectionString: withDatabase(url, database) }),
    url: (database) => withDatabase(url, database),
  };
}

let source: Promise<Source> | undefined;

/** The server of this test file, started at its first use. */
async function theSource(migrations: readonly Migration[]): Promise<Source> {
  const url = process.env['FENGSUI_TEST_DATABASE_URL'];
  source ??= url === undefined || url === '' ? bundledSource() : serverSource(url, migrations);
  return source;
}

/**
 * A database of this test's own, gone after the test file.
 * @param options.empty without any migration
 */
export async function freshDatabase({ empty = false } = {}): Promise<TestDatabase> {
  const migrations = await loadMigrations();
  const from = await theSource(migrations);
  const name = `fengsui_test_${randomBytes(6).toString('hex')}`;
  await asAdmin(from.admin, (client) =>
    client.query(`CREATE DATABASE ${name} TEMPLATE ${empty ? 'template0' : from.template}`),
  );
  onCleanup(() =>
    asAdmin(from.admin, async (client) => void (await client.query(`DROP DATABASE ${name} WITH (FORCE)`))),
  );
  const connection = from.of(name);
  const db = openPools({ connection, log: silentLog, readRole: !empty });
  onCleanup(() => db.close());
  return { db, connection, url: from.url(name), version: migrations.at(-1)?.name ?? '' };
}
