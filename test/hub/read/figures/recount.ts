// Counts the figures again from the exported files alone, by other means than the hub's: what a doubting auditor would do.
export type Row = Readonly<Record<string, string>>;

/** A file as spreadsheets read it. */
export function parseCsv(text: string): Row[] {
  const table: string[][] = [[]];
  let [field, quoted] = ['', false];
  const body = text.replace(/^\uFEFF/, '');
  for (let i = 0; i < body.length; i++) {
    const c = body[i] ?? '';
    if (quoted) {
      if (c !== '"') field += c;
      else if (body[i + 1] === '"') {
        field += '"';
        i += 1;
      } else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ',' || c === '\n') {
      table.at(-1)?.push(field.replace(/\r$/, ''));
      field = '';
      if (c === '\n') table.push([]);
    } else field += c;
  }
  const [head = [], ...rows] = table.filter((r) => r.length > 0);
  return rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i] ?? ''])));
}

export const at = (row: Row, column: string): number => Date.parse(row[column] ?? '');

/** With straight lines between neighbours, as spreadsheets do (PERCENTILE.INC); null of nothing. */
export function percentile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
  return low + (high - low) * (place - Math.floor(place));
}

/** How many rows fall in each stretch of `width` ms from `from` on. */
export function stretches(rows: readonly Row[], from: number, width: number): Map<number, number> {
  const out = new Map<number, number>();
  for (const row of rows) {
    const n = Math.floor((at(row, 'received_at') - from) / width);
    out.set(n, (out.get(n) ?? 0) + 1);
  }
  return out;
}

export function groupBy(rows: readonly Row[], key: (row: Row) => string): Map<string, Row[]> {
  const out = new Map<string, Row[]>();
  for (const row of rows) out.set(key(row), [...(out.get(key(row)) ?? []), row]);
  return out;
}
