// Point lists: the site's own table of what stands at each address of a panel or module, exported as CSV.
import { parse } from 'csv-parse/sync';
import { CsvError } from 'csv-parse';
import { readFileSync } from 'node:fs';
import { ConfigError, nearest, type Problem } from './config-error.ts';
import type { Text } from './contract/point.ts';

/** Largest point list, bytes and rows. */
export const POINT_LIST_BYTES_MAX = 8 * 1024 * 1024;
export const POINT_LIST_ROWS_MAX = 20_000;
const CELL_CHARS_MAX = 200;
const INDEX_MAX = 999_999;

/** One row: which point (by id, or by template and indices), and what and where it is. */
export interface PointListRow {
  readonly file: string;
  /** Line in the file, 1-based, header included. */
  readonly line: number;
  /** Id of a point or of a template; undefined when the indices alone say which. */
  readonly point?: string;
  readonly indices: Readonly<Record<string, number>>;
  readonly name?: Text;
  readonly building?: string;
  readonly floor?: number;
  readonly place?: string;
  /** The contact is normally closed: 0 means "yes". */
  readonly invert?: boolean;
  /** Id of the site's device whose state the contact tells, where that is not the module it is wired to. */
  readonly about?: string;
}

/** Columns with a meaning of their own; every other column must be the name of an index. */
export const POINT_LIST_COLUMNS = [
  'point',
  'name_zh',
  'name_en',
  'building',
  'floor',
  'place',
  'invert',
  'about',
] as const;

/**
 * Reads a point list. `indexNames` are the indices of the profile's repeats (loop, n, …): columns of these names are
 * allowed, unknown columns are refused so that a misspelt one is not silently without effect.
 * @throws ConfigError with every problem, each with its line.
 */
export function parsePointList(file: string, text: string, indexNames: readonly string[]): PointListRow[] {
  const refuse = (line: number, message: string): never => {
    throw new ConfigError([{ file, line, path: '', message }]);
  };
  if (Buffer.byteLength(text) > POINT_LIST_BYTES_MAX) refuse(1, `larger than ${POINT_LIST_BYTES_MAX} bytes`);
  const records = parseRecords(file, text);
  const header = records[0];
  if (!header) return refuse(1, `empty; expected a header line with ${POINT_LIST_COLUMNS.join(', ')}`);
  if (records.length - 1 > POINT_LIST_ROWS_MAX) refuse(header.line, `more than ${POINT_LIST_ROWS_MAX} rows`);
  const allowed = [...POINT_LIST_COLUMNS, ...indexNames];
  const problems: Problem[] = header.cells.flatMap((name, k) => {
    const again = header.cells.indexOf(name) !== k;
    if (allowed.includes(name) && !again) return [];
    const message = again
      ? `column ${name} stands twice`
      : `unknown column "${name}"; expected one of ${[...nearest(name, allowed), ...allowed].filter(unique).join(', ')}`;
    return [{ file, line: header.line, path: '', message }];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  const rows: PointListRow[] = [];
  for (const { cells, line } of records.slice(1)) {
    if (cells.length !== header.cells.length) {
      problems.push({ file, line, path: '', message: `expected ${header.cells.length} cells; found ${cells.length}` });
      continue;
    }
    const cell = new Map(header.cells.map((name, k) => [name, (cells[k] ?? '').trim()]));
    rows.push(readRow(file, line, cell, indexNames, problems));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return rows;
}

const unique = (name: string, k: number, all: readonly string[]): boolean => all.indexOf(name) === k;

/** @throws ConfigError also when the file can't be read. */
export function loadPointList(file: string, indexNames: readonly string[]): PointListRow[] {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new ConfigError([{ file, path: '', message: `point list can't be read (${why})` }]);
  }
  return parsePointList(file, decodeText(bytes), indexNames);
}

/** UTF-8, or else GB 18030: what Chinese spreadsheets write when nobody chooses. */
function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030').decode(bytes);
  }
}

interface CsvRecord {
  readonly cells: readonly string[];
  readonly line: number;
}

function parseRecords(file: string, text: string): CsvRecord[] {
  try {
    const out: unknown = parse(text, {
      bom: true,
      info: true,
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: POINT_LIST_BYTES_MAX,
      // Spreadsheets in both habits; a semicolon list is refused by its header, not guessed at.
      delimiter: ',',
    });
    return asRecords(out);
  } catch (error) {
    const line = error instanceof CsvError && typeof error['lines'] === 'number' ? error['lines'] : 1;
    const message = error instanceof Error ? error.message : 'unreadable';
    throw new ConfigError([{ file, line, path: '', message: `not CSV: ${message}` }]);
  }
}

/** With `info`, csv-parse yields {record, info: {lines}}; `lines` is where the record ends. */
function asRecords(out: unknown): CsvRecord[] {
  if (!Array.isArray(out)) return [];
  return out.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null || !('record' in entry) || !('info' in entry)) return [];
    const { record, info } = entry;
    const line =
      typeof info === 'object' && info !== null && 'lines' in info && typeof info.lines === 'number' ? info.lines : 0;
    return Array.isArray(record) ? [{ cells: record.map(String), line }] : [];
  });
}

function readRow(
  file: string,
  line: number,
  cell: ReadonlyMap<string, string>,
  indexNames: readonly string[],
  problems: Problem[],
): PointListRow {
  const refuse = (column: string, expected: string, found: string): undefined => {
    problems.push({ file, line, path: column, message: `expected ${expected}; found "${found.slice(0, 60)}"` });
  };
  const text = (column: string): string | undefined => {
    const value = cell.get(column) ?? '';
    if (value.length > CELL_CHARS_MAX) return refuse(column, `at most ${CELL_CHARS_MAX} characters`, value);
    return value === '' ? undefined : value;
  };
  const whole = (column: string, low: number, high: number): number | undefined => {
    const value = text(column);
    if (value === undefined) return undefined;
    const n = /^-?[0-9]{1,9}$/.test(value) ? Number(value) : Number.NaN;
    return n >= low && n <= high ? n : refuse(column, `a whole number from ${low} to ${high}`, value);
  };
  const indices: Record<string, number> = {};
  for (const name of indexNames) {
    const value = whole(name, 0, INDEX_MAX);
    if (value !== undefined) indices[name] = value;
  }
  const zh = text('name_zh');
  const en = text('name_en');
  const name = zh ?? en;
  const floor = whole('floor', -20, 300);
  const invertText = text('invert');
  if (invertText !== undefined && !['0', '1'].includes(invertText)) refuse('invert', '0 or 1', invertText);
  const point = text('point');
  const building = text('building');
  const place = text('place');
  const about = text('about');
  return {
    file,
    line,
    indices,
    ...(point === undefined ? {} : { point }),
    ...(name === undefined ? {} : { name: { zh: zh ?? name, en: en ?? name } }),
    ...(building === undefined ? {} : { building }),
    ...(floor === undefined ? {} : { floor }),
    ...(place === undefined ? {} : { place }),
    ...(invertText === undefined ? {} : { invert: invertText === '1' }),
    ...(about === undefined ? {} : { about }),
  };
}
