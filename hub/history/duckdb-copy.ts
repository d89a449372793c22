// Copies the embedded history store into a new file, for backups: all of one moment, beside appends and queries.
import { existsSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** @throws Error when the file exists, or the disk refuses */
export async function copyStore(connection: DuckDBConnection, file: string): Promise<void> {
  if (existsSync(file)) throw new Error(`${file} exists already`);
  const current = await connection.runAndReadAll('SELECT current_database()');
  const name = String(current.getRowsJS()[0]?.[0] ?? '').replaceAll('"', '""');
  await connection.run(`ATTACH ${quoted(file)} AS fengsui_backup`);
  try {
    await connection.run(`COPY FROM DATABASE "${name}" TO fengsui_backup`);
    await connection.run('CHECKPOINT fengsui_backup');
  } finally {
    await connection.run('DETACH fengsui_backup');
  }
}
