// What the schema can't say of a profile as a whole: sections, parameters, repeats, addresses and overlaps.
import type { DeviceKind } from './contract/kinds.ts';
import { fillTemplate } from './contract/conditions.ts';
import type { NumberOrParam } from './contract/point.ts';
import type { ModbusSection, ProfileFile, Repeat } from './contract/profile.ts';
import type { Path } from './config-error.ts';
import { checkPoints, type PlacedPoint, type ProfileParts, type Report } from './check-points.ts';
import { checkSignals, type PlacedSignal } from './check-signals.ts';
import { paramsIn, unknownCodeId } from './compile.ts';
import {
  DEVICE_POINTS_MAX,
  baseOf,
  combinations,
  indexTexts,
  isBitTable,
  modelPoint,
  resolveAddress,
  tableOf,
} from './expand.ts';
import { GB26875_EDITIONS } from './gb26875/tables.ts';
import { evaluateLimits } from './limits.ts';
import { findOverlaps, type Occupant } from './overlaps.ts';

type Params = NonNullable<ProfileFile['params']>;

/** Parts of a profile file that fit their schema (see `profileParts` in load.ts). */
export interface CheckedParts extends ProfileParts {
  readonly repeats: readonly { readonly value: Repeat; readonly path: Path }[];
  readonly signals: readonly PlacedSignal[];
  readonly params: Params;
}

/** Registers, and bits of a coil or discrete table, that the protocol can address. */
const WIRE_ADDRESS_MAX = 0xffff;
const REGISTERS_PER_READ = 125;
const SIGNAL_ID_CHARS_MAX = 64;

/** Reports every problem of meaning; `complete` says that every part fitted, so that totals can be judged too. */
export function checkProfile(parts: CheckedParts, complete: boolean, report: Report): void {
  const sections = (['modbus', 'mqtt', 'gb26875'] as const).filter((name) => parts.sections.has(name));
  if (sections.length === 0)
    report([], 'expected a modbus, an mqtt or a gb26875 section: nothing says how the device is read');
  const byItself = sections.includes('gb26875');
  checkGb26875Section(parts, byItself, report);
  checkModbusSection(parts, report);
  checkMqttSection(parts, report);
  checkRepeats(parts, report);
  checkPoints(parts, report);
  checkSignals(parts, parts.signals, parts.params, report);
  for (const { point, path } of parts.points)
    if (point.type === 'enum' && point.lane === 'safety' && unknownCodeId(point.id).length > SIGNAL_ID_CHARS_MAX)
      report([...path, 'id'], `too long for the name of its signal "${unknownCodeId(point.id)}"`);
  if (complete) {
    checkParams(parts, report);
    if (parts.points.length === 0 && !byItself) report([], 'expected at least one point');
  }
}

function checkModbusSection(parts: CheckedParts, report: Report): void {
  const { modbus } = parts;
  if (!modbus) return;
  const tables = new Set(parts.points.flatMap(({ point }) => (point.modbus ? [tableOf(point.modbus)] : [])));
  for (const table of tables)
    if (baseOf(modbus, table) === undefined)
      report(['modbus', 'addressBase'], `expected the base of table ${table}, which points use`);
  modbus.illegal?.forEach(({ table, range: [from, to] }, k) => {
    if (from > to) report(['modbus', 'illegal', k, 'range'], `expected [first, last]; found [${from}, ${to}]`);
    const base = baseOf(modbus, table);
    if (base !== undefined && from < base)
      report(['modbus', 'illegal', k, 'range'], `${from} is below the address base ${base} of table ${table}`);
  });
}

/** The tables of the edition give the points and signals; whatever a profile would add could contradict them. */
function checkGb26875Section(parts: CheckedParts, written: boolean, report: Report): void {
  if (!written) return;
  const { edition } = parts.gb26875 ?? {};
  if (edition !== undefined && !Object.hasOwn(GB26875_EDITIONS, edition))
    report(['gb26875', 'edition'], `expected one of ${Object.keys(GB26875_EDITIONS).join(', ')}; found "${edition}"`);
  for (const name of ['modbus', 'mqtt'])
    if (parts.sections.has(name)) report([name], 'a gb26875 profile has no other section');
  if (parts.points.length > 0) report([], 'points of a gb26875 profile come from its tables; remove points and repeat');
  if (parts.signals.length > 0) report(['signals'], 'signals of a gb26875 profile come from its tables: expected []');
}

