// The register of vehicles as a list (CSV): one line a vehicle; every mistake with its line and column. Pure.
import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import type { VehicleView } from './contract.ts';
import { LANE_LIMITS } from './limits.ts';
import { looksLikePlate, plateOf } from './machine.ts';

const COLUMNS = ['plate', 'building', 'unit', 'owner', 'phone', 'note'] as const;
type Column = (typeof COLUMNS)[number];
/** What a Chinese spreadsheet calls them. */
const CHINESE: Readonly<Record<string, Column>> = {
  车牌: 'plate',
  车牌号: 'plate',
  楼栋: 'building',
  楼栋编号: 'building',
  房号: 'unit',
  车主: 'owner',
  姓名: 'owner',
  电话: 'phone',
  手机: 'phone',
  备注: 'note',
};
const LENGTHS: Readonly<Record<Column, number>> = {
  plate: 20,
  building: 64,
  unit: 60,
  owner: 80,
  phone: 40,
  note: 200,
};
const columnOf = (title: string): Column | undefined =>
  CHINESE[title] ?? COLUMNS.find((c) => c === title.toLowerCase());

export interface ListMistake {
  readonly line: number;
  readonly column: string;
  readonly what: string;
}
export interface VehicleLines {
  readonly vehicles: readonly VehicleView[];
  readonly mistakes: readonly ListMistake[];
}

const fault = (line: number, column: string, what: string): VehicleLines => ({
  vehicles: [],
  mistakes: [{ line, column, what }],
});

function rowsOf(csv: string): string[][] | VehicleLines {
  try {
    return parse(csv, { bom: true, trim: true, skip_empty_lines: false, relax_column_count: true }) as string[][];
  } catch (error) {
    if (error instanceof CsvError) return fault(Number(error['lines'] ?? 1), '', error.message);
    throw error;
  }
}

/** @param buildings ids of the community's buildings */
export function readVehicles(csv: string, buildings: readonly string[]): VehicleLines {
  const rows = rowsOf(csv);
  if (!Array.isArray(rows)) return rows;
  const [head = [], ...lines] = rows;
  const columns = head.map(columnOf);
  if (!columns.includes('plate')) return fault(1, '车牌', 'the first line names no column 车牌 (plate)');
  if (lines.length > LANE_LIMITS.csvLines) return fault(1, '', `more than ${LANE_LIMITS.csvLines} lines`);
  const vehicles = new Map<string, VehicleView>();
  const mistakes: ListMistake[] = [];
  for (const [i, cells] of lines.entries()) {
    if (cells.every((cell) => cell === '')) continue;
    const given: Partial<Record<Column, string>> = {};
    for (const [n, column] of columns.entries()) if (column) given[column] = cells[n] ?? '';
    const what = wrongIn(given, vehicles, buildings);
    if (what) mistakes.push({ line: i + 2, ...what });
    else vehicles.set(plateOf(given.plate ?? ''), vehicleOf(given));
  }
  return { vehicles: [...vehicles.values()], mistakes: mistakes.slice(0, LANE_LIMITS.mistakesMax) };
}

function wrongIn(
  given: Readonly<Partial<Record<Column, string>>>,
  known: ReadonlyMap<string, VehicleView>,
  buildings: readonly string[],
): Omit<ListMistake, 'line'> | undefined {
  const plate = plateOf(given.plate ?? '');
  if (!looksLikePlate(plate)) return { column: 'plate', what: `${given.plate ?? ''}: not a plate such as 京A12345` };
  if (known.has(plate)) return { column: 'plate', what: `${plate}: stands in the list already` };
  const long = COLUMNS.find((c) => (given[c] ?? '').length > LENGTHS[c]);
  if (long) return { column: long, what: `longer than ${LENGTHS[long]}` };
  const { building = '' } = given;
  if (building !== '' && !buildings.includes(building))
    return { column: 'building', what: `${building}: no such building` };
  return undefined;
}

function vehicleOf({
  plate = '',
  building = '',
  unit = '',
  owner = '',
  phone = '',
  note = '',
}: Partial<Record<Column, string>>): VehicleView {
  return { plate: plateOf(plate), ...(building === '' ? {} : { building }), unit, owner, phone, note };
}
