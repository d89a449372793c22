// From a profile and what a site says about one device to the model that gateway and hub work with.
import { createHash } from 'node:crypto';
import { evaluateLimits } from './limits.ts';
import type { Condition } from './contract/signal.ts';
import { walkComparisons } from './contract/conditions.ts';
import type { NumberOrParam, Point, WordOrder } from './contract/point.ts';
import {
  OFFLINE_SIGNAL,
  ONLINE_POINT,
  UNKNOWN_CODE_SIGNAL,
  type DeviceKind,
  type DeviceModel,
  type Gb26875Model,
  type ModelPoint,
  type ModelSignal,
  type ProfileFile,
  type Repeat,
} from './contract/profile.ts';
import { ConfigError, nearest } from './config-error.ts';
import {
  DEVICE_POINTS_MAX,
  baseOf,
  combinations,
  instanceKey,
  modelPoint,
  readPointList,
  resolveAddress,
  type Instance,
  type OptionProblem,
} from './expand.ts';
import { grownPoints, grownSignals, NOTHING_LEARNED, type Learned } from './gb26875/grow.ts';
import { tablesOf } from './gb26875/tables.ts';
import { findOverlaps } from './overlaps.ts';
import type { PointListRow } from './point-list.ts';

/** A profile that was read, checked and frozen. */
export interface LoadedProfile {
  /** File name without `.yaml`: the name by which sites call it. */
  readonly name: string;
  readonly file: string;
  readonly profile: ProfileFile;
}

/** What a site may say about one device. */
export interface CompileOptions {
  /** One of the profile's kinds; default its first. */
  readonly kind?: DeviceKind;
  readonly params?: Readonly<Record<string, number>>;
  /** Narrower ranges of repeat indices, e.g. loop: [1, 2]. */
  readonly repeat?: Readonly<Record<string, readonly [number, number]>>;
  readonly pointList?: readonly PointListRow[];
  /** Of 32 and 64 bit values, where the profile's own is only a guess. */
  readonly wordOrder?: WordOrder;
  /** How often an MQTT device speaks, s, where its platform was set to something else than the profile says. */
  readonly expectEveryS?: number;
  /** What a GB/T 26875.3 device has told of so far. */
  readonly learned?: Learned;
  /** Models made so far by hash: an equal model is handed out again instead of a second copy. */
  readonly models?: Map<string, DeviceModel>;
}

export type Compiled =
  | { readonly model: DeviceModel; readonly problems?: undefined }
  | { readonly model?: undefined; readonly problems: readonly OptionProblem[] };

/**
 * The model of one device. Point `online` comes first, then the profile's points, then those of its repeats.
 * @throws ConfigError naming the option when the options do not fit the profile.
 */
export function compileDevice(loaded: LoadedProfile, options: CompileOptions = {}): DeviceModel {
  const compiled = tryCompile(loaded, options);
  if (compiled.model) return compiled.model;
  throw new ConfigError(
    compiled.problems.map(({ option, message, row }) => ({
      file: row?.file ?? loaded.file,
      ...(row ? { line: row.line } : {}),
      path: option.join('.'),
      message,
    })),
  );
}

/** As {@link compileDevice}, with problems as a value. */
export function tryCompile(loaded: LoadedProfile, options: CompileOptions): Compiled {
  const { profile } = loaded;
  const problems: OptionProblem[] = [];
  const kind = options.kind ?? profile.kind;
  const kinds = kindsOf(profile);
  if (!kinds.includes(kind))
    problems.push({ option: ['kind'], message: `expected one of ${kinds.join(', ')}; found "${kind}"` });
  const params = readParams(profile, options.params ?? {}, problems);
  const number = (n: NumberOrParam): number => (typeof n === 'number' ? n : (params[n.param] ?? Number.NaN));
  const ofKind = (p: { readonly kinds?: readonly DeviceKind[] }) => p.kinds?.includes(kind) ?? true;
  const points = expandPoints(profile, options, number, ofKind, problems);
  const { gb26875 } = profile;
  if (gb26875) {
    const learned = options.learned ?? NOTHING_LEARNED;
    const tables = tablesOf(gb26875.edition);
    points.push(...grownPoints(tables, learned));
    if (points.length > DEVICE_POINTS_MAX)
      problems.push({ option: [], message: `the device tells of more than ${DEVICE_POINTS_MAX} points` });
    if (problems.length > 0) return { problems };
    const { clockSet, ...plain } = gb26875;
    const section: Gb26875Model = {
      ...plain,
      expectEveryS: options.expectEveryS ?? plain.expectEveryS,
      ...(clockSet
        ? { clockSet: { offBeyondS: number(clockSet.offBeyondS), everyMinutes: number(clockSet.everyMinutes) } }
        : {}),
    };
    const made = { points: [onlinePoint(), ...points], signals: grownSignals(tables, learned), gb26875: section };
    return { model: finish(loaded, kind, made, options) };
  }
  const signals = (profile.signals ?? []).filter(ofKind).map((s): ModelSignal => {
    const { kinds: _, ...signal } = s;
    return { ...signal, when: fillParams(s.when, number) };
  });
  problems.push(...evaluateLimits(points, signals, params, options.params ?? {}));
  if (problems.length > 0) return { problems };
  return { model: finish(loaded, kind, { points: [onlinePoint(), ...points], signals }, options) };
}

