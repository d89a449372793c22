// npm run restore: a backup into an empty place, checked before anything is written and again after.
import { createWriteStream, existsSync, mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { Client, type ClientConfig } from 'pg';
import pino, { type Logger } from 'pino';
import { headsInDatabase, makeHeadsLog, verifyChain, type Head } from './audit/api.ts';
import { HEADS_DIR, HISTORY_FILE, KEPT_FILES, PLAIN_FORMATS, type Manifest } from './backup.ts';
import { readConfig, type Config } from './config.ts';
import { readArchive, type SectionHeader } from './db/archive.ts';
import {
  copyIn,
  digestOf,
  emptyTables,
  RowsDigest,
  setSequences,
  tablesOf,
  type Sequence,
  type Table,
} from './db/dump.ts';
import { loadMigrations, migrate, pending, type Migration } from './db/migrate.ts';
import { ownServer } from './db/open.ts';
import { asTx } from './db/pool.ts';
import { noteRestored } from './records/api.ts';

interface Contents {
  readonly manifest: Manifest;
  readonly sections: readonly SectionHeader[];
}

const textOf = async (data: AsyncIterable<Buffer>): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of data) parts.push(part);
  return Buffer.concat(parts).toString();
};

/** Reads a backup to its end, so that a damaged one is refused before anything is written. */
async function checkWhole(file: string): Promise<Contents> {
  const sections: SectionHeader[] = [];
  let manifest: Manifest | undefined;
  for await (const { header, data } of readArchive(file)) {
    sections.push(header);
    if (header.kind === 'manifest') manifest = JSON.parse(await textOf(data)) as Manifest;
    else for await (const _part of data);
  }
  if (manifest?.format !== 1) throw new Error(`${file} is no backup that this version knows`);
  return { manifest, sections };
}

/** Only these paths are written: a forged backup must not put files elsewhere. */
function checkPaths(sections: readonly SectionHeader[]): void {
  const strange = sections.find(({ kind, name }) =>
    kind === 'file' ? !KEPT_FILES.includes(name) : kind === 'history' && name !== HISTORY_FILE,
  );
  if (strange !== undefined) throw new Error(`the backup holds a file that does not belong there: ${strange.name}`);
}

/** What a restore makes in a data directory. */
const madeIn = ({ databaseUrl }: Config): string[] => [
  HEADS_DIR,
  'history',
  ...KEPT_FILES,
  ...(databaseUrl === undefined ? ['postgres'] : []),
];

/** @throws Error when the data directory holds anything of a hub */
function checkEmptyDir(config: Config): void {
  const { dataDir } = config;
  const made = madeIn(config);
  const found = existsSync(dataDir) ? readdirSync(dataDir).filter((name) => made.includes(name)) : [];
  if (found.length > 0)
    throw new Error(`${dataDir} is not empty (${found.join(', ')}): restore into an empty FENGSUI_DATA`);
}

async function checkEmptyDatabase(client: Client): Promise<void> {
  for (const table of await tablesOf(client)) {
    const { bytes } = await digestOf(client, table);
    // Rows that migrations make are no one's data; a person is.
    if (bytes > 0 && table.name.startsWith('staff.')) {
      throw new Error(`the database is not empty (${table.name} has rows): restore into an empty one`);
    }
  }
}

interface Sums {
  readonly tables: { readonly table: Table; readonly digest: RowsDigest }[];
}

/** Loads every section; the tables in a transaction that the caller commits when all of it is right. */
async function load(file: string, client: Client, dataDir: string): Promise<Sums> {
  const sums: Sums = { tables: [] };
  await client.query('BEGIN');
  // Rows come as they were: nothing is made anew from them.
  await client.query("SET LOCAL fengsui.restoring = 'on'");
  await emptyTables(client, await tablesOf(client));
  for await (const { header, data } of readArchive(file)) {
    if (header.kind === 'table') {
      const table = { name: header.name, columns: header.columns ?? [] };
      const digest = new RowsDigest();
      await copyIn(
        client,
        table,
        tee(data, (part) => digest.add(part)),
      );
      sums.tables.push({ table, digest });
    } else if (header.kind === 'sequences') {
      await setSequences(client, JSON.parse(await textOf(data)) as Sequence[]);
    } else if (header.kind === 'heads') {
      const lines = (await textOf(data)).split('\n').filter((line) => line !== '');
      await makeHeadsLog(join(dataDir, HEADS_DIR)).publish(lines.map((line) => JSON.parse(line) as Head));
    } else if (header.kind === 'file' || header.kind === 'history') {
      const path = join(dataDir, header.name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      await pipeline(Readable.from(data), createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }));
    } else for await (const _part of data);
  }
  return sums;
}

