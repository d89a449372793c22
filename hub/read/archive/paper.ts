// The archive on paper, as a stream of blocks: contents, what is missing, each chapter with its documents and rows. Drawings and
// scans are printed; PDFs travel inside as attachments.
import { documentsOf, documentView } from '../../archive/api.ts';
import type { DocumentView } from '../../archive/contract.ts';
import type { Db } from '../../db/tx.ts';
import { getFile } from '../../files/api.ts';
import { textOf } from '../../messages/text.ts';
import { localTime, type Block } from '../../print/api.ts';
import { archiveRow, columnShares, columnTitles, type ArchiveContext } from './chapters.ts';
import type { ChapterHead } from './contract.ts';
import { ARCHIVE_READ_LIMITS } from './limits.ts';
import { rowsOf } from './rows.ts';
import { SOURCES } from './sources.ts';

const PICTURES = ['image/jpeg', 'image/png', 'image/svg+xml'];
const ENDINGS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'image/svg+xml': 'svg',
  'image/webp': 'webp',
  'image/jpeg': 'jpg',
  'image/png': 'png',
};

interface Paper extends ArchiveContext {
  readonly db: Db;
  /** Bytes that may still travel along. */
  budget: number;
  readonly sent: Set<string>;
}

const say =
  ({ language }: ArchiveContext) =>
  (key: string, args: Readonly<Record<string, string | number>> = {}): string =>
    textOf(key, args)[language];

const PART_NUMBERS = { zh: { basic: '一', management: '二' }, en: { basic: '1', management: '2' } } as const;
const partTitle = (c: ArchiveContext, part: ChapterHead['part']): string =>
  say(c)(`archive.part.${part}`, { n: PART_NUMBERS[c.language][part] });
const chapterTitle = (c: ArchiveContext, heads: readonly ChapterHead[], head: ChapterHead): string => {
  const of = heads.filter((one) => one.part === head.part);
  const missing = head.state === 'missing' ? ` ${say(c)('archive.missing.mark')}` : '';
  return `${head.part === 'basic' ? 1 : 2}.${of.indexOf(head) + 1} ${head.name[c.language]}${missing}`;
};

/** A file inside the PDF, in pieces, so that none of them holds anything up; a picture also as a picture. */
async function* fileBlocks(c: Paper, title: string, hash: string): AsyncGenerator<Block> {
  const t = say(c);
  const name = `${title} SHA-256 ${hash.slice(0, 16)}…`;
  // Contents of files are kept from the read-only role.
  const file = await c.db.transaction((tx) => getFile(tx, c.community, hash));
  if (!file) return yield { block: 'text', text: `${name} ${t('print.photo.elsewhere')}`, quiet: true };
  const picture = PICTURES.includes(file.type);
  const fits = file.bytes.length <= c.budget;
  if (!fits) return yield { block: 'text', text: `${name} ${t('archive.print.too-large')}`, quiet: true };
  const fresh = !c.sent.has(hash);
  c.sent.add(hash);
  if (fresh) c.budget -= file.bytes.length;
  if (picture) {
    const drawing = file.type === 'image/svg+xml';
    return yield { block: 'picture', base64: file.bytes.toString('base64'), caption: name, drawing };
  }
  const attached = `${title.replaceAll(/[/\\:*?"<>|]/g, '_')}-${hash.slice(0, 8)}.${ENDINGS[file.type] ?? 'bin'}`;
  if (fresh) {
    const base64 = file.bytes.toString('base64');
    const step = ARCHIVE_READ_LIMITS.attachedChunk;
    for (let from = 0; from < base64.length; from += step)
      yield {
        block: 'attachment',
        name: attached,
        type: file.type,
        base64: base64.slice(from, from + step),
        last: from + step >= base64.length,
      };
  }
  yield { block: 'text', text: `${name} → ${t('archive.print.attached', { name: attached })}`, quiet: true };
}

