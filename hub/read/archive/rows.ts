// The rows of a chapter from the hub's own records: counted, searched, page by page, newest first.
import type { Tx } from '../../db/tx.ts';
import { screenKeysSaying } from '../../messages/text.ts';
import type { Source } from './sources.ts';

export interface SourceRow {
  readonly id: string;
  readonly link: string;
  readonly at: Date;
  readonly building: string | null;
  readonly floor: number | null;
  readonly place: string | null;
  readonly files: readonly string[];
  readonly cells: readonly unknown[];
}

const CURSOR = /^(-?\d{1,17})~(.{1,200})$/s;
const likeOf = (text: string): string => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;

/** Codes of a source whose words, in either language, hold the text. */
function codesOf(source: Source, text: string): string[] {
  return source.columns.flatMap(({ as }) => {
    if (typeof as !== 'object') return [];
    return screenKeysSaying(as.codes, text).map((key) => key.slice(as.codes.length));
  });
}

export interface RowSearch {
  readonly community: string;
  readonly text?: string | undefined;
  /** Buildings whose name holds the text. */
  readonly buildings?: readonly string[] | undefined;
}

/** @returns undefined when the cursor is not one of ours */
export async function rowsOf(
  tx: Tx,
  source: Source,
  { community, text, buildings = [] }: RowSearch,
  cursor: string | undefined,
  limit: number,
): Promise<{ readonly rows: readonly SourceRow[]; readonly next: string | null } | undefined> {
  const after = cursor === undefined ? null : CURSOR.exec(cursor);
  if (cursor !== undefined && after === null) return undefined;
  const rows = await tx.query<SourceRow & { readonly micros: string }>(
    `select s.id, s.link, s.at, s.building, s.floor, s.place, s.files, s.cells,
       (extract(epoch from s.at) * 1000000)::bigint as micros
     from (${source.sql}) s
     where ($2::text is null or s.place ilike $2 or s.building = any ($4::text[])
         or exists (select 1 from jsonb_array_elements_text(s.cells) v where v ilike $2 or v = any ($3::text[])))
       and ($5::bigint is null or ((extract(epoch from s.at) * 1000000)::bigint, s.id) < ($5::bigint, $6::text))
     order by (extract(epoch from s.at) * 1000000)::bigint desc, s.id desc limit $7`,
    [
      community,
      text === undefined ? null : likeOf(text),
      text === undefined ? [] : codesOf(source, text),
      buildings,
      after?.[1] ?? null,
      after?.[2] ?? null,
      limit + 1,
    ],
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, next: rows.length > limit && last ? `${last.micros}~${last.id}` : null };
}

export interface SourceCount {
  readonly n: number;
  readonly latest: Date | null;
}
export const countRows = (tx: Tx, source: Source, community: string): Promise<SourceCount> =>
  tx.one<SourceCount>(`select count(*)::integer as n, max(s.at) as latest from (${source.sql}) s`, [community]);
