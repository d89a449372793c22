// The archive put together: each chapter with what it holds and what it lacks, its rows in words.
import {
  countDocuments,
  documentsOf,
  documentView,
  searchDocuments,
  type Chapter,
  type DocumentCount,
} from '../../archive/api.ts';
import type { Tx } from '../../db/tx.ts';
import { isMessage, screenText, textOf } from '../../messages/text.ts';
import { localTime } from '../../print/api.ts';
import type { PlaceWords } from '../../property/api.ts';
import type { ArchiveFound, ArchiveRow, ChapterHead, ChapterPage } from './contract.ts';
import { ARCHIVE_READ_LIMITS } from './limits.ts';
import { countRows, rowsOf, type SourceCount, type SourceRow } from './rows.ts';
import { SOURCES, type Column, type Source } from './sources.ts';

export interface ArchiveContext {
  readonly community: string;
  readonly chapters: readonly Chapter[];
  readonly language: 'zh' | 'en';
  readonly timeZone: string;
  readonly where: PlaceWords;
  /** Buildings by id and name. */
  readonly buildings: readonly { readonly id: string; readonly name: { readonly zh: string; readonly en: string } }[];
  /** YYYY-MM-DD as the site's calendar shows it. */
  readonly today: string;
  /** Who asks is of the staff, not of the committee. */
  readonly staff: boolean;
}

/** What is missing of a chapter. Pure. */
export function lacksOf(
  needs: Chapter['needs'],
  records: number,
  documents: Pick<DocumentCount, 'valid' | 'expired'>,
): ChapterHead['lacks'] {
  const none: ChapterHead['lacks'] = [];
  const papers: ChapterHead['lacks'] = documents.valid > 0 ? none : documents.expired > 0 ? ['expired'] : ['documents'];
  const rows: ChapterHead['lacks'] = records > 0 ? none : ['records'];
  switch (needs) {
    case 'documents':
      return papers;
    case 'records':
      return rows;
    case 'both':
      return [...rows, ...papers];
    case 'either':
      return rows.length === 0 || papers.length === 0 ? none : [...rows, ...papers];
    case 'none':
      return none;
  }
}

function headOf(chapter: Chapter, count: SourceCount | undefined, papers: DocumentCount | undefined): ChapterHead {
  const { valid = 0, expired = 0, all = 0 } = papers ?? {};
  const lacks = lacksOf(chapter.needs, count?.n ?? 0, { valid, expired });
  const empty = (count?.n ?? 0) === 0 && all === 0;
  return {
    id: chapter.id,
    part: chapter.part,
    name: { zh: chapter.zh, en: chapter.en },
    state: lacks.length > 0 ? 'missing' : empty ? 'empty' : 'ok',
    lacks,
    ...(count === undefined ? {} : { records: count.n }),
    ...(count?.latest ? { latest: count.latest.toISOString() } : {}),
    documents: valid,
    editions: all,
  };
}

/** Every chapter in the order of the rule. */
export async function chapterHeads(tx: Tx, c: ArchiveContext): Promise<ChapterHead[]> {
  const papers = new Map((await countDocuments(tx, c.community, c.today)).map((d) => [d.chapter, d]));
  const heads: ChapterHead[] = [];
  for (const chapter of c.chapters) {
    const source = SOURCES[chapter.id];
    const count = source && (await countRows(tx, source, c.community));
    heads.push(headOf(chapter, count, papers.get(chapter.id)));
  }
  return heads;
}

const inWords = (prefix: string, code: string, language: 'zh' | 'en'): string => {
  const key = prefix + code;
  if (!prefix.startsWith('ui.')) return isMessage(key) ? textOf(key)[language] : code;
  const said = screenText(key, language);
  return said === key ? code : said;
};

/** One cell in words; a code that the catalogue does not know is shown as it is. */
function cellText({ as = 'text', staffOnly }: Column, value: unknown, c: ArchiveContext): string {
  if (value === null || value === undefined || value === '') return '';
  if (staffOnly && !c.staff) return '—';
  if (as === 'words' && typeof value === 'object' && 'zh' in value && 'en' in value)
    return String(c.language === 'zh' ? value.zh : value.en);
  if (as === 'time') return localTime(Date.parse(String(value)), c.timeZone).slice(0, 16);
  return typeof as === 'object' ? inWords(as.codes, String(value), c.language) : String(value);
}

