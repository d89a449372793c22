// Buildings, floors and places as a list (CSV): one line a place, a floor, a run of floors, or a building. Every mistake
// with its line and column; and what the list would change in what is there. Pure.
import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import type { BuildingView, ImportBuildings, ListMistake, ListPlan } from './contract.ts';
import { floorName, type Words } from './names.ts';

export const LIST_LIMITS = {
  csvChars: 800_000,
  lines: 20_000,
  /** Mistakes told at once. */
  mistakes: 100,
  buildings: 500,
  floors: 320,
  places: 500,
  lowest: -20,
  highest: 300,
  name: 100,
} as const;

export const LIST_COLUMNS = [
  'building',
  'building_zh',
  'building_en',
  'floor',
  'floor_zh',
  'floor_en',
  'place',
  'place_zh',
  'place_en',
] as const;
type Column = (typeof LIST_COLUMNS)[number];

/** What a Chinese spreadsheet calls them. */
const CHINESE: Readonly<Record<string, Column>> = {
  楼栋编号: 'building',
  楼栋: 'building',
  楼栋名称: 'building_zh',
  楼栋英文名: 'building_en',
  楼层: 'floor',
  楼层名称: 'floor_zh',
  楼层英文名: 'floor_en',
  地点编号: 'place',
  地点: 'place',
  地点名称: 'place_zh',
  地点英文名: 'place_en',
};

const ID = /^[A-Za-z0-9\p{L}][\p{L}\p{N}._-]{0,62}$/u;

type Cells = Readonly<Partial<Record<Column, string>>>;
interface Line {
  readonly line: number;
  readonly cells: Cells;
}
type Given = Readonly<Partial<Words>>;
interface GivenFloor {
  name: Given;
  readonly places: Map<string, Given>;
}
interface GivenBuilding {
  name: Given;
  readonly floors: Map<number, GivenFloor>;
}
export type ListRead =
  | { readonly buildings: ReadonlyMap<string, GivenBuilding>; readonly mistakes: readonly never[] }
  | { readonly buildings: undefined; readonly mistakes: readonly ListMistake[] };

function recordsOf(text: string): { readonly cells: readonly string[]; readonly line: number }[] | ListMistake {
  try {
    const delimiter = text.split('\n', 1)[0]?.includes('\t') === true ? '\t' : ',';
    const options = { bom: true, info: true, skip_empty_lines: true, relax_column_count: true, delimiter };
    const out: unknown = parse(text, options);
    return (Array.isArray(out) ? out : []).map((entry: unknown) => {
      const { record, info } = entry as {
        readonly record: readonly string[];
        readonly info: { readonly lines: number };
      };
      return { cells: record.map((cell) => cell.trim()), line: info.lines };
    });
  } catch (error) {
    const line = error instanceof CsvError && typeof error['lines'] === 'number' ? error['lines'] : 1;
    return { line, column: '', problem: 'not-csv', given: '' };
  }
}

/** Columns by position, or what is wrong with the header. */
function columnsOf(header: readonly string[]): (Column | undefined)[] | ListMistake[] {
  const columns = header.map((name) => LIST_COLUMNS.find((c) => c === name.toLowerCase()) ?? CHINESE[name]);
  const at = (column: string, problem: ListMistake['problem']): ListMistake => ({
    line: 1,
    column,
    problem,
    given: '',
  });
  const mistakes = [
    ...header.filter((name, i) => name !== '' && columns[i] === undefined).map((name) => at(name, 'unknown-column')),
    ...LIST_COLUMNS.filter((c) => columns.filter((x) => x === c).length > 1).map((c) => at(c, 'column-twice')),
    ...(columns.includes('building') ? [] : [at('building', 'no-column')]),
  ];
  return mistakes.length > 0 ? mistakes : columns;
}

function floorNumber(text: string): number | undefined {
  const basement = /^(?:B|地下)(\d{1,3})(?:层|F)?$/i.exec(text);
  if (basement) return -Number(basement[1]);
  const plain = /^([-−]?\d{1,3})(?:层|F)?$/i.exec(text);
  return plain ? Number(plain[1]?.replace('−', '-')) : undefined;
}

