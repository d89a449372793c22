// The SQL of documents in the archive.
import type { Tx } from '../db/tx.ts';
import type { DOCUMENT_STATES, NewDocument } from './contract.ts';
import { ARCHIVE_LIMITS } from './norms.ts';

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;

export interface DocumentRow {
  readonly id: string;
  readonly n: string;
  readonly chapter: string;
  readonly kind: string;
  readonly title: string;
  readonly edition: string;
  /** YYYY-MM-DD */
  readonly valid_from: string;
  readonly valid_until: string | null;
  readonly note: string;
  readonly files: readonly { readonly title: string; readonly file: string }[];
  readonly replaces: string | null;
  readonly state: (typeof DOCUMENT_STATES)[number];
  readonly entered_at: Date;
  readonly entered_by_name: string;
  readonly ended_at: Date | null;
  readonly ended_by_name: string | null;
  readonly reason: string;
}
const DOCUMENT = `select id, n, chapter, kind, title, edition, valid_from::text, valid_until::text, note, files, replaces, state,
  entered_at, entered_by_name, ended_at, ended_by_name, reason from archive.document`;

export const findDocument = (tx: Tx, community: string, id: string): Promise<DocumentRow | undefined> =>
  tx.maybe<DocumentRow>(`${DOCUMENT} where id = $1 and community = $2`, [id, community]);

/** Locked until the transaction ends. */
export const lockDocument = (tx: Tx, community: string, id: string): Promise<DocumentRow | undefined> =>
  tx.maybe<DocumentRow>(`${DOCUMENT} where id = $1 and community = $2 for update`, [id, community]);

export async function insertDocument(
  tx: Tx,
  d: NewDocument & {
    readonly community: string;
    readonly by: { readonly id: string; readonly name: string };
    readonly now: number;
  },
): Promise<string> {
  const { id } = await tx.one<{ id: string }>(
    `insert into archive.document (community, chapter, kind, title, edition, valid_from, valid_until, note, files, replaces,
       state, entered_at, entered_by, entered_by_name)
     values ($1, $2, $3, $4, $5, $6::date, $7::date, $8, $9::jsonb, $10, 'valid', ${at(11)}, $12, $13) returning id`,
    [
      d.community,
      d.chapter,
      d.kind,
      d.title.trim(),
      d.edition.trim(),
      d.validFrom,
      d.validUntil ?? null,
      d.note?.trim() ?? '',
      JSON.stringify(d.files.map(({ title, file }) => ({ title: title.trim(), file }))),
      d.replaces ?? null,
      d.now,
      d.by.id,
      d.by.name,
    ],
  );
  return id;
}

export const endDocument = (
  tx: Tx,
  id: string,
  e: { readonly state: 'replaced' | 'withdrawn'; readonly reason: string; readonly by: string; readonly now: number },
): Promise<number> =>
  tx.run(`update archive.document set state = $2, ended_at = ${at(3)}, ended_by_name = $4, reason = $5 where id = $1`, [
    id,
    e.state,
    e.now,
    e.by,
    e.reason,
  ]);

/** Documents of a chapter, those that hold first, each newest first. */
export const documentsOf = (tx: Tx, community: string, chapter: string): Promise<DocumentRow[]> =>
  tx.query<DocumentRow>(
    `${DOCUMENT} where community = $1 and chapter = $2 order by (state = 'valid') desc, kind, n desc limit $3`,
    [community, chapter, ARCHIVE_LIMITS.chapterDocumentsMax],
  );

export interface DocumentCount {
  readonly chapter: string;
  readonly valid: number;
  readonly expired: number;
  readonly all: number;
}
/** @param today YYYY-MM-DD as the community's calendar shows it */
export const countDocuments = (tx: Tx, community: string, today: string): Promise<DocumentCount[]> =>
  tx.query<DocumentCount>(
    `select chapter, count(*)::integer as all,
       count(*) filter (where state = 'valid' and (valid_until is null or valid_until >= $2::date))::integer as valid,
       count(*) filter (where state = 'valid' and valid_until < $2::date)::integer as expired
     from archive.document where community = $1 group by chapter`,
    [community, today],
  );

const likeOf = (text: string): string => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;

/** Documents that say a text anywhere: title, edition, note, names of their files, or being of one of these kinds. */
export const searchDocuments = (
  tx: Tx,
  community: string,
  text: string,
  kinds: readonly string[],
  limit: number,
): Promise<DocumentRow[]> =>
  tx.query<DocumentRow>(
    `${DOCUMENT} where community = $1 and (title ilike $2 or edition ilike $2 or note ilike $2 or reason ilike $2
       or entered_by_name ilike $2 or (chapter || '/' || kind) = any ($3::text[])
       or exists (select 1 from jsonb_array_elements(files) f where f ->> 'title' ilike $2))
     order by (state = 'valid') desc, n desc limit $4`,
    [community, likeOf(text), kinds, limit],
  );
