// What the schema can't say of points: types and addresses that are impossible together, companions, repeats.
import { placeholders } from './contract/conditions.ts';
import type { ModbusAddress, Point, PointType } from './contract/point.ts';
import {
  CODEC_FIELDS,
  ONLINE_POINT,
  type DeviceKind,
  type Gb26875Section,
  type ModbusSection,
  type MqttSection,
  type Repeat,
} from './contract/profile.ts';
import { PASCALS, unitFactor } from './contract/units.ts';
import { nearest, type Path } from './config-error.ts';
import { isBitTable, registerCount, tableOf } from './expand.ts';

/** A point of a profile file and where it stands in it. */
export interface PlacedPoint {
  readonly point: Point;
  readonly path: Path;
  /** The repeat around it and that repeat's place in the file. */
  readonly repeat?: { readonly value: Repeat; readonly index: number };
}

/** The parts of a profile that fit their schema; broken parts are left out so that the rest can still be checked. */
export interface ProfileParts {
  readonly kinds: readonly DeviceKind[];
  readonly modbus?: ModbusSection;
  readonly mqtt?: MqttSection;
  readonly gb26875?: Gb26875Section;
  /** Whether a section of that name is written, fitting or not. */
  readonly sections: ReadonlySet<string>;
  readonly points: readonly PlacedPoint[];
  /** Ids of all points, also of those that do not fit their schema. */
  readonly ids: ReadonlySet<string>;
}

export type Report = (path: Path, message: string) => void;