/** `3`, `-1`, `B1`, `1~26`, `-2~-1; 1~12; 14~26`; 0 lies in no run. Undefined where it can't be read. */
export function floorsOfText(text: string): readonly number[] | undefined {
  const floors: number[] = [];
  for (const part of text.split(/[;；、]/).map((p) => p.trim())) {
    const ends = part.split(/\.\.|[~～至]/).map((end) => floorNumber(end.trim()));
    const [from, to = from] = ends;
    if (ends.length > 2 || from === undefined || to === undefined || from > to) return undefined;
    if (from < LIST_LIMITS.lowest || to > LIST_LIMITS.highest) return undefined;
    for (let n = from; n <= to; n++) if (n !== 0 || from === to) floors.push(n);
  }
  return floors;
}

class Reader {
  readonly buildings = new Map<string, GivenBuilding>();
  readonly mistakes: ListMistake[] = [];

  #wrong({ line, cells }: Line, column: Column, problem: ListMistake['problem']): undefined {
    this.mistakes.push({ line, column, problem, given: (cells[column] ?? '').slice(0, 60) });
    return undefined;
  }

  /** A name that the list gives twice must be the same. */
  #named(line: Line, what: 'building' | 'floor' | 'place', before: Given): Given {
    const merged: { zh?: string; en?: string } = { ...before };
    for (const lang of ['zh', 'en'] as const) {
      const column = `${what}_${lang}` as const;
      const given = line.cells[column] ?? '';
      if (given === '') continue;
      if (given.length > LIST_LIMITS.name) this.#wrong(line, column, 'too-long');
      else if (merged[lang] !== undefined && merged[lang] !== given) this.#wrong(line, column, 'two-names');
      else merged[lang] = given;
    }
    return merged;
  }

  #floors(line: Line): readonly number[] | undefined {
    const text = line.cells.floor ?? '';
    if (text === '') return [];
    const floors = floorsOfText(text);
    if (floors === undefined) return this.#wrong(line, 'floor', 'bad-floor');
    if (floors.includes(0)) return this.#wrong(line, 'floor', 'floor-zero');
    return floors;
  }

  read(line: Line): void {
    const { cells } = line;
    const id = cells.building ?? '';
    if (id === '') return this.#wrong(line, 'building', 'missing');
    if (!ID.test(id)) return this.#wrong(line, 'building', 'bad-id');
    const building = this.buildings.get(id) ?? { name: {}, floors: new Map<number, GivenFloor>() };
    if (this.buildings.size >= LIST_LIMITS.buildings && !this.buildings.has(id))
      return this.#wrong(line, 'building', 'too-many');
    this.buildings.set(id, building);
    building.name = this.#named(line, 'building', building.name);
    const floors = this.#floors(line);
    const place = cells.place || cells.place_zh || '';
    const single = floors?.length === 1;
    if (floors === undefined) return;
    if (place !== '' && !single) return this.#wrong(line, 'floor', 'one-floor');
    if (((cells.floor_zh ?? '') !== '' || (cells.floor_en ?? '') !== '') && !single)
      return this.#wrong(line, cells.floor_zh ? 'floor_zh' : 'floor_en', 'one-floor');
    if (place !== '' && !ID.test(place)) return this.#wrong(line, cells.place ? 'place' : 'place_zh', 'bad-id');
    for (const n of floors) this.#floor(line, building, n, place);
  }

  #floor(line: Line, building: GivenBuilding, n: number, place: string): void {
    const floor = building.floors.get(n) ?? { name: {}, places: new Map<string, Given>() };
    if (building.floors.size >= LIST_LIMITS.floors && !building.floors.has(n)) this.#wrong(line, 'floor', 'too-many');
    building.floors.set(n, floor);
    floor.name = this.#named(line, 'floor', floor.name);
    if (place === '') return;
    if (floor.places.size >= LIST_LIMITS.places && !floor.places.has(place)) this.#wrong(line, 'place', 'too-many');
    floor.places.set(place, this.#named(line, 'place', floor.places.get(place) ?? {}));
  }
}

