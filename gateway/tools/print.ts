// What the engineer's tools print: lines of text, a fact each.
import { TABLES } from '../../device-profiles/contract/point.ts';
import type { ModelPoint } from '../../device-profiles/contract/profile.ts';
import { isBitTable, type ReadFailure } from '../modbus/request.ts';
import type { Arguments } from './arguments.ts';
import { findNumber, readingsAt, textOf } from './preview.ts';
import type { Place } from './reader.ts';
import type { ScannedUnit } from './scan.ts';
import { adviceOf, type Tried } from './try-profile.ts';

/** How near a number must be to be taken for the one that is looked for, as a part of it. */
const TOLERANCE = 0.005;
const MATCHES_MAX = 20;

export const draw = { hint: 'npm run device -- --help tells what there is' } as const;

const told = (what: ReadFailure | ''): string => (what === '' ? 'value' : what);
const hex = (word: number): string => word.toString(16).toUpperCase().padStart(4, '0');

export const scanLine = ({ unit, tables }: ScannedUnit): string =>
  `unit ${String(unit).padStart(3)}  ${TABLES.map((t) => `${t}: ${told(tables[t])}`).join('  ')}`;

/** One line a place, with `before` only those that differ from it. Places that failed alike in a row are one line. */
export function placeLines(
  { table, address, base }: Pick<Arguments, 'table' | 'address' | 'base'>,
  places: readonly Place[],
  before?: readonly Place[],
): string[] {
  const lines: string[] = [];
  for (let k = 0; k < places.length; k++) {
    const place = places[k] ?? 'timeout';
    if (before && before[k] === place) continue;
    const at = address + base + k;
    if (typeof place === 'number') {
      lines.push(`${table} ${String(at).padStart(6)}  ${isBitTable(table) ? place : wordLine(place)}`);
      continue;
    }
    let last = k;
    while (places[last + 1] === place && before?.[last + 1] !== place) last++;
    const advice = adviceOf(place);
    const range = last === k ? String(at) : `${at}–${address + base + last}`;
    lines.push(`${table} ${range.padStart(6)}  ${place}${advice === '' ? '' : ` (${advice})`}`);
    k = last;
  }
  return lines;
}

const wordLine = (word: number): string => {
  const signed = (word << 16) >> 16;
  const bits = word
    .toString(2)
    .padStart(16, '0')
    .replaceAll(/(....)(?=.)/g, '$1 ');
  return `0x${hex(word)}  ${String(word).padStart(5)}  ${signed === word ? '      ' : String(signed).padStart(6)}  ${bits}`;
};

/** Every place of a range in every type and order; or, with a number to find, where it may stand. */
export function previewLines(words: readonly number[], first: number, find: number | undefined): string[] {
  if (find !== undefined) {
    const matches = findNumber(words, find, TOLERANCE);
    if (matches.length === 0) return [`${find} stands nowhere in it, within ${TOLERANCE * 100} %`];
    const lines = matches
      .slice(0, MATCHES_MAX)
      .map(
        (m) =>
          `${first + m.at}  ${m.type} ${m.order}${m.scale === 1 ? '' : ` × ${m.scale}`}  = ${product(m.value, m.scale)}`,
      );
    return matches.length > MATCHES_MAX ? [...lines, `and ${matches.length - MATCHES_MAX} more`] : lines;
  }
  const { straight, swapped } = textOf(words.map((w) => (Number.isNaN(w) ? 0 : w)));
  const lines = words.flatMap((_, at) => {
    const readings = readingsAt(words, at);
    if (readings.length === 0) return [`${first + at}  nothing`];
    const types = [...new Set(readings.map((r) => r.type))];
    return types.map((type, k) => {
      const values = readings.filter((r) => r.type === type).map((r) => `${r.order} ${shown(r.value)}`);
      const bare = values.length === 1 && (type === 'uint16' || type === 'int16' || type === 'bcd16');
      return `${k === 0 ? first + at : ' '.repeat(String(first + at).length)}  ${type.padEnd(8)}${bare ? values[0]?.slice(5) : values.join('  ')}`;
    });
  });
  return [...lines, `text     ${straight}   bytes swapped  ${swapped}`];
}

const shown = (value: number | bigint): string =>
  typeof value === 'bigint' || Number.isInteger(value) ? value.toString() : Number(value.toPrecision(9)).toString();
const product = (value: number | bigint, scale: number): string =>
  Number((Number(value) * scale).toPrecision(9)).toString();

export function triedLines(
  profile: string,
  { offline, points }: Tried,
  orders: ReadonlyMap<string, readonly { readonly order: string; readonly value: number | string }[]>,
): string[] {
  if (offline !== '') {
    const why = offline === undefined ? 'nothing was heard in time' : `${offline}: ${adviceOf(offline)}`;
    return [`${profile}: the device is not heard (${why})`];
  }
  const good = points.filter((p) => p.reading?.quality === 'good').length;
  const width = Math.max(...points.map((p) => p.point.id.length));
  const lines = points.map(({ point, reading }) => {
    const name = `${point.id.padEnd(width)}  ${point.name.zh}`;
    if (reading?.quality === 'good') return `ok   ${name}  ${meaningOf(point, reading.value)}`;
    const reason = reading?.reason ?? 'not-yet-read';
    const value = reading?.value === null || reading === undefined ? '' : `  ${reading.value}`;
    const others = (orders.get(point.id) ?? []).map((o) => `as ${o.order} it would be ${o.value}`);
    const advice = others.length > 0 ? others.join(', ') : adviceOf(reason);
    return `BAD  ${name}${value}  ${reason}${advice === '' ? '' : ` (${advice})`}`;
  });
  return [...lines, `${profile}: ${good} of ${points.length} points can be believed`];
}

function meaningOf(point: ModelPoint, value: number | string | null): string {
  const words = point.enum?.[String(value)];
  return `${value}${point.unit === undefined ? '' : ` ${point.unit}`}${words === undefined ? '' : ` ${words.zh}`}`;
}
