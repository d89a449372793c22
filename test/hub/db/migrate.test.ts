// Migrations: order, one history, and refusal of a database whose history is another.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DivergedHistory, loadMigrations, migrate, pending } from '../../../hub/db/migrate.ts';
import { freshDatabase, silentLog } from '../../helpers/database.ts';
import { tempDir } from '../../helpers/temp.ts';

const one = { name: '0001-one', sql: 'CREATE TABLE public.one (id int)' };
const two = { name: '0002-two', sql: 'CREATE TABLE public.two (id int)' };
const three = { name: '0003-three', sql: 'CREATE TABLE public.three (id int)' };
const run = async (connection: object, ...migrations: { name: string; sql: string }[]) =>
  (await migrate(connection, migrations, silentLog)).applied;

describe('migrating', () => {
  test('applies what is missing, once, and is a no-op after that', async () => {
    const { connection, db } = await freshDatabase({ empty: true });
    expect(await run(connection, one, two)).toEqual(['0001-one', '0002-two']);
    expect(await run(connection, one, two, three)).toEqual(['0003-three']);
    expect(await run(connection, one, two, three)).toEqual([]);
    const tables = await db.transaction((tx) =>
      tx.query(`SELECT relname FROM pg_class WHERE relname IN ('one', 'two', 'three') ORDER BY relname`),
    );
    expect(tables).toHaveLength(3);
  });

  test('two hubs that start at once migrate once', async () => {
    const { connection } = await freshDatabase({ empty: true });
    const both = await Promise.all([run(connection, one, two), run(connection, one, two)]);
    expect(both.flat().toSorted()).toEqual(['0001-one', '0002-two']);
  });

  test('a failing migration leaves nothing of itself and names itself', async () => {
    const { connection, db } = await freshDatabase({ empty: true });
    const bad = { name: '0002-bad', sql: 'CREATE TABLE public.half (id int); SELECT * FROM nowhere' };
    await expect(run(connection, one, bad)).rejects.toThrow('migration 0002-bad failed');
    expect(await db.transaction((tx) => tx.one(`SELECT to_regclass('public.half') AS half`))).toEqual({ half: null });
    expect(await run(connection, one, two)).toEqual(['0002-two']);
  });

  test('a database of a newer version, of changed content or of a gap is refused by name', async () => {
    const { connection } = await freshDatabase({ empty: true });
    await run(connection, one, three);
    await expect(run(connection, one)).rejects.toThrow(
      new DivergedHistory('the database has migration 0003-three, which this version does not know'),
    );
    await expect(run(connection, one, two, three)).rejects.toThrow(
      new DivergedHistory('the database has 0003-three but not 0002-two, which comes before it'),
    );
    await expect(run(connection, { ...one, sql: 'SELECT 1' }, three)).rejects.toThrow(
      new DivergedHistory('migration 0001-one was applied to the database with another content'),
    );
  });

  test('reads see new tables but none that is marked secret', async () => {
    const { connection, db } = await freshDatabase({ empty: true });
    const secret = {
      name: '0002-secret',
      sql: `CREATE TABLE public.secret (id int); COMMENT ON TABLE public.secret IS 'secret: passwords'`,
    };
    expect((await migrate(connection, [one, secret], silentLog)).readRole).toBe(true);
    const may = await db.transaction((tx) =>
      tx.one(`SELECT has_table_privilege('fengsui_read', 'public.one', 'SELECT') AS one,
                     has_table_privilege('fengsui_read', 'public.secret', 'SELECT') AS secret`),
    );
    expect(may).toEqual({ one: true, secret: false });
  });
});

test('what is pending is what ours has beyond the applied', () => {
  expect(pending([one, two], [])).toEqual([one, two]);
});

describe('loading', () => {
  const dir = (files: Record<string, string>): string => {
    const path = join(tempDir('migrations'), 'all');
    mkdirSync(path);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
    return path;
  };

  test('names in order, with their SQL', async () => {
    const path = dir({ '0002-b.ts': `export const sql = 'B';`, '0001-a.ts': `export const sql = 'A';` });
    expect(await loadMigrations(path)).toEqual([
      { name: '0001-a', sql: 'A' },
      { name: '0002-b', sql: 'B' },
    ]);
  });

  test('a bad name, a number used twice and a file without SQL are refused by name', async () => {
    await expect(loadMigrations(dir({ '1-a.ts': '' }))).rejects.toThrow('migration 1-a.ts: expected a name such as');
    const twice = dir({ '0001-a.ts': `export const sql = '';`, '0001-b.ts': `export const sql = '';` });
    await expect(loadMigrations(twice)).rejects.toThrow('migrations 0001-a.ts and 0001-b.ts have the same number');
    await expect(loadMigrations(dir({ '0003-a.ts': `export const x = 1;` }))).rejects.toThrow(
      'expected `export const sql`',
    );
  });

  test("this version's migrations all load", async () => {
    expect((await loadMigrations()).length).toBeGreaterThan(0);
  });
});
