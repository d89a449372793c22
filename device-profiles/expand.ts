// From templates to points: repeats with their strides and packed states, 0-based wire addresses, point lists. Pure.
import { fillTemplate, indicesOf, placeholders } from './contract/conditions.ts';
import type { ModbusAddress, Point, Table, Text, WordOrder } from './contract/point.ts';
import type { ModbusSection, ModelPoint, Repeat, ResolvedModbus } from './contract/profile.ts';
import { nearest, type Path } from './config-error.ts';
import type { PointListRow } from './point-list.ts';

/** Most points that one device can have. */
export const DEVICE_POINTS_MAX = 20_000;

/** Poll class of a point that names none, by lane. */
const DEFAULT_POLL = { safety: 'safety', telemetry: 'normal' } as const;

const REGISTERS: Partial<Record<string, number>> = {
  int32: 2,
  uint32: 2,
  float32: 2,
  bcd32: 2,
  int64: 4,
  uint64: 4,
  float64: 4,
};

/** Registers that a value occupies (bits, in coil and discrete tables). */
export function registerCount(point: Pick<Point, 'type' | 'modbus'>): number {
  if (point.type === 'string') return point.modbus?.length ?? 1;
  if (point.type === 'enum') return REGISTERS[point.modbus?.of ?? 'uint16'] ?? 1;
  return REGISTERS[point.type] ?? 1;
}

export const isBitTable = (table: Table): boolean => table === 'coil' || table === 'discrete';

/** Table of an address that names none: holding registers, read by function 3. */
export const tableOf = (at: ModbusAddress): Table => at.table ?? 'holding';

export function baseOf(modbus: ModbusSection, table: Table): number | undefined {
  return typeof modbus.addressBase === 'number' ? modbus.addressBase : modbus.addressBase[table];
}

export type Indices = Readonly<Record<string, number>>;

/** A template with the indices that make a point of it. */
export interface Instance {
  readonly template: Point;
  /** Repeat in which the template stands, by its place in the profile; undefined outside repeats. */
  readonly repeat?: number;
  readonly indices: Indices;
}

/** Index values as they are written in ids and names: padded with zeros. */
export function indexTexts(repeat: Repeat, indices: Indices): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name of Object.keys(repeat.over))
    texts[name] = String(indices[name] ?? '').padStart(repeat.pad?.[name] ?? 1, '0');
  return texts;
}

/** Every combination of the ranges, the last index running fastest. */
export function* combinations(over: Readonly<Record<string, readonly [number, number]>>): Generator<Indices> {
  const names = Object.keys(over);
  const walk = function* (k: number, sofar: Indices): Generator<Indices> {
    const name = names[k];
    if (name === undefined) {
      yield sofar;
      return;
    }
    const [from, to] = over[name] ?? [0, -1];
    for (let value = from; value <= to; value++) yield* walk(k + 1, { ...sofar, [name]: value });
  };
  yield* walk(0, {});
}

/** 0-based place of an instance: strides first, then the slot of a packed state. `printed` is the manual's number. */
export function resolveAddress(
  instance: Instance,
  repeat: Repeat | undefined,
  modbus: ModbusSection,
  wordOrder: WordOrder,
): { readonly at: ResolvedModbus; readonly printed: number } | undefined {
  const { template, indices } = instance;
  const at = template.modbus;
  if (!at) return undefined;
  const table = tableOf(at);
  let printed = at.address ?? 0;
  for (const [name, stride] of Object.entries(at.strides ?? {}))
    printed += ((indices[name] ?? 0) - (repeat?.over[name]?.[0] ?? 0)) * stride;
  let bits: readonly [number, number] | undefined = at.bits ?? (at.bit === undefined ? undefined : [at.bit, at.bit]);
  if (at.packed) {
    const slot = (indices[at.packed.index] ?? 0) + at.packed.offset;
    const place = ((slot % at.packed.perWord) + at.packed.perWord) % at.packed.perWord;
    printed += Math.floor(slot / at.packed.perWord);
    const low = at.packed.order === 'low-first' ? place * at.packed.width : 16 - (place + 1) * at.packed.width;
    bits = [low, low + at.packed.width - 1];
  }
  return {
    printed,
    at: {
      table,
      address: printed - (baseOf(modbus, table) ?? 0),
      length: registerCount(template),
      wordOrder: at.wordOrder ?? wordOrder,
      ...(bits ? { bits } : {}),
      ...(template.type === 'enum' && at.of ? { of: at.of } : {}),
    },
  };
}

