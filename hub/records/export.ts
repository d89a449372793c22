// The rows of a search as a table: the same cells on paper and for a spreadsheet.
import type { Db } from '../db/tx.ts';
import type { Language } from '../http/language.ts';
import { textOf } from '../messages/text.ts';
import type { Block, Column } from '../print/api.ts';
import { CSV_START, csvLine } from '../print/csv.ts';
import type { PlaceWords } from '../property/api.ts';
import { localTime } from '../print/times.ts';
import type { RecordView } from './contract.ts';
import { RECORD_LIMITS } from './norms.ts';
import { searchEntries, topEntry, type Search } from './store.ts';
import { recordView } from './words.ts';

export interface ExportContext {
  readonly language: Language;
  readonly timeZone: string;
  readonly where: PlaceWords;
}

/** Columns in order: key of its title and share of the breadth on paper. */
const COLUMNS = [
  ['time', 2.6],
  ['what', 2],
  ['class', 1.3],
  ['where', 2.4],
  ['device', 2.6],
  ['subject', 3],
  ['person', 1.6],
  ['note', 3.6],
] as const;

const say = (key: string, language: Language): string => textOf(key)[language];

export const recordColumns = (language: Language): Column[] =>
  COLUMNS.map(([key, share]) => ({ title: say(`record.column.${key}`, language), share }));

export function recordCells(r: RecordView, { language, timeZone, where }: ExportContext): string[] {
  return [
    localTime(Date.parse(r.at), timeZone),
    r.what[language],
    r.class === undefined ? '' : say(`record.class.${r.class}`, language),
    [where(r.building, r.floor), r.place].filter(Boolean).join(' '),
    r.deviceName?.[language] ?? r.device ?? '',
    r.title?.[language] ?? '',
    r.name ?? '',
    r.note,
  ];
}

/** Every row of a search, newest first, read page by page: what comes meanwhile is left out. */
export async function* allRecords(db: Db, search: Search, max: number): AsyncGenerator<RecordView> {
  const top = await db.read(topEntry);
  let cursor: string | undefined;
  let given = 0;
  for (;;) {
    const page = await db.read((tx) => searchEntries(tx, { ...search, top }, cursor, RECORD_LIMITS.pageRows));
    for (const row of page?.rows ?? []) {
      if (given >= max) return;
      given += 1;
      yield recordView(row);
    }
    if (!page || page.next === null) return;
    cursor = page.next;
  }
}

export async function* recordCsv(rows: AsyncIterable<RecordView>, context: ExportContext): AsyncGenerator<string> {
  yield CSV_START + csvLine(recordColumns(context.language).map((c) => c.title));
  for await (const row of rows) yield csvLine(recordCells(row, context));
}

export async function* recordBlocks(rows: AsyncIterable<RecordView>, context: ExportContext): AsyncGenerator<Block> {
  yield { block: 'table', columns: recordColumns(context.language) };
  let count = 0;
  for await (const row of rows) {
    count += 1;
    yield { block: 'row', cells: recordCells(row, context) };
  }
  yield { block: 'text', text: textOf(count === 0 ? 'record.none' : 'record.count', { count })[context.language] };
  yield {
    block: 'signatures',
    labels: ['operator', 'supervisor', 'manager'].map((who) => say(`print.sign.${who}`, context.language)),
  };
}
