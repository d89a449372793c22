// A whole table for spreadsheets from rows at hand. Pure.
import { CSV_START, csvLine } from '../print/csv.ts';

export type Cell = string | number | null | undefined;

/** With its header, which stands alone where there are no rows. */
export function csvOf(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return CSV_START + [columns, ...rows].map(csvLine).join('');
}
