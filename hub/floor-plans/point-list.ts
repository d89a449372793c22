// Positions as a point list (CSV): device, point, building, floor, x, y. Every mistake with its line and column. Pure.
import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { FLOOR_PLAN_LIMITS as LIMITS } from './limits.ts';
import type { PositionRow } from './store.ts';

export const COLUMNS = ['device', 'point', 'building', 'floor', 'x', 'y'] as const;
type Column = (typeof COLUMNS)[number];
/** May be left out: then every line is of a device itself. */
const OPTIONAL: readonly Column[] = ['point'];

export interface Mistake {
  /** 1-based, the header counted. */
  readonly line: number;
  readonly column?: Column | (string & {});
  readonly message: string;
}
export interface ListedPosition extends PositionRow {
  readonly line: number;
}
export type Parsed = { readonly rows: readonly ListedPosition[] } | { readonly mistakes: readonly Mistake[] };

/** "line 3, column x: …", the first ones. */
export function mistakesText(mistakes: readonly Mistake[]): string {
  const told = mistakes
    .slice(0, LIMITS.mistakesMax)
    .map((m) => `line ${m.line}${m.column === undefined ? '' : `, column ${m.column}`}: ${m.message}`);
  const more = mistakes.length - told.length;
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

interface Record {
  readonly cells: readonly string[];
  readonly line: number;
}

function recordsOf(text: string): { readonly records: readonly Record[] } | { readonly mistakes: readonly Mistake[] } {
  try {
    const out: unknown = parse(text, { bom: true, info: true, skip_empty_lines: true, relax_column_count: true });
    const records = (Array.isArray(out) ? out : []).flatMap((entry: unknown): Record[] => {
      const { record, info } = entry as {
        readonly record: readonly string[];
        readonly info: { readonly lines: number };
      };
      return [{ cells: record.map((cell) => cell.trim()), line: info.lines }];
    });
    return { records };
  } catch (error) {
    const line = error instanceof CsvError && typeof error['lines'] === 'number' ? error['lines'] : 1;
    return { mistakes: [{ line, message: `not CSV: ${error instanceof Error ? error.message : 'unreadable'}` }] };
  }
}

function headerMistakes(header: readonly string[]): Mistake[] {
  const known: readonly string[] = COLUMNS;
  return [
    ...header
      .filter((name) => !known.includes(name))
      .map((name) => ({ line: 1, column: name, message: `unknown; expected ${COLUMNS.join(', ')}` })),
    ...COLUMNS.filter((name) => header.filter((h) => h === name).length > 1).map((column) => ({
      line: 1,
      column,
      message: 'stands twice',
    })),
    ...COLUMNS.filter((name) => !OPTIONAL.includes(name) && !header.includes(name)).map((column) => ({
      line: 1,
      column,
      message: 'missing',
    })),
  ];
}

/** Reads a whole list, or says everything that is wrong with it. Columns may stand in any order. */
export function parsePositions(text: string): Parsed {
  const read = recordsOf(text);
  if ('mistakes' in read) return read;
  const [header, ...lines] = read.records;
  if (!header) return { mistakes: [{ line: 1, message: `empty; expected the columns ${COLUMNS.join(', ')}` }] };
  const names = header.cells.map((name) => name.toLowerCase());
  const mistakes = headerMistakes(names);
  if (lines.length > LIMITS.csvRowsMax) mistakes.push({ line: 1, message: `more than ${LIMITS.csvRowsMax} lines` });
  if (mistakes.length > 0) return { mistakes };
  const seen = new Map<string, number>();
  const rows: ListedPosition[] = [];
  for (const { cells, line } of lines) {
    if (cells.length !== names.length) {
      mistakes.push({ line, message: `expected ${names.length} cells, found ${cells.length}` });
      continue;
    }
    const cell = (column: Column): string => cells[names.indexOf(column)] ?? '';
    const row = readRow(cell, line, mistakes);
    if (!row) continue;
    const key = JSON.stringify([row.device, row.point, row.building, row.floor]);
    const before = seen.get(key);
    if (before !== undefined) mistakes.push({ line, column: 'device', message: `stands in line ${before} already` });
    seen.set(key, line);
    rows.push(row);
  }
  return mistakes.length > 0 ? { mistakes } : { rows };
}

function readRow(cell: (column: Column) => string, line: number, mistakes: Mistake[]): ListedPosition | null {
  const before = mistakes.length;
  const id = (column: 'device' | 'point' | 'building'): string => {
    const text = cell(column);
    if (text === '' && column !== 'point') mistakes.push({ line, column, message: 'empty' });
    if (text.length > LIMITS.idChars)
      mistakes.push({ line, column, message: `longer than ${LIMITS.idChars} characters` });
    return text;
  };
  const floorOf = (): number => {
    const text = cell('floor');
    if (!/^-?[1-9]\d{0,2}$/.test(text))
      mistakes.push({ line, column: 'floor', message: `"${text}" is not a floor such as 12 or -1` });
    return Number(text);
  };
  const share = (column: 'x' | 'y'): number => {
    const text = cell(column);
    const fits = /^(?:0(?:\.\d+)?|1(?:\.0+)?|\.\d+)$/.test(text);
    if (!fits) mistakes.push({ line, column, message: `"${text}" is not a number from 0 to 1` });
    return rounded(Number(text));
  };
  const row = {
    line,
    device: id('device'),
    point: id('point'),
    building: id('building'),
    floor: floorOf(),
    x: share('x'),
    y: share('y'),
  };
  return mistakes.length > before ? null : row;
}

/** A share with the digits that are kept. */
export const rounded = (share: number): number => Number(share.toFixed(LIMITS.digits));

/** Quotes where CSV asks for it, and keeps a spreadsheet from taking a name for a formula. */
const cellOf = (text: string): string => {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
};

/** The list of what stands where, with a byte-order mark so that spreadsheets read Chinese names. */
export function positionsCsv(rows: readonly PositionRow[]): string {
  const lines = rows.map((r) =>
    [cellOf(r.device), cellOf(r.point), cellOf(r.building), String(r.floor), String(r.x), String(r.y)].join(','),
  );
  return `\uFEFF${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`;
}