const fillText = (text: Text, texts: Readonly<Record<string, string>>): Text => ({
  zh: fillTemplate(text.zh, texts),
  en: fillTemplate(text.en, texts),
});

/** What the model point takes over from its template as it stands. */
const KEPT = [
  'field',
  'scale',
  'offset',
  'unit',
  'sentinels',
  'deadband',
  'invert',
  'enum',
  'expect',
] as const satisfies readonly (keyof Point & keyof ModelPoint)[];

function keptOf(template: Point): object {
  const kept: Record<string, unknown> = {};
  for (const key of KEPT) if (template[key] !== undefined) kept[key] = template[key];
  return kept;
}

/** The model point of an instance. `number` turns numbers-or-parameters into numbers. */
export function modelPoint(
  instance: Instance,
  repeat: Repeat | undefined,
  at: ResolvedModbus | undefined,
  row: PointListRow | undefined,
  number: (n: NonNullable<Point['range']>[number]) => number,
): ModelPoint {
  const { template } = instance;
  const texts = repeat ? indexTexts(repeat, instance.indices) : {};
  const sibling = (id: string) => fillTemplate(id, texts);
  const lane = template.lane ?? 'telemetry';
  return {
    ...keptOf(template),
    id: fillTemplate(template.id, texts),
    template: template.id,
    name: row?.name ?? fillText(template.name, texts),
    type: template.type,
    lane,
    poll: template.poll ?? DEFAULT_POLL[lane],
    ...(at ? { modbus: at } : {}),
    ...(template.decimalsFrom === undefined ? {} : { decimalsFrom: sibling(template.decimalsFrom) }),
    ...(template.unitFrom === undefined ? {} : { unitFrom: sibling(template.unitFrom) }),
    ...(template.validBit === undefined ? {} : { validBit: sibling(template.validBit) }),
    ...(template.range ? { range: [number(template.range[0]), number(template.range[1])] } : {}),
    ...(template.band ? { band: [number(template.band[0]), number(template.band[1])] } : {}),
    ...(row?.invert === true ? { invert: !(template.invert ?? false) } : {}),
    ...(row?.building === undefined ? {} : { building: row.building }),
    ...(row?.floor === undefined ? {} : { floor: row.floor }),
    ...(row?.place === undefined ? {} : { place: row.place }),
    ...(row?.about === undefined ? {} : { about: row.about }),
  };
}

/** Something wrong in the options: `option` is the path inside them; `row` the row of the point list. */
export interface OptionProblem {
  readonly option: Path;
  readonly message: string;
  readonly row?: PointListRow;
}

/** Which points a point list names: rows by repeat and instance, and rows of points outside repeats. */
export interface Listed {
  /** Key {@link instanceKey} → row, for rows that name one point. */
  readonly points: ReadonlyMap<string, PointListRow>;
  /** Key {@link instanceKey} without template → row, for rows that name an instance of a whole repeat. */
  readonly instances: ReadonlyMap<
    string,
    { readonly row: PointListRow; readonly repeat: number; readonly indices: Indices }
  >;
  readonly problems: readonly OptionProblem[];
}

export function instanceKey(repeat: number, indices: Indices, template = ''): string {
  let key = `${repeat}|${template}`;
  for (const name of Object.keys(indices).sort()) key += `|${name}=${indices[name]}`;
  return key;
}