export const columnTitles = (source: Source, language: 'zh' | 'en'): string[] => [
  ...(source.placed ? [textOf('archive.column.place')[language]] : []),
  ...source.columns.map((one) => textOf(`archive.column.${one.key}`)[language]),
];
export const columnShares = (source: Source): number[] => [
  ...(source.placed ? [2.4] : []),
  ...source.columns.map((one) => one.share),
];

export function archiveRow(source: Source, row: SourceRow, c: ArchiveContext): ArchiveRow {
  const where = [c.where(row.building ?? undefined, row.floor ?? undefined), row.place].filter(Boolean).join(' ');
  return {
    id: row.id,
    ...(source.link === undefined ? {} : { link: source.link + row.link.split('/').map(encodeURIComponent).join('/') }),
    files: [...row.files],
    cells: [...(source.placed ? [where] : []), ...source.columns.map((column, i) => cellText(column, row.cells[i], c))],
  };
}

const buildingsSaying = (c: ArchiveContext, text: string): string[] =>
  c.buildings
    .filter(({ name }) => `${name.zh}\n${name.en}`.toLowerCase().includes(text.toLowerCase()))
    .map((b) => b.id);

/** One chapter: a page of its rows, all of its documents. Undefined: there is none, or the cursor is not ours. */
export async function chapterPage(
  tx: Tx,
  c: ArchiveContext,
  id: string,
  page: { readonly text: string | undefined; readonly cursor: string | undefined; readonly limit: number },
): Promise<Omit<ChapterPage, 'mayKeep'> | undefined> {
  const chapter = c.chapters.find((one) => one.id === id);
  if (!chapter) return undefined;
  const source = SOURCES[id];
  const { text } = page;
  const search = { community: c.community, text, buildings: text === undefined ? [] : buildingsSaying(c, text) };
  const found = source ? await rowsOf(tx, source, search, page.cursor, page.limit) : { rows: [], next: null };
  if (!found) return undefined;
  const papers = (await countDocuments(tx, c.community, c.today)).find((d) => d.chapter === id);
  const documents = await documentsOf(tx, c.community, id);
  return {
    chapter: headOf(chapter, source && (await countRows(tx, source, c.community)), papers),
    kinds: chapter.kinds.map((k) => ({ id: k.id, zh: k.zh, en: k.en })),
    columns: source ? columnTitles(source, c.language) : [],
    items: source ? found.rows.map((row) => archiveRow(source, row, c)) : [],
    next: found.next,
    documents: documents.map((d) => documentView(d, c.chapters, c.today)),
  };
}

/** What says a text anywhere in the archive: documents, and of each chapter its newest rows. */
export async function searchArchive(tx: Tx, c: ArchiveContext, text: string): Promise<ArchiveFound> {
  const wanted = text.toLowerCase();
  const kinds = c.chapters.flatMap((chapter) =>
    chapter.kinds.filter((k) => `${k.zh}\n${k.en}`.toLowerCase().includes(wanted)).map((k) => `${chapter.id}/${k.id}`),
  );
  const documents = await searchDocuments(tx, c.community, text, kinds, ARCHIVE_READ_LIMITS.foundMax);
  const search = { community: c.community, text, buildings: buildingsSaying(c, text) };
  const chapters: ArchiveFound['chapters'] = [];
  for (const chapter of c.chapters) {
    const source = SOURCES[chapter.id];
    // What the committee may not read it may not find by either.
    if (!source || (!c.staff && source.columns.some((one) => one.staffOnly))) continue;
    const found = await rowsOf(tx, source, search, undefined, ARCHIVE_READ_LIMITS.foundPerChapter);
    if (!found || found.rows.length === 0) continue;
    chapters.push({
      id: chapter.id,
      name: { zh: chapter.zh, en: chapter.en },
      columns: columnTitles(source, c.language),
      items: found.rows.map((row) => archiveRow(source, row, c)),
      more: found.next !== null,
    });
  }
  return { documents: documents.map((d) => documentView(d, c.chapters, c.today)), chapters };
}
