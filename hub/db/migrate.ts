// Brings a database to this version's schema: numbered migrations, forward only, each in its own transaction. A
// database whose history differs from ours is refused.
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { Client, type ClientConfig } from 'pg';
import type { Logger } from 'pino';
import { READ_ROLE } from './pool.ts';

export interface Migration {
  /** File name without its ending, e.g. `0001-platform`. */
  readonly name: string;
  readonly sql: string;
}

/** The database was made or changed by something other than this version or an earlier one. */
export class DivergedHistory extends Error {
  override name = 'DivergedHistory';
}

/** One hub at a time migrates; the others wait. */
const MIGRATION_LOCK = 7_365_101;
const FILE = /^(\d{4})-[a-z0-9-]+\.ts$/;

const checksum = (sql: string): string => createHash('sha256').update(sql).digest('hex');

const OURS = fileURLToPath(new URL('./migrations/', import.meta.url));
/** Written so that whoever makes one file of many sees which are meant. */
const ourMigration = (name: string): Promise<unknown> => import(`./migrations/${name}.ts`);

/** Loads every `NNNN-name.ts` of a directory, in order. @throws Error on a bad name, a number used twice, or no `sql` */
export async function loadMigrations(dir = OURS): Promise<Migration[]> {
  const files = readdirSync(dir)
    .filter((file) => !file.startsWith('.'))
    .toSorted();
  const migrations: Migration[] = [];
  const numbers = new Map<string, string>();
  for (const file of files) {
    const number = FILE.exec(file)?.[1];
    if (number === undefined) throw new Error(`migration ${file}: expected a name such as 0001-what-it-makes.ts`);
    const other = numbers.get(number);
    if (other !== undefined) throw new Error(`migrations ${other} and ${file} have the same number`);
    numbers.set(number, file);
    const name = file.replace(/\.ts$/, '');
    const module = (dir === OURS ? await ourMigration(name) : await import(join(dir, file))) as { sql?: unknown };
    if (typeof module.sql !== 'string') throw new Error(`migration ${file}: expected \`export const sql\``);
    migrations.push({ name, sql: module.sql });
  }
  return migrations;
}

/** Which migrations are still to run. @throws DivergedHistory naming the first difference */
export function pending(
  ours: readonly Migration[],
  applied: readonly { name: string; checksum: string }[],
): readonly Migration[] {
  applied.forEach((row, i) => {
    const mine = ours[i];
    if (mine === undefined || mine.name > row.name) {
      throw new DivergedHistory(`the database has migration ${row.name}, which this version does not know`);
    }
    if (mine.name < row.name) {
      throw new DivergedHistory(`the database has ${row.name} but not ${mine.name}, which comes before it`);
    }
    if (checksum(mine.sql) !== row.checksum) {
      throw new DivergedHistory(`migration ${row.name} was applied to the database with another content`);
    }
  });
  return ours.slice(applied.length);
}

const HISTORY = `
CREATE SCHEMA IF NOT EXISTS platform;
CREATE TABLE IF NOT EXISTS platform.migrations (
  name text PRIMARY KEY,
  checksum text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
)`;

/** What was applied to a database, in order. @throws when it is none of ours */
export async function appliedMigrations(client: Client): Promise<{ name: string; checksum: string }[]> {
  const { rows } = await client.query('SELECT name, checksum FROM platform.migrations ORDER BY name');
  return rows as { name: string; checksum: string }[];
}

async function apply(client: Client, migration: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(migration.sql);
    await client.query('INSERT INTO platform.migrations (name, checksum) VALUES ($1, $2)', [
      migration.name,
      checksum(migration.sql),
    ]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw new Error(`migration ${migration.name} failed`, { cause: error });
  }
}

/** Roles belong to the whole server, so another database's hub may be making the same one. */
const ALREADY_THERE = ['42710', '23505', 'XX000'];
const MAY_NOT = '42501';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/**
 * Makes the read role and lets it see every table but those whose comment begins with `secret`.
 * @returns false when the user of the database may not make roles
 */
async function grantReads(client: Client): Promise<boolean> {
  const found = await client.query(
    `SELECT pg_has_role(current_user, oid, 'MEMBER') AS member FROM pg_roles WHERE rolname = $1`,
    [READ_ROLE],
  );
  const row = found.rows[0] as { member: boolean } | undefined;
  try {
    if (row === undefined) await client.query(`CREATE ROLE ${READ_ROLE} NOLOGIN`);
    if (row?.member !== true) await client.query(`GRANT ${READ_ROLE} TO CURRENT_USER`);
  } catch (error) {
    if (codeOf(error) === MAY_NOT) return false;
    if (!ALREADY_THERE.includes(codeOf(error))) throw error;
  }
  await client.query(`
    DO $$
    DECLARE item record;
    BEGIN
      FOR item IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO ${READ_ROLE}', item.nspname);
      END LOOP;
      FOR item IN
        SELECT c.oid::regclass AS name, coalesce(obj_description(c.oid, 'pg_class'), '') LIKE 'secret%' AS secret
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      LOOP
        IF item.secret THEN
          EXECUTE format('REVOKE ALL ON %s FROM ${READ_ROLE}', item.name);
        ELSE
          EXECUTE format('GRANT SELECT ON %s TO ${READ_ROLE}', item.name);
        END IF;
      END LOOP;
    END $$`);
  return true;
}

export interface Migrated {
  readonly applied: readonly string[];
  /** Name of the newest migration. */
  readonly version: string;
  readonly readRole: boolean;
}

/** Applies what is missing. @throws DivergedHistory; Error naming the migration that failed */
export async function migrate(
  connection: ClientConfig,
  migrations: readonly Migration[],
  log: Logger,
): Promise<Migrated> {
  const client = new Client({ ...connection, application_name: 'fengsui-migrate' });
  client.on('error', (error) => log.warn({ err: error }, 'the connection broke while migrating'));
  await client.connect();
  try {
    await client.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    await client.query(HISTORY);
    const missing = pending(migrations, await appliedMigrations(client));
    for (const migration of missing) {
      await apply(client, migration);
      log.info({ migration: migration.name }, 'migrated');
    }
    const readRole = await grantReads(client);
    if (!readRole) log.warn('the database user may not make roles: reads run without a role of their own');
    return { applied: missing.map((m) => m.name), version: migrations.at(-1)?.name ?? '', readRole };
  } finally {
    await client.end();
  }
}
