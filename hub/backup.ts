// npm run backup: everything a hub would miss after losing its machine, in one file: PostgreSQL as of one moment, the
// embedded history, the published audit heads. Runs beside a living hub.
import { createReadStream, existsSync, mkdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, type ClientConfig } from 'pg';
import pino, { type Logger } from 'pino';
import { headsInDatabase, makeHeadsLog, type Head } from './audit/api.ts';
import { systemClock } from './clock.ts';
import { ConfigError, readConfig, type Config } from './config.ts';
import { createArchive, type ArchiveWriter } from './db/archive.ts';
import { bundledConnection } from './db/bundled.ts';
import { bundledPaths } from './db/bundled-paths.ts';
import { askOwner } from './db/data-lock.ts';
import { copyOut, sequencesOf, tablesOf } from './db/dump.ts';
import { appliedMigrations } from './db/migrate.ts';
import { DataDirInUse, ownServer } from './db/open.ts';
import { asTx } from './db/pool.ts';
import { openHistory } from './history/open.ts';
import { noteBackup, oldestRunning } from './records/api.ts';

/** The first section of a backup: what a restore needs to know before it touches anything. */
export interface Manifest {
  readonly format: 1;
  /** ISO 8601, UTC. */
  readonly madeAt: string;
  readonly migrations: readonly { readonly name: string; readonly checksum: string }[];
  readonly tables: readonly string[];
  readonly heads: readonly Head[];
}

/** Files of the data directory that no server keeps. */
export const KEPT_FILES = ['demo-password'];
export const HEADS_DIR = 'heads';
export const HISTORY_FILE = join('history', 'history.duckdb');

/** Text formats of values, so that what goes out on one server comes in on another. */
export const PLAIN_FORMATS = `
  SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres';
  SET extra_float_digits = 1; SET bytea_output = 'hex'; SET client_encoding = 'UTF8'; SET statement_timeout = 0`;

interface Source {
  readonly connection: ClientConfig;
  /** Copies the embedded history; undefined where there is none. */
  readonly copyHistory: ((file: string) => Promise<void>) | undefined;
  done(): Promise<void>;
}

