// The SQL of files.
import type { Tx } from '../db/tx.ts';

export interface StoredFile {
  readonly sha256: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** Stores a file of a community; one that is there already is left as it is. Answers whether it is new. */
export async function putFile(
  tx: Tx,
  file: StoredFile & { readonly community: string; readonly by: string },
  now: number,
): Promise<boolean> {
  const stored = await tx.run(
    `INSERT INTO files.file (community, sha256, media_type, size, bytes, stored_by, stored_at)
     VALUES ($1, $2, $3, $4, $5, $6, to_timestamp($7::float8 / 1000)) ON CONFLICT DO NOTHING`,
    [file.community, file.sha256, file.type, file.bytes.length, file.bytes, file.by, now],
  );
  return stored === 1;
}

export async function getFile(tx: Tx, community: string, sha256: string): Promise<StoredFile | undefined> {
  return tx.maybe<StoredFile>(
    'SELECT sha256, media_type AS type, bytes FROM files.file WHERE community = $1 AND sha256 = $2',
    [community, sha256],
  );
}

/** The media type of a file that the community has. */
export async function fileType(tx: Tx, community: string, sha256: string): Promise<string | undefined> {
  const row = await tx.maybe<{ type: string }>(
    'SELECT media_type AS type FROM files.file WHERE community = $1 AND sha256 = $2',
    [community, sha256],
  );
  return row?.type;
}

/** Which of these files the community lacks. */
export async function missingFiles(tx: Tx, community: string, hashes: readonly string[]): Promise<string[]> {
  const rows = await tx.query<{ sha256: string }>(
    `SELECT h AS sha256 FROM unnest($2::text[]) h
     WHERE NOT EXISTS (SELECT 1 FROM files.file f WHERE f.community = $1 AND f.sha256 = h)`,
    [community, hashes],
  );
  return rows.map((r) => r.sha256);
}