async function* documentBlocks(c: Paper, chapter: string): AsyncGenerator<Block> {
  const t = say(c);
  const rows = await c.db.read((tx) => documentsOf(tx, c.community, chapter));
  const documents = rows.map((d) => documentView(d, c.chapters, c.today));
  if (documents.length === 0) return;
  const columns = ['title', 'kind', 'edition', 'valid-from', 'valid-until', 'standing', 'person'] as const;
  const shares = [4, 2.5, 1.5, 1.6, 1.6, 2.4, 2.4];
  yield {
    block: 'table',
    columns: columns.map((key, i) => ({ title: t(`archive.column.${key}`), share: shares[i] ?? 1 })),
  };
  const at = (iso: string): string => localTime(Date.parse(iso), c.timeZone).slice(0, 10);
  const standing = (d: DocumentView): string =>
    [t(`archive.document.${d.expired ? 'expired' : d.state}`), d.ended ? at(d.ended.at) : '', d.ended?.reason]
      .filter(Boolean)
      .join(' ');
  for (const d of documents)
    yield {
      block: 'row',
      cells: [
        d.note === '' ? d.title : `${d.title}\n${d.note}`,
        d.kindName[c.language],
        d.edition,
        d.validFrom,
        d.validUntil ?? '',
        standing(d),
        `${d.entered.by} ${at(d.entered.at)}`,
      ],
    };
  for (const d of documents)
    if (d.state === 'valid')
      for (const f of d.files) yield* fileBlocks(c, f.title === d.title ? d.title : `${d.title} ${f.title}`, f.file);
}

/** Rows of a chapter, read page by page, newest first, at most so many; says how many were left out. */
async function* rowBlocks(c: Paper, chapter: string, max: number, all: number): AsyncGenerator<Block> {
  const source = SOURCES[chapter];
  if (!source || all === 0) return;
  const t = say(c);
  const shares = columnShares(source);
  yield {
    block: 'table',
    columns: columnTitles(source, c.language).map((title, i) => ({ title, share: shares[i] ?? 1 })),
  };
  const drawings: { readonly title: string; readonly file: string }[] = [];
  let cursor: string | undefined;
  let given = 0;
  do {
    const limit = Math.min(ARCHIVE_READ_LIMITS.printRows, max - given);
    const page = await c.db.read((tx) => rowsOf(tx, source, { community: c.community }, cursor, limit));
    for (const row of page?.rows ?? []) {
      const { cells } = archiveRow(source, row, c);
      yield { block: 'row', cells };
      if (chapter === 'drawings') for (const file of row.files) drawings.push({ title: cells[0] ?? '', file });
      given += 1;
    }
    cursor = page?.next ?? undefined;
  } while (cursor !== undefined && given < max);
  const args = { n: given, all: Math.max(all, given) };
  yield { block: 'text', text: t(given < all ? 'archive.print.newest' : 'archive.print.rows', args), quiet: true };
  for (const one of drawings) yield* fileBlocks(c, one.title, one.file);
}

/** The whole archive, or one chapter of it in full. */
export async function* archiveBlocks(
  db: Db,
  context: ArchiveContext,
  heads: readonly ChapterHead[],
  only: string | undefined,
  rowsMax: number,
): AsyncGenerator<Block> {
  const c: Paper = { ...context, db, budget: ARCHIVE_READ_LIMITS.attachedBytesMax, sent: new Set() };
  const t = say(c);
  const wanted = heads.filter((head) => only === undefined || head.id === only);
  const parts = (['basic', 'management'] as const).filter((part) => wanted.some((head) => head.part === part));
  const missing = wanted.filter((head) => head.state === 'missing');
  const names = missing.map((head) => head.name[c.language]).join(c.language === 'zh' ? '、' : ', ');
  yield {
    block: 'text',
    text: missing.length === 0 ? t('archive.print.complete') : t('archive.print.missing', { n: missing.length, names }),
  };
  if (only === undefined)
    yield {
      block: 'contents',
      title: t('archive.print.contents'),
      headings: parts.flatMap((part) => [
        partTitle(c, part),
        ...wanted.filter((head) => head.part === part).map((head) => `　${chapterTitle(c, heads, head)}`),
      ]),
    };
  for (const part of parts) {
    yield { block: 'heading', level: 1, text: partTitle(c, part), contents: only === undefined };
    for (const head of wanted.filter((one) => one.part === part)) {
      const text = chapterTitle(c, heads, head);
      yield { block: 'heading', level: 2, text, contents: only === undefined };
      for (const lack of head.lacks) yield { block: 'text', text: t(`archive.lacks.${lack}`) };
      if (head.state === 'empty') yield { block: 'text', text: t('archive.empty'), quiet: true };
      yield* documentBlocks(c, head.id);
      yield* rowBlocks(c, head.id, rowsMax, head.records ?? 0);
    }
  }
  yield {
    block: 'signatures',
    labels: ['supervisor', 'manager'].map((who) => t(`print.sign.${who}`)),
  };
}