/** Reads a whole list, or says everything that is wrong with it. Columns may stand in any order, in either language. */
export function readList(text: string): ListRead {
  const none = (mistakes: readonly ListMistake[]): ListRead => ({ buildings: undefined, mistakes });
  const records = recordsOf(text);
  if (!Array.isArray(records)) return none([records]);
  const [header, ...lines] = records;
  if (!header || lines.length === 0) return none([{ line: 1, column: '', problem: 'empty', given: '' }]);
  const columns = columnsOf(header.cells);
  const wrong = columns.filter((c): c is ListMistake => typeof c === 'object');
  if (wrong.length > 0) return none(wrong);
  if (lines.length > LIST_LIMITS.lines)
    return none([{ line: LIST_LIMITS.lines + 2, column: '', problem: 'too-many', given: '' }]);
  const reader = new Reader();
  for (const { cells, line } of lines) {
    const named: Partial<Record<Column, string>> = {};
    columns.forEach((column, i) => {
      if (typeof column === 'string') named[column] = cells[i] ?? '';
    });
    reader.read({ line, cells: named });
    if (reader.mistakes.length >= LIST_LIMITS.mistakes) break;
  }
  return reader.mistakes.length > 0
    ? none(reader.mistakes.slice(0, LIST_LIMITS.mistakes))
    : { buildings: reader.buildings, mistakes: [] };
}

/** What the list says, else what is known already, else what it is called by itself. */
function nameOf(given: Given, known: Words | undefined, own: Words): Words {
  const zh = given.zh ?? known?.zh ?? own.zh;
  // A new Chinese name with an English one that merely repeated the old: it would go on naming what is no longer there.
  const en = given.en ?? (known && known.en !== known.zh ? known.en : given.zh === undefined ? own.en : zh);
  return { zh, en };
}

const same = (a: Words | undefined, b: Words): boolean => a?.zh === b.zh && a.en === b.en;

class Tally {
  new = 0;
  renamed = 0;
  same = 0;
  add(known: Words | undefined, name: Words): 'new' | 'renamed' | 'same' {
    const change = known === undefined ? 'new' : same(known, name) ? 'same' : 'renamed';
    this[change] += 1;
    return change;
  }
}

/** What a list would make of what is there: the import that does it, and what that changes. */
export function planList(
  given: ReadonlyMap<string, GivenBuilding>,
  existing: readonly BuildingView[],
): { readonly change: ImportBuildings; readonly plan: ListPlan } {
  const last = Math.max(0, ...existing.map((b) => b.order));
  let added = 0;
  const plan: ListPlan = [];
  const buildings = [...given].map(([id, building]): ImportBuildings['buildings'][number] => {
    const known = existing.find((b) => b.id === id);
    const name = nameOf(building.name, known?.name, { zh: id, en: id });
    const [floors, places] = [new Tally(), new Tally()];
    const rows = [...building.floors].map(([n, floor]) => {
      const before = known?.floors.find((f) => f.floor === n);
      const floorWords = nameOf(floor.name, before?.name, floorName(n));
      floors.add(before?.name, floorWords);
      return { floor: n, name: floorWords, places: placesOf(floor, before, places) };
    });
    const change = new Tally().add(known?.name, name);
    plan.push({ id, name, change, floors: { ...floors }, places: { ...places } });
    return { id, name, order: known?.order ?? last + ++added, floors: rows };
  });
  return { change: { buildings }, plan };
}

function placesOf(
  floor: GivenFloor,
  before: BuildingView['floors'][number] | undefined,
  tally: Tally,
): { id: string; name: Words }[] {
  return [...floor.places].map(([id, given]) => {
    const known = before?.places?.find((p) => p.id === id)?.name;
    const name = nameOf(given, known, { zh: id, en: id });
    tally.add(known, name);
    return { id, name };
  });
}
