// Tables out of and into a real PostgreSQL: what was copied is known again, whatever the order of its rows.
import { Readable } from 'node:stream';
import { Client } from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { copyIn, copyOut, digestOf, RowsDigest, type Table } from '../../../hub/db/dump.ts';
import { freshDatabase } from '../../helpers/database.ts';
import { onCleanup } from '../../helpers/cleanup.ts';

const ROWS = 3_000;
const TABLE: Table = { name: 'public.rows', columns: ['id', 'text'] };
let client: Client;

beforeAll(async () => {
  client = new Client((await freshDatabase({ empty: true })).connection);
  await client.connect();
  onCleanup(() => client.end());
  await client.query(`CREATE TABLE ${TABLE.name} (id integer, text text)`);
});

/** Rows of lengths that leave pages with room for a shorter one. */
const ROWS_OF_MANY_LENGTHS = Array.from({ length: ROWS }, (_, k) => `${k}\t${'x'.repeat((k * 7919) % 900)}\\n`);

async function textOf(table: Table): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of copyOut(client, table)) parts.push(part);
  return Buffer.concat(parts).toString();
}

test('a table that was copied in has the digest of what was put in, though its rows lie in another order', async () => {
  const text = `${ROWS_OF_MANY_LENGTHS.join('\n')}\n`;
  const given = new RowsDigest();
  given.add(Buffer.from(text));
  await copyIn(client, TABLE, Readable.from([Buffer.from(text)]));
  expect((await textOf(TABLE)) === text).toBe(false);
  const found = await digestOf(client, TABLE);
  expect(found.text).toBe(given.text);
  expect(found.bytes).toBe(given.bytes);
  await client.query(`UPDATE ${TABLE.name} SET text = 'other' WHERE id = 7`);
  expect((await digestOf(client, TABLE)).text).not.toBe(given.text);
});

test('a digest does not depend on where the parts were cut', () => {
  const rows = Buffer.from('1\tone\n2\ttwo\n3\tthree\n');
  const whole = new RowsDigest();
  whole.add(rows);
  const bytewise = new RowsDigest();
  for (const byte of rows) bytewise.add(Buffer.from([byte]));
  expect(bytewise.text).toBe(whole.text);
  const twice = new RowsDigest();
  twice.add(Buffer.concat([rows, Buffer.from('1\tone\n')]));
  expect(twice.text).not.toBe(whole.text);
});