export const kindsOf = (profile: Pick<ProfileFile, 'kind' | 'alsoKinds'>): DeviceKind[] => [
  profile.kind,
  ...(profile.alsoKinds ?? []),
];

function finish(
  loaded: LoadedProfile,
  kind: DeviceKind,
  made: Pick<DeviceModel, 'points' | 'signals' | 'gb26875'>,
  options: CompileOptions,
): DeviceModel {
  const { points, signals, gb26875 } = made;
  const { profile } = loaded;
  const { modbus } = profile;
  const body = {
    profile: loaded.name,
    kind,
    vendor: profile.vendor,
    model: profile.model,
    name: profile.name,
    edition: profile.edition,
    evidence: profile.evidence,
    ...(modbus ? { modbus } : {}),
    ...(profile.mqtt
      ? { mqtt: { ...profile.mqtt, expectEveryS: options.expectEveryS ?? profile.mqtt.expectEveryS } }
      : {}),
    ...(gb26875 ? { gb26875 } : {}),
    ...(modbus?.illegal
      ? {
          illegal: modbus.illegal.map(({ table, range: [from, to] }) => {
            const base = baseOf(modbus, table) ?? 0;
            return { table, from: from - base, to: to - base };
          }),
        }
      : {}),
    points,
    signals: [offlineSignal(), ...signals, ...unknownCodeSignals(points)],
  };
  const hash = createHash('sha256').update(canonicalJson(body)).digest('hex').slice(0, 32);
  const known = options.models?.get(hash);
  if (known) return known;
  const model: DeviceModel = deepFreeze({ hash, ...body });
  options.models?.set(hash, model);
  return model;
}

// ── Parameters ──────────────────────────────────────────────────────────────────────────────────────────────────────

function readParams(
  profile: ProfileFile,
  given: Readonly<Record<string, number>>,
  problems: OptionProblem[],
): Record<string, number> {
  const known = profile.params ?? {};
  for (const [name, value] of Object.entries(given)) {
    const param = Object.hasOwn(known, name) ? known[name] : undefined;
    const option = ['params', name];
    if (!param) {
      const names = Object.keys(known);
      const hint = names.length === 0 ? 'the profile has none' : `expected one of ${names.join(', ')}`;
      problems.push({ option, message: `unknown parameter "${name}"; ${hint}` });
    } else if (param.range && !(value >= param.range[0] && value <= param.range[1]))
      problems.push({
        option,
        message: `expected ${param.range[0]} to ${param.range[1]} ${param.unit ?? ''}`.trim() + `; found ${value}`,
      });
  }
  return Object.fromEntries(
    Object.entries(known).map(([name, p]) => [
      name,
      Object.hasOwn(given, name) ? (given[name] ?? p.default) : p.default,
    ]),
  );
}

const LIMITS = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const;

function fillParams(when: Condition, number: (n: NumberOrParam) => number): Condition {
  if ('all' in when) return { all: when.all.map((c) => fillParams(c, number)) };
  if ('any' in when) return { any: when.any.map((c) => fillParams(c, number)) };
  if ('not' in when) return { not: fillParams(when.not, number) };
  const filled = { ...when };
  for (const key of LIMITS) {
    const limit = when[key];
    if (limit !== undefined) filled[key] = number(limit);
  }
  return filled;
}

/** Names of all parameters that a condition uses. */
export function paramsIn(when: Condition): string[] {
  const names: string[] = [];
  walkComparisons(when, (c) => {
    for (const key of LIMITS) {
      const limit = c[key];
      if (typeof limit === 'object') names.push(limit.param);
    }
  });
  return names;
}