/** Resolves the rows of a point list against the profile's templates (already narrowed by kind). */
export function readPointList(
  rows: readonly PointListRow[],
  plain: readonly Point[],
  repeats: readonly Repeat[],
  ranges: readonly Readonly<Record<string, readonly [number, number]>>[],
): Listed {
  const points = new Map<string, PointListRow>();
  const instances = new Map<string, { row: PointListRow; repeat: number; indices: Indices }>();
  const problems: OptionProblem[] = [];
  for (const row of rows) {
    const found = findTemplate(row, plain, repeats);
    if (typeof found === 'string') {
      problems.push({ option: ['pointList'], row, message: found });
      continue;
    }
    const outside = Object.entries(found.indices).find(([name, value]) => {
      const [from, to] = ranges[found.repeat]?.[name] ?? [-Infinity, Infinity];
      return value < from || value > to;
    });
    if (outside) {
      const [from, to] = ranges[found.repeat]?.[outside[0]] ?? [0, 0];
      problems.push({
        option: ['pointList'],
        row,
        message: `${outside[0]} ${outside[1]} is outside ${from} to ${to} of this device`,
      });
      continue;
    }
    if (found.template === undefined && row.invert !== undefined) {
      problems.push({
        option: ['pointList'],
        row,
        message: 'invert needs a value in column point: the indices name several points',
      });
      continue;
    }
    const key = instanceKey(found.repeat, found.indices, found.template);
    const whole = instances.get(key)?.row;
    const first = points.get(key) ?? (whole?.point === undefined ? whole : undefined);
    if (first) {
      problems.push({ option: ['pointList'], row, message: `names the same point as line ${first.line}` });
      continue;
    }
    if (found.template !== undefined) points.set(key, row);
    if (found.repeat >= 0) {
      const group = instanceKey(found.repeat, found.indices);
      if (found.template === undefined || !instances.has(group))
        instances.set(group, { row, repeat: found.repeat, indices: found.indices });
    }
  }
  return { points, instances, problems };
}

interface FoundTemplate {
  /** -1 outside repeats. */
  readonly repeat: number;
  readonly indices: Indices;
  /** Undefined when the row names all templates of the repeat. */
  readonly template?: string;
}

function findTemplate(row: PointListRow, plain: readonly Point[], repeats: readonly Repeat[]): FoundTemplate | string {
  if (row.point === undefined) return findByIndices(row, repeats);
  if (plain.some((p) => p.id === row.point)) return { repeat: -1, indices: {}, template: row.point };
  for (const [k, repeat] of repeats.entries())
    for (const template of repeat.points) {
      if (template.id === row.point) {
        const missing = placeholders(template.id).filter((name) => row.indices[name] === undefined);
        if (missing.length > 0) return `point ${row.point} needs a value in column ${missing.join(', ')}`;
        return { repeat: k, indices: pick(row.indices, Object.keys(repeat.over)), template: template.id };
      }
      const texts = indicesOf(template.id, row.point);
      if (!texts) continue;
      const indices = Object.fromEntries(Object.entries(texts).map(([name, digits]) => [name, Number(digits)]));
      const written = fillTemplate(template.id, indexTexts(repeat, indices));
      if (written !== row.point) return `unknown point ${row.point}; expected ${written}`;
      return { repeat: k, indices, template: template.id };
    }
  const all = [...plain, ...repeats.flatMap((r) => r.points)].map((p) => p.id);
  const near = nearest(row.point, all);
  return `unknown point ${row.point}; expected ${(near.length > 0 ? near : all.slice(0, 8)).join(', ')}`;
}

function findByIndices(row: PointListRow, repeats: readonly Repeat[]): FoundTemplate | string {
  const given = Object.keys(row.indices);
  const fitting = repeats.flatMap((r, k) => (sameNames(Object.keys(r.over), given) ? [k] : []));
  const listed = fitting.filter((k) => repeats[k]?.fromPointList === true);
  const chosen = listed.length > 0 ? listed : fitting;
  const [only] = chosen;
  if (only === undefined) {
    const sets = repeats.map((r) => Object.keys(r.over).join(' and '));
    return `expected a value in column point${sets.length > 0 ? `, or in ${sets.join(', or in ')}` : ''}`;
  }
  if (chosen.length > 1) return `column point is needed: the indices ${given.join(', ')} fit several groups of points`;
  const [single, ...others] = repeats[only]?.points ?? [];
  return { repeat: only, indices: row.indices, ...(single && others.length === 0 ? { template: single.id } : {}) };
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name) => b.includes(name));

const pick = (from: Indices, names: readonly string[]): Indices =>
  Object.fromEntries(names.map((name) => [name, from[name] ?? 0]));

/** Where a template stands in the profile file. */
export const templatePath = (repeat: number | undefined, index: number): Path =>
  repeat === undefined ? ['points', index] : ['repeat', repeat, 'points', index];