/** A hub that is not running is opened; one that runs is asked. */
async function openSource(config: Config, log: Logger): Promise<Source> {
  const { dataDir, databaseUrl, influx } = config;
  const own = databaseUrl === undefined ? {} : { databaseUrl };
  const embedded = influx === undefined && existsSync(join(dataDir, HISTORY_FILE));
  try {
    const server = await ownServer({ dataDir, log, ...own });
    const copyHistory = async (file: string): Promise<void> => {
      const history = await openHistory({ dataDir, now: () => systemClock.now() });
      await history.copyTo?.(file);
      await history.close();
    };
    return {
      connection: server.connection,
      copyHistory: embedded ? copyHistory : undefined,
      done: () => server.stop(),
    };
  } catch (error) {
    if (!(error instanceof DataDirInUse)) throw error;
    const { lock } = bundledPaths(dataDir);
    return {
      connection: databaseUrl === undefined ? { ...bundledConnection(dataDir) } : { connectionString: databaseUrl },
      copyHistory: embedded ? (file) => askOwner(lock, { do: 'copy-history', to: file }) : undefined,
      done: async () => undefined,
    };
  }
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

async function writeDatabase(client: Client, archive: ArchiveWriter): Promise<{ manifest: Manifest; seen: string }> {
  await client.query(PLAIN_FORMATS);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const tables = await tablesOf(client);
  const manifest: Manifest = {
    format: 1,
    madeAt: new Date(systemClock.now()).toISOString(),
    migrations: await appliedMigrations(client),
    tables: tables.map((t) => t.name),
    heads: await headsInDatabase(asTx(client)),
  };
  await archive.section({ kind: 'manifest', name: 'manifest' }, once(JSON.stringify(manifest)));
  for (const table of tables) {
    await archive.section({ kind: 'table', name: table.name, columns: table.columns }, copyOut(client, table));
  }
  const sequences = await sequencesOf(client);
  await archive.section({ kind: 'sequences', name: 'sequences' }, once(JSON.stringify(sequences)));
  const seen = await oldestRunning(asTx(client));
  await client.query('COMMIT');
  return { manifest, seen };
}

async function writeFiles(dataDir: string, archive: ArchiveWriter, heads: readonly Head[]): Promise<void> {
  const published = makeHeadsLog(join(dataDir, HEADS_DIR));
  for (const { community, seq } of heads) {
    // Heads that were published after the database's moment would not fit the chain as it goes on after a restore.
    const known = (await published.published(community)).filter((head) => head.seq <= seq);
    const lines = known.map((head) => `${JSON.stringify(head)}\n`).join('');
    await archive.section({ kind: 'heads', name: community }, once(lines));
  }
  for (const name of KEPT_FILES) {
    const path = join(dataDir, name);
    if (existsSync(path)) await archive.section({ kind: 'file', name }, createReadStream(path));
  }
}

async function writeHistory(
  dataDir: string,
  archive: ArchiveWriter,
  copy: (file: string) => Promise<void>,
): Promise<void> {
  const file = join(dataDir, 'history-backup.duckdb');
  rmSync(file, { force: true });
  try {
    await copy(file);
    await archive.section({ kind: 'history', name: HISTORY_FILE }, createReadStream(file));
  } finally {
    rmSync(file, { force: true });
    rmSync(`${file}.wal`, { force: true });
  }
}

/**
 * Writes a backup. The database comes first and history after it: what history has too much is known again when
 * gateways send it; what it had too little would be lost.
 * @returns what the backup holds
 * @throws Error when the file exists, the database has nothing of ours, or a disk refuses; no file is left then
 */
export async function backup(config: Config, file: string, log: Logger): Promise<Manifest> {
  if (existsSync(file)) throw new Error(`${file} exists already`);
  const source = await openSource(config, log);
  const unfinished = `${file}.unfinished`;
  rmSync(unfinished, { force: true });
  try {
    const archive = await createArchive(unfinished);
    const client = new Client({ ...source.connection, application_name: 'fengsui-backup' });
    // Heard by the statement that it breaks; without a listener it would end the process.
    client.on('error', () => undefined);
    await client.connect();
    try {
      const { manifest, seen } = await writeDatabase(client, archive);
      await writeFiles(config.dataDir, archive, manifest.heads);
      if (source.copyHistory !== undefined) await writeHistory(config.dataDir, archive, source.copyHistory);
      await archive.close();
      renameSync(unfinished, file);
      // Only now: what a backup holds may be given up, so it must be whole first.
      await noteBackup(asTx(client), Date.parse(manifest.madeAt), seen);
      return manifest;
    } finally {
      await client.end();
    }
  } finally {
    rmSync(unfinished, { force: true });
    await source.done();
  }
}

const HELP = `npm run backup [-- FILE]

Writes PostgreSQL, the embedded history and the published audit heads into one file, readable by you alone, while the
hub runs or not. Default: backups/ in FENGSUI_DATA. It holds password hashes and personal data: keep it safe, and not
on the same disk. History in an InfluxDB of yours is not in it. Settings as for npm run hub.`;

async function main(): Promise<void> {
  if (process.argv.includes('--help')) return console.log(HELP);
  const config = readConfig(process.env);
  const given = process.argv[2];
  const backups = join(config.dataDir, 'backups');
  if (given === undefined) mkdirSync(backups, { recursive: true, mode: 0o700 });
  const stamp = new Date(systemClock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const file = resolve(given ?? join(backups, `fengsui-${stamp}.backup`));
  const { madeAt, heads } = await backup(config, file, pino({ level: 'warn' }, pino.destination(2)));
  console.log(JSON.stringify({ backup: file, madeAt, heads }));
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    console.error(error instanceof ConfigError || error instanceof Error ? error.message : error);
    process.exit(1);
  });
}