async function* tee(data: AsyncIterable<Buffer>, see: (part: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const part of data) {
    see(part);
    yield part;
  }
}

/** Compares what is there now with what the backup says. @throws Error naming the first difference */
async function checkRestored(client: Client, sums: Sums, manifest: Manifest, dataDir: string): Promise<void> {
  for (const { table, digest } of sums.tables) {
    const now = await digestOf(client, table);
    if (now.text !== digest.text || now.bytes !== digest.bytes)
      throw new Error(`${table.name} is not what was backed up`);
  }
  const heads = await headsInDatabase(asTx(client));
  if (JSON.stringify(heads) !== JSON.stringify(manifest.heads)) throw new Error('the audit heads differ');
  const published = makeHeadsLog(join(dataDir, HEADS_DIR));
  for (const { community } of heads) {
    const { ok, findings } = await verifyChain(asTx(client), published, community);
    if (!ok) throw new Error(`the audit of ${community} does not verify: ${JSON.stringify(findings[0])}`);
  }
}

/**
 * Restores a backup into an empty data directory and, with DATABASE_URL, an empty database.
 * @throws DamagedArchive, DivergedHistory (the backup is of a newer version); Error naming what is in the way
 */
export async function restore(config: Config, file: string, log: Logger): Promise<Manifest> {
  const { dataDir, databaseUrl } = config;
  const { manifest, sections } = await checkWhole(file);
  checkPaths(sections);
  checkEmptyDir(config);
  const ours = await loadMigrations();
  const later: readonly Migration[] = pending(ours, manifest.migrations);
  const upTo = ours.slice(0, ours.length - later.length);
  const server = await ownServer({ dataDir, log, ...(databaseUrl === undefined ? {} : { databaseUrl }) });
  let whole = false;
  try {
    await fill(server.connection, { file, manifest, upTo, ours }, config, log);
    whole = true;
  } finally {
    await server.stop();
    // None of it was there before (checkEmptyDir).
    if (!whole) for (const name of madeIn(config)) rmSync(join(dataDir, name), { recursive: true, force: true });
  }
  return manifest;
}

interface Plan {
  readonly file: string;
  readonly manifest: Manifest;
  /** Migrations that the backup knows, and all that we know. */
  readonly upTo: readonly Migration[];
  readonly ours: readonly Migration[];
}

async function fill(connection: ClientConfig, plan: Plan, { dataDir }: Config, log: Logger): Promise<void> {
  const client = new Client({ ...connection, application_name: 'fengsui-restore' });
  // Heard by the statement that it breaks; without a listener it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await checkEmptyDatabase(client);
    // To the state that the backup is of; its rows first, then what this version changes about them.
    await migrate(connection, plan.upTo, log);
    await client.query(PLAIN_FORMATS);
    const sums = await load(plan.file, client, dataDir);
    await checkRestored(client, sums, plan.manifest, dataDir);
    await client.query('COMMIT');
    await migrate(connection, plan.ours, log);
    await noteRestored(asTx(client), Date.parse(plan.manifest.madeAt));
    await client.query('ANALYZE');
  } finally {
    await client.end();
  }
}

const HELP = `npm run restore -- FILE

Puts a backup into an empty FENGSUI_DATA (and an empty database, with DATABASE_URL), checks it before and after, and
brings it to this version. Everyone has to sign in again. Settings as for npm run hub.`;

async function main(): Promise<void> {
  const file = process.argv[2];
  if (file === undefined || file === '--help') {
    console.log(HELP);
    process.exit(file === undefined ? 1 : 0);
  }
  const config = readConfig(process.env);
  const { madeAt, heads } = await restore(config, resolve(file), pino({ level: 'warn' }, pino.destination(2)));
  console.log(JSON.stringify({ restored: resolve(file), into: config.dataDir, madeAt, heads }));
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  });
}