const WHOLE: readonly PointType[] = ['int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'bcd16', 'bcd32', 'bits'];
const NUMERIC: readonly PointType[] = [...WHOLE, 'float32', 'float64'];
const WIDE: readonly PointType[] = ['int32', 'uint32', 'int64', 'uint64', 'float32', 'float64', 'bcd32'];
const MESSAGE_TYPES: readonly PointType[] = [
  'bool',
  'word',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float32',
  'float64',
  'string',
  'enum',
];

export const isWhole = (p: Point): boolean =>
  ((WHOLE.includes(p.type) && p.scale === undefined && p.offset === undefined && p.decimalsFrom === undefined) ||
    p.type === 'word' ||
    p.type === 'enum' ||
    p.type === 'bool') &&
  p.unitFrom === undefined;
export const isNumeric = (p: Point): boolean => NUMERIC.includes(p.type);

/** Bits of the raw integer of a point; 0 where it is none. */
export function bitWidth(p: Point): number {
  if (p.type === 'bool') return 1;
  if (p.modbus?.packed) return p.modbus.packed.width;
  if (p.modbus?.bits) return p.modbus.bits[1] - p.modbus.bits[0] + 1;
  if (p.type === 'float32' || p.type === 'float64' || p.type === 'string') return 0;
  return registerCount(p) * 16;
}

export function checkPoints(parts: ProfileParts, report: Report): void {
  const seen = new Map<string, { readonly path: Path; readonly point: Point }[]>();
  for (const { point, path } of parts.points) {
    const before = seen.get(point.id) ?? [];
    if (before.some((b) => shareKind(b.point, point)))
      report([...path, 'id'], `point id "${point.id}" is declared twice`);
    seen.set(point.id, [...before, { path, point }]);
    if (point.id === ONLINE_POINT)
      report([...path, 'id'], `"${ONLINE_POINT}" is the point that every device has by itself`);
  }
  for (const placed of parts.points) {
    checkKinds(placed.point.kinds, parts, [...placed.path, 'kinds'], report);
    checkMeaning(placed, report);
    checkSource(placed, parts, report);
    checkCompanions(placed, parts, report);
    checkTemplate(placed, report);
  }
}

export function checkKinds(
  kinds: readonly DeviceKind[] | undefined,
  parts: Pick<ProfileParts, 'kinds'>,
  path: Path,
  report: Report,
): void {
  for (const kind of kinds ?? [])
    if (!parts.kinds.includes(kind)) report(path, `the profile is not for ${kind}; expected ${parts.kinds.join(', ')}`);
}

/** Whether a device of some kind would have both. */
export const shareKind = (
  a: { readonly kinds?: readonly DeviceKind[] },
  b: { readonly kinds?: readonly DeviceKind[] },
): boolean => !a.kinds || !b.kinds || a.kinds.some((k) => b.kinds?.includes(k) === true);

/** Keys that only some types can have. */
function checkMeaning({ point: p, path }: PlacedPoint, report: Report): void {
  const only = (key: keyof Point, fits: boolean, types: string) => {
    if (p[key] !== undefined && !fits) report([...path, key], `only for ${types}; this point is ${p.type}`);
  };
  const numeric = isNumeric(p);
  for (const key of ['scale', 'offset', 'range', 'band', 'deadband', 'unit', 'decimalsFrom', 'unitFrom'] as const)
    only(key, numeric, 'numbers');
  only('invert', p.type === 'bool', 'bool');
  only('enum', p.type === 'enum' || p.type === 'bool', 'enum and bool');
  only('sentinels', p.type !== 'bool' && p.type !== 'string', 'numbers, words and enums');
  if (p.scale === 0) report([...path, 'scale'], 'expected a number other than 0');
  if (p.type === 'enum' && Object.keys(p.enum ?? {}).length === 0)
    report(path, 'enum is missing: expected the table of codes and their words');
  const codes = Object.keys(p.enum ?? {});
  if (p.type === 'bool')
    for (const code of codes) if (code !== '0' && code !== '1') report([...path, 'enum', code], 'a bool is 0 or 1');
  for (const code of codes)
    if (String(Number(code)) !== code) report([...path, 'enum', code], `expected the code as ${Number(code)}`);
  const width = bitWidth(p);
  p.sentinels?.forEach((s, k) => {
    if (typeof s === 'number') return;
    const place = [...path, 'sentinels', k];
    if (width === 0) report(place, `bits of ${p.type} mean nothing; expected a number`);
    else if ((s.bits && (s.bits[0] > s.bits[1] || s.bits[1] >= width)) || s.unless?.some((bit) => bit >= width))
      report(place, `expected bits within 0 to ${width - 1}, low before high`);
    else if (s.bits && (s.eq < 0 || s.eq >= 2 ** (s.bits[1] - s.bits[0] + 1)))
      report(place, `eq ${s.eq} does not fit its bits`);
  });
  const { expect } = p;
  if (expect !== undefined && (typeof expect === 'string') !== (p.type === 'string'))
    report(
      [...path, 'expect'],
      `expected ${p.type === 'string' ? 'text' : 'a number'}; found ${JSON.stringify(expect)}`,
    );
  if (expect !== undefined && p.field !== undefined) report([...path, 'expect'], 'only for registers');
  if (p.lane === 'safety' && p.type === 'string')
    report([...path, 'lane'], 'no signal can read text; expected telemetry');
}

/** Where it comes from: exactly one of register and message field, and a section that says how to get it. */
function checkSource({ point: p, path, repeat }: PlacedPoint, parts: ProfileParts, report: Report): void {
  if ((p.modbus === undefined) === (p.field === undefined)) {
    report(path, 'expected exactly one of modbus (an address) and field (in a message)');
    return;
  }
  if (p.modbus) {
    if (!parts.sections.has('modbus')) report([...path, 'modbus'], 'the profile has no modbus section');
    checkAddress(p, p.modbus, repeat !== undefined, path, report);
    return;
  }
  if (!parts.sections.has('mqtt')) report([...path, 'field'], 'the profile has no mqtt section');
  if (!MESSAGE_TYPES.includes(p.type))
    report([...path, 'type'], `a message field is one of ${MESSAGE_TYPES.join(', ')}`);
  if (repeat) report(path, 'message fields do not repeat; expected modbus');
  for (const key of ['decimalsFrom', 'unitFrom', 'validBit'] as const)
    if (p[key] !== undefined) report([...path, key], 'only for registers');
  if (parts.mqtt && p.field !== undefined) checkField(p, p.field, parts.mqtt, path, report);
}

function checkField(p: Point, field: string, mqtt: MqttSection, path: Path, report: Report): void {
  if (mqtt.codec === 'json') {
    if (!/^(\/([^~/]|~[01])*)+$/u.test(field))
      report([...path, 'field'], `expected a JSON pointer like /a/b; found "${field}"`);
    return;
  }
  const fields: Readonly<Record<string, string>> = CODEC_FIELDS[mqtt.codec];
  if (!Object.hasOwn(fields, field)) {
    const near = nearest(field, Object.keys(fields));
    const hint = (near.length > 0 ? near : Object.keys(fields)).join(', ');
    report([...path, 'field'], `codec ${mqtt.codec} has no field "${field}"; expected ${hint}`);
  } else if ((p.unit ?? '') !== fields[field] && fields[field] !== '')
    report([...path, 'field'], `codec ${mqtt.codec} gives ${field} in ${fields[field]}; found unit "${p.unit ?? ''}"`);
}

function checkAddress(p: Point, at: ModbusAddress, repeated: boolean, path: Path, report: Report): void {
  const place = [...path, 'modbus'];
  const bad = (key: keyof ModbusAddress, message: string) => report([...place, key], message);
  if (at.address === undefined) report(place, 'address is missing: expected the number as the manual prints it');
  const ways = (['bit', 'bits', 'packed'] as const).filter((k) => at[k] !== undefined);
  if (ways.length > 1) report(place, `expected only one of bit, bits and packed; found ${ways.join(', ')}`);
  if (isBitTable(tableOf(at))) {
    if (p.type !== 'bool')
      report([...path, 'type'], `table ${tableOf(at)} holds single bits: expected bool; found ${p.type}`);
    for (const way of ways) bad(way, `table ${tableOf(at)} holds single bits; remove ${way}`);
  } else if (p.type === 'bool' && at.bit === undefined && !at.packed)
    report(place, `bit is missing: a bool in table ${tableOf(at)} is one bit of a register`);
  else if (p.type === 'bits' && !at.bits && !at.packed) report(place, 'bits is missing: expected [low, high]');
  if (at.bit !== undefined && p.type !== 'bool') bad('bit', `only for bool; this point is ${p.type}`);
  if (at.bits && p.type !== 'bits' && p.type !== 'enum') bad('bits', `only for bits and enum; this point is ${p.type}`);
  if (at.bits && at.bits[0] > at.bits[1]) bad('bits', `expected [low, high]; found [${at.bits.join(', ')}]`);
  if (at.bits && at.bits[1] > 15) bad('bits', `a register has bits 0 to 15; found ${at.bits[1]}`);
  if (at.of !== undefined && (p.type !== 'enum' || at.bits)) bad('of', 'only for an enum that is a whole number');
  if (p.type === 'string' && at.length === undefined)
    report(place, 'length is missing: expected the number of registers of the text');
  if (at.length !== undefined && p.type !== 'string')
    bad('length', `only for string; the length of ${p.type} is fixed`);
  if (at.wordOrder !== undefined && !WIDE.includes(p.type) && p.type !== 'string' && registerCount(p) === 1)
    bad('wordOrder', `only for values of several registers; this point is ${p.type}`);
  if (p.type === 'string' && (at.wordOrder === 'CDAB' || at.wordOrder === 'DCBA'))
    bad('wordOrder', 'text has its registers in order; expected ABCD or BADC');
  if (!repeated) for (const key of ['strides', 'packed'] as const) if (at[key]) bad(key, 'only inside a repeat');
  if (at.packed) checkPacked(p, at.packed, place, report);
}

function checkPacked(p: Point, packed: NonNullable<ModbusAddress['packed']>, place: Path, report: Report): void {
  if (packed.width * packed.perWord > 16)
    report([...place, 'packed'], `${packed.perWord} fields of ${packed.width} bits do not fit a register of 16`);
  if (!['bool', 'bits', 'enum'].includes(p.type))
    report([...place, 'packed'], `only for bool, bits and enum; this point is ${p.type}`);
  if (p.type === 'bool' && packed.width !== 1)
    report([...place, 'packed', 'width'], `expected 1 for a bool; found ${packed.width}`);
}

/** Decimals, unit and validity come from other points of the same device. */
function checkCompanions({ point: p, path, repeat }: PlacedPoint, parts: ProfileParts, report: Report): void {
  for (const key of ['decimalsFrom', 'unitFrom', 'validBit'] as const) {
    const id = p[key];
    if (id === undefined) continue;
    const found = parts.points.find((o) => o.point.id === id && shareKind(o.point, p));
    if (!found) {
      if (!parts.ids.has(id)) report([...path, key], unknownPoint(id, parts.ids));
      continue;
    }
    const other = found.point;
    if (found.repeat && found.repeat.index !== repeat?.index) report([...path, key], `${id} is in another repeat`);
    if (other.modbus === undefined) report([...path, key], `${id} is not a register`);
    if (key === 'validBit' && other.type !== 'bool')
      report([...path, key], `expected a bool point; ${id} is ${other.type}`);
    if (key === 'decimalsFrom' && !(isWhole(other) && isNumeric(other)))
      report([...path, key], `expected a whole number without scale; ${id} is ${other.type}`);
    if (key === 'unitFrom') checkUnits(p, other, path, report);
  }
}

function checkUnits(p: Point, codes: Point, path: Path, report: Report): void {
  const symbols = Object.keys(PASCALS).join(', ');
  if (p.unit === undefined || !Object.hasOwn(PASCALS, p.unit))
    report([...path, 'unitFrom'], `unit must be one of ${symbols}; found ${JSON.stringify(p.unit ?? null)}`);
  if (codes.type !== 'enum')
    report([...path, 'unitFrom'], `expected an enum of unit symbols; ${codes.id} is ${codes.type}`);
  for (const words of Object.values(codes.enum ?? {}))
    if (unitFactor(words.en, 'Pa') === undefined)
      report([...path, 'unitFrom'], `${codes.id} has the unit "${words.en}"; expected one of ${symbols}`);
}

export function unknownPoint(id: string, ids: ReadonlySet<string>): string {
  const near = nearest(id, ids);
  return `unknown point "${id}"${near.length > 0 ? `; did you mean ${near.join(', ')}?` : ''}`;
}

/** Ids and names must tell the points of a repeat apart; outside a repeat there is nothing to fill in. */
function checkTemplate({ point: p, path, repeat }: PlacedPoint, report: Report): void {
  const names = repeat ? Object.keys(repeat.value.over) : [];
  const used = placeholders(p.id);
  for (const name of used)
    if (!names.includes(name))
      report([...path, 'id'], repeat ? `{${name}} is no index of this repeat` : `{${name}} needs a repeat`);
  if (/[{}]/u.test(p.id.replace(/\{[a-z]+\}/gu, '')))
    report([...path, 'id'], 'expected braces only around an index, like {n}');
  if (/\}\{/u.test(p.id))
    report([...path, 'id'], 'expected something between two indices, or ids could not be told apart');
  for (const lang of ['zh', 'en'] as const)
    for (const name of placeholders(p.name[lang]))
      if (!names.includes(name)) report([...path, 'name', lang], `{${name}} is no index here`);
  if (!repeat) return;
  for (const name of names) {
    if (!used.includes(name)) report([...path, 'id'], `expected {${name}} in the id`);
    for (const lang of ['zh', 'en'] as const)
      if (!placeholders(p.name[lang]).includes(name)) report([...path, 'name', lang], `expected {${name}} in the name`);
  }
  for (const name of Object.keys(p.modbus?.strides ?? {}))
    if (!names.includes(name))
      report([...path, 'modbus', 'strides', name], `no index of this repeat; expected ${names.join(', ')}`);
  const packed = p.modbus?.packed?.index;
  if (packed !== undefined && !names.includes(packed))
    report([...path, 'modbus', 'packed', 'index'], `no index of this repeat; expected ${names.join(', ')}`);
}
