// Which units of a bus answer, and to which tables. One careful request at a time.
import { TABLES, type Table } from '../../device-profiles/contract/point.ts';
import type { ReadFailure } from '../modbus/request.ts';
import type { Reader } from './reader.ts';

export interface ScannedUnit {
  readonly unit: number;
  /** What the first place of each table answers: '' is a value. */
  readonly tables: Readonly<Record<Table, ReadFailure | ''>>;
}

/** Not answers of the unit itself: nobody there, or the gateway between us and the bus says so. */
const NOBODY: ReadonlySet<ReadFailure> = new Set<ReadFailure>([
  'timeout',
  'link-down',
  'exception-0A',
  'exception-0B',
  'wrong-unit',
  'crc',
  'short-reply',
]);

/**
 * Asks each unit for one holding register and, where nobody answers, one input register: a device that knows neither
 * says so with an exception. The other tables are asked of those that answered.
 * @param found is told of each unit as soon as it is known
 * @throws Error when there is no connection at all
 */
export async function scanUnits(
  reader: Pick<Reader, 'read'>,
  { units, address }: { readonly units: readonly number[]; readonly address: number },
  found: (unit: ScannedUnit) => void = () => undefined,
): Promise<readonly ScannedUnit[]> {
  const all: ScannedUnit[] = [];
  for (const unit of units) {
    const answers = new Map<Table, ReadFailure | ''>();
    const ask = async (table: Table): Promise<ReadFailure | ''> => {
      const answer = await reader.read({ unit, table, address, count: 1 });
      if ('failed' in answer && answer.failed === 'link-down') throw new Error(answer.why ?? 'no connection');
      const what = 'failed' in answer ? answer.failed : '';
      answers.set(table, what);
      return what;
    };
    const isThere = (what: ReadFailure | ''): boolean => what === '' || !NOBODY.has(what);
    if (!isThere(await ask('holding')) && !isThere(await ask('input'))) continue;
    for (const table of TABLES) if (!answers.has(table)) await ask(table);
    const tables = Object.fromEntries(TABLES.map((t) => [t, answers.get(t) ?? 'timeout'])) as ScannedUnit['tables'];
    all.push({ unit, tables });
    found({ unit, tables });
  }
  return all;
}

/** `1-32,40` → 1 … 32, 40. @throws Error naming what is wrong. Units 0 to 255; 0 and 248–255 only over TCP. */
export function readUnits(text: string): readonly number[] {
  const units = text.split(',').flatMap((part) => {
    const [, first = '', last = first] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(part.trim()) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === '' || to < from || to > 255) throw new Error(`units "${text}": expected e.g. 1-32,40, of 0 to 255`);
    return Array.from({ length: to - from + 1 }, (_, k) => from + k);
  });
  return [...new Set(units)];
}
