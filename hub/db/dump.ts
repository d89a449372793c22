// Tables out of and into PostgreSQL with COPY, for backups: all of one moment out, in the order of foreign keys in.
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { escapeIdentifier, type Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';

export interface Table {
  /** `schema.table` */
  readonly name: string;
  readonly columns: readonly string[];
}

/** Bound to where they ran: the history of migrations is made by migrating, sessions end with a restore. */
const LEFT_OUT = ['platform.migrations', 'staff.session'];

interface TableRow {
  name: string;
  columns: string[];
  needs: string[] | null;
}

const quoted = (name: string): string => name.split('.').map(escapeIdentifier).join('.');

/** Tables of the hub with their columns, those that others refer to first. @throws Error on a circle of foreign keys */
export async function tablesOf(client: Client): Promise<Table[]> {
  const { rows } = await client.query(
    `SELECT n.nspname || '.' || c.relname AS name,
       (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
       (SELECT array_agg(DISTINCT rn.nspname || '.' || rc.relname) FROM pg_constraint f
        JOIN pg_class rc ON rc.oid = f.confrelid JOIN pg_namespace rn ON rn.oid = rc.relnamespace
        WHERE f.contype = 'f' AND f.conrelid = c.oid AND f.confrelid <> c.oid) AS needs
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`,
  );
  return byNeed((rows as TableRow[]).filter((t) => !LEFT_OUT.includes(t.name)));
}

function byNeed(rows: readonly TableRow[]): Table[] {
  const ordered: Table[] = [];
  const waiting = new Map(rows.map((row) => [row.name, row]));
  while (waiting.size > 0) {
    const free = [...waiting.values()].filter((row) => !(row.needs ?? []).some((need) => waiting.has(need)));
    if (free.length === 0) throw new Error(`foreign keys go in a circle: ${[...waiting.keys()].join(', ')}`);
    for (const { name, columns } of free) {
      ordered.push({ name, columns });
      waiting.delete(name);
    }
  }
  return ordered;
}

const target = ({ name, columns }: Table): string => `${quoted(name)} (${columns.map(escapeIdentifier).join(', ')})`;

/** Rows of a table as COPY's text format. */
export const copyOut = (client: Client, table: Table): AsyncIterable<Buffer> =>
  client.query(copyTo(`COPY ${target(table)} TO STDOUT`));

/** Puts rows into a table. */
export async function copyIn(client: Client, table: Table, data: AsyncIterable<Buffer>): Promise<void> {
  await pipeline(Readable.from(data), client.query(copyFrom(`COPY ${target(table)} FROM STDIN`)));
}

const NEWLINE = 0x0a;
const DIGEST_BITS = 256;

/**
 * Digest of a table's rows whatever their order: the sum of each row's SHA-256. A table has no order of its own; where
 * rows of different lengths are put in, PostgreSQL goes back to pages with room left.
 */
export class RowsDigest {
  #sum = 0n;
  #rest: Buffer = Buffer.alloc(0);
  bytes = 0;

  /** Takes the next part of COPY's text format, in which a line feed ends a row and is never part of one. */
  add(part: Buffer): void {
    this.bytes += part.length;
    const data = this.#rest.length === 0 ? part : Buffer.concat([this.#rest, part]);
    let from = 0;
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, from)) {
      this.#row(data.subarray(from, end));
      from = end + 1;
    }
    this.#rest = data.subarray(from);
  }

  /** Hex. */
  get text(): string {
    return this.#sum.toString(16).padStart(DIGEST_BITS / 4, '0');
  }

  #row(row: Buffer): void {
    const hash = createHash('sha256').update(row).digest('hex');
    this.#sum = BigInt.asUintN(DIGEST_BITS, this.#sum + BigInt(`0x${hash}`));
  }
}

/** Digest and size of what a table holds, as `copyOut` gives it. */
export async function digestOf(client: Client, table: Table): Promise<RowsDigest> {
  const digest = new RowsDigest();
  for await (const part of copyOut(client, table)) digest.add(part);
  return digest;
}

export interface Sequence {
  readonly name: string;
  readonly last: string;
  readonly called: boolean;
}

export async function sequencesOf(client: Client): Promise<Sequence[]> {
  const { rows } = await client.query(
    `SELECT schemaname || '.' || sequencename AS name FROM pg_sequences
     WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema' ORDER BY 1`,
  );
  const sequences: Sequence[] = [];
  for (const { name } of rows as { name: string }[]) {
    const found = await client.query(`SELECT last_value::text AS last, is_called AS called FROM ${quoted(name)}`);
    sequences.push({ name, ...(found.rows[0] as Omit<Sequence, 'name'>) });
  }
  return sequences;
}

export async function setSequences(client: Client, sequences: readonly Sequence[]): Promise<void> {
  for (const { name, last, called } of sequences) {
    await client.query('SELECT setval($1::regclass, $2::bigint, $3)', [quoted(name), last, called]);
  }
}

/** Empties tables that a migration has filled, so that nothing is there twice. */
export async function emptyTables(client: Client, tables: readonly Table[]): Promise<void> {
  for (const table of tables.toReversed()) {
    const { rows } = await client.query(`SELECT EXISTS (SELECT 1 FROM ${quoted(table.name)}) AS filled`);
    if ((rows[0] as { filled: boolean }).filled) await client.query(`DELETE FROM ${quoted(table.name)}`);
  }
}