// ── Points ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function expandPoints(
  profile: ProfileFile,
  options: CompileOptions,
  number: (n: NumberOrParam) => number,
  ofKind: (p: Point) => boolean,
  problems: OptionProblem[],
): ModelPoint[] {
  const plain = (profile.points ?? []).filter(ofKind);
  const repeats = (profile.repeat ?? []).map((r) => ({ ...r, points: r.points.filter(ofKind) }));
  const ranges = narrow(repeats, options.repeat ?? {}, problems);
  const listed = readPointList(options.pointList ?? [], plain, repeats, ranges);
  problems.push(...listed.problems);

  const make = (instance: Instance, row: PointListRow | undefined): ModelPoint => {
    const repeat = instance.repeat === undefined ? undefined : repeats[instance.repeat];
    const { modbus } = profile;
    const order = options.wordOrder ?? modbus?.wordOrder ?? 'ABCD';
    const at = modbus ? resolveAddress(instance, repeat, modbus, order)?.at : undefined;
    if (row?.invert !== undefined && instance.template.type !== 'bool')
      problems.push({
        option: ['pointList'],
        row,
        message: `invert is for bool points; this one is ${instance.template.type}`,
      });
    return modelPoint(instance, repeat, at, row, number);
  };

  const points = plain.map((template) =>
    make({ template, indices: {} }, listed.points.get(instanceKey(-1, {}, template.id))),
  );
  const unlisted = listed.instances.size === 0;
  repeats.forEach((repeat, k) => {
    const all = repeat.fromPointList
      ? [...listed.instances.values()].filter((i) => i.repeat === k).map((i) => i.indices)
      : combinations(ranges[k] ?? {});
    for (const indices of all) {
      const whole = unlisted ? undefined : listed.instances.get(instanceKey(k, indices))?.row;
      for (const template of repeat.points) {
        const own = unlisted ? undefined : listed.points.get(instanceKey(k, indices, template.id));
        // A row that names one point says nothing about its siblings, except where the whole instance stands.
        if (repeat.fromPointList && !own && whole?.point !== undefined) continue;
        if (points.length >= DEVICE_POINTS_MAX) break;
        points.push(make({ template, repeat: k, indices }, own ?? nameFor(whole, template)));
      }
    }
  });
  if (points.length >= DEVICE_POINTS_MAX)
    problems.push({ option: ['repeat'], message: `more than ${DEVICE_POINTS_MAX} points; narrow the repeat` });
  if (repeats.some((r) => r.fromPointList))
    for (const { a, b, message } of findOverlaps(points))
      problems.push({ option: ['pointList'], message: `points ${a.id} and ${b.id}: ${message}` });
  return points;
}

/**
 * A row that names a whole instance names each of its points by the row's words and the point's own; a row that names a
 * sibling says only where they are.
 */
function nameFor(row: PointListRow | undefined, template: Point): PointListRow | undefined {
  if (!row) return undefined;
  const { name, invert: _, ...place } = row;
  if (row.point !== undefined || !name) return place;
  const own = (text: string) => text.replace(/\s*\{[a-z]+\}/g, '');
  return { ...place, name: { zh: `${name.zh} ${own(template.name.zh)}`, en: `${name.en} ${own(template.name.en)}` } };
}

type Ranges = Readonly<Record<string, readonly [number, number]>>;

function narrow(repeats: readonly Repeat[], given: Ranges, problems: OptionProblem[]): Ranges[] {
  const known = [...new Set(repeats.flatMap((r) => Object.keys(r.over)))];
  for (const [name, [from, to]] of Object.entries(given)) {
    const option = ['repeat', name];
    const full = repeats.flatMap((r) => (r.over[name] ? [r.over[name]] : []));
    const [first] = full;
    if (!first) {
      const near = nearest(name, known);
      const hint =
        known.length === 0
          ? 'the profile repeats nothing'
          : `expected one of ${(near.length > 0 ? near : known).join(', ')}`;
      problems.push({ option, message: `unknown index "${name}"; ${hint}` });
    } else if (!(from <= to && full.every(([low, high]) => from >= low && to <= high)))
      problems.push({ option, message: `expected a range within ${first[0]} to ${first[1]}; found ${from} to ${to}` });
  }
  return repeats.map((r) =>
    Object.fromEntries(Object.entries(r.over).map(([name, full]) => [name, given[name] ?? full])),
  );
}

// ── What every device has ───────────────────────────────────────────────────────────────────────────────────────────

const onlinePoint = (): ModelPoint => ({
  id: ONLINE_POINT,
  template: ONLINE_POINT,
  name: { zh: '在线', en: 'Online' },
  type: 'bool',
  lane: 'safety',
  poll: 'safety',
  enum: { '0': { zh: '离线', en: 'Offline' }, '1': { zh: '在线', en: 'Online' } },
});

const offlineSignal = (): ModelSignal => ({
  id: OFFLINE_SIGNAL,
  class: 'COMMS',
  point: ONLINE_POINT,
  when: { eq: 0 },
  text: { zh: '设备离线', en: 'Device offline' },
});

/** Id of the implicit signal for an enum: `unknown-code-` and the template without braces, in lower case. */
export const unknownCodeId = (template: string): string =>
  `${UNKNOWN_CODE_SIGNAL}-${template.toLowerCase().replace(/[{}]/g, '').replace(/_/g, '-')}`;

function unknownCodeSignals(points: readonly ModelPoint[]): ModelSignal[] {
  const templates = new Set(points.filter((p) => p.type === 'enum' && p.lane === 'safety').map((p) => p.template));
  return [...templates].map((point) => ({
    id: unknownCodeId(point),
    class: 'FAULT',
    point,
    when: { reason: 'unknown-code' },
    text: { zh: '未知代码', en: 'Unknown code' },
    advice: {
      zh: '设备上报了设备档案中没有的代码。先到设备本身确认状态，再把代码补进档案。',
      en: 'The device reports a code that its profile does not know. Check the device itself first, then add the code.',
    },
  }));
}

// ── Identity ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** JSON with sorted keys and no blanks: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`)
      .join(',')}}`;
  return JSON.stringify(value);
}

export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