const VARIABLE = /\{([a-z][A-Za-z0-9]*)\}/gu;

/** Names of the {variables} in a topic. */
export const topicVariables = (topic: string): string[] => [...topic.matchAll(VARIABLE)].map((m) => m[1] ?? '');

function checkMqttSection({ mqtt }: CheckedParts, report: Report): void {
  if (!mqtt) return;
  const bare = mqtt.topic.replace(VARIABLE, 'x');
  if (/[{}]/u.test(bare)) report(['mqtt', 'topic'], 'expected variables like {serial}');
  if (/[+#\0]/u.test(bare) || bare.startsWith('/') || bare.startsWith('$'))
    report(['mqtt', 'topic'], 'expected the topic of one device, without + # or a leading / or $');
  if (topicVariables(mqtt.topic).length === 0)
    report(['mqtt', 'topic'], 'expected at least one {variable}: two devices can not share a topic');
  if (mqtt.codec === 'json') return;
  if (mqtt.time) report(['mqtt', 'time'], `codec ${mqtt.codec} knows its own time; remove it`);
  if (mqtt.identity && mqtt.identity.field !== 'id')
    report(['mqtt', 'identity', 'field'], `codec ${mqtt.codec} has the identity "id"; found "${mqtt.identity.field}"`);
}

function checkRepeats(parts: CheckedParts, report: Report): void {
  for (const { value, path } of parts.repeats) {
    const names = Object.keys(value.over);
    if (names.length === 0) report([...path, 'over'], 'expected at least one index');
    let count = value.points.length;
    for (const [name, [from, to]] of Object.entries(value.over)) {
      if (from > to) report([...path, 'over', name], `expected [first, last]; found [${from}, ${to}]`);
      count *= Math.max(0, to - from + 1);
    }
    if (count > DEVICE_POINTS_MAX) report([...path, 'over'], `makes ${count} points; at most ${DEVICE_POINTS_MAX}`);
    for (const name of Object.keys(value.pad ?? {}))
      if (!names.includes(name))
        report([...path, 'pad', name], `no index of this repeat; expected ${names.join(', ')}`);
  }
}

function checkParams(parts: CheckedParts, report: Report): void {
  const used = new Set(parts.signals.flatMap(({ signal }) => paramsIn(signal.when)));
  for (const { point, path } of parts.points)
    for (const key of ['range', 'band'] as const)
      for (const n of point[key] ?? [])
        if (typeof n === 'object') {
          used.add(n.param);
          if (!Object.hasOwn(parts.params, n.param)) report([...path, key], `unknown parameter "${n.param}"`);
        }
  for (const [key, n] of Object.entries(parts.gb26875?.clockSet ?? {}))
    if (typeof n === 'object') {
      used.add(n.param);
      if (!Object.hasOwn(parts.params, n.param)) report(['gb26875', 'clockSet', key], `unknown parameter "${n.param}"`);
    }
  for (const [name, p] of Object.entries(parts.params)) {
    if (!used.has(name)) report(['params', name], 'nothing uses this parameter');
    if (p.range && !(p.range[0] < p.range[1])) report(['params', name, 'range'], 'expected [low, high]');
    else if (p.range && (p.default < p.range[0] || p.default > p.range[1]))
      report(['params', name, 'default'], `expected ${p.range[0]} to ${p.range[1]}; found ${p.default}`);
  }
}

/**
 * Expands everything for each kind and looks at the places: below the base, past the end, inside a forbidden range,
 * longer than a read, on top of each other. Only for profiles that have no other problem.
 */
export function checkPlaces(parts: CheckedParts, report: Report): void {
  const told = new Set<string>();
  const once = (path: Path, message: string) => {
    const key = `${path.join('.')} ${message}`;
    if (!told.has(key)) report(path, message);
    told.add(key);
  };
  const made = parts.points.map((p) => ({ p, made: expandPlaced(p, parts, once) }));
  for (const kind of parts.kinds) {
    const ofKind = made.filter(({ p }) => p.point.kinds?.includes(kind) ?? true);
    const listed = ofKind.filter(({ p }) => p.repeat?.value.fromPointList === true);
    const always = ofKind.filter(({ p }) => p.repeat?.value.fromPointList !== true).flatMap((x) => x.made);
    // Templates that only a point list brings to life may share registers: the list chooses between them.
    for (const group of listed.length === 0 ? [[]] : listed.map((x) => x.made))
      for (const { a, b, message } of findOverlaps([...always, ...group]))
        once(b.placed.path, `${b.id} and ${a.id}: ${message}`);
    const ids = new Map<string, PlacedPoint>();
    for (const { id, placed } of ofKind.flatMap((x) => x.made)) {
      const other = ids.get(id);
      if (other && other !== placed) once([...placed.path, 'id'], `makes the id ${id}, and so does ${other.point.id}`);
      ids.set(id, placed);
    }
    checkLimits(
      parts,
      kind,
      ofKind.map(({ p }) => p),
      once,
    );
  }
}

function checkLimits(parts: CheckedParts, kind: DeviceKind, placed: readonly PlacedPoint[], report: Report): void {
  const params = Object.fromEntries(Object.entries(parts.params).map(([name, p]) => [name, p.default]));
  const number = (n: NumberOrParam) => (typeof n === 'number' ? n : (params[n.param] ?? 0));
  const signals = parts.signals.filter(({ signal }) => signal.kinds?.includes(kind) ?? true);
  const templates = placed.map(({ point }) =>
    modelPoint({ template: point, indices: {} }, undefined, undefined, undefined, number),
  );
  const found = evaluateLimits(
    templates,
    signals.map((s) => s.signal),
    params,
    {},
  );
  for (const { template, signal, message } of found) {
    const where =
      signal === undefined ? placed.find((p) => p.point.id === template) : signals.find((s) => s.signal.id === signal);
    report(where?.path ?? [], message);
  }
}

/** A point made from a template, as far as places are concerned. */
interface MadePoint extends Occupant {
  readonly placed: PlacedPoint;
}

function expandPlaced(placed: PlacedPoint, parts: CheckedParts, report: Report): MadePoint[] {
  const { point, path, repeat } = placed;
  const { modbus } = parts;
  const points: MadePoint[] = [];
  for (const indices of repeat ? combinations(repeat.value.over) : [{}]) {
    const found = modbus
      ? resolveAddress({ template: point, indices }, repeat?.value, modbus, modbus.wordOrder ?? 'ABCD')
      : undefined;
    if (found && modbus) checkAddress(found, modbus, [...path, 'modbus'], report);
    points.push({
      id: repeat ? fillTemplate(point.id, indexTexts(repeat.value, indices)) : point.id,
      type: point.type,
      placed,
      ...(found ? { modbus: found.at } : {}),
    });
  }
  return points;
}

function checkAddress(
  { at, printed }: NonNullable<ReturnType<typeof resolveAddress>>,
  modbus: ModbusSection,
  place: Path,
  report: Report,
): void {
  const base = printed - at.address;
  const end = at.address + at.length - 1;
  const most = (modbus.maxRegisters ?? REGISTERS_PER_READ) * (isBitTable(at.table) ? 16 : 1);
  if (at.address < 0) report(place, `address ${printed} is below the address base ${base} of table ${at.table}`);
  else if (end > WIRE_ADDRESS_MAX) report(place, `address ${printed} is past the last address of the protocol`);
  if (at.length > most) report(place, `${at.length} registers are more than the ${most} of one read`);
  for (const { table, range } of modbus.illegal ?? [])
    if (table === at.table && printed <= range[1] && end + base >= range[0])
      report(place, `address ${printed} is inside the illegal range ${range[0]} to ${range[1]}`);
}
