// What a signal's condition means: which points it reads, and whether it is true, false or unknown right now.
// Pure; the hub evaluates conditions with this from the births alone (signals by template id, points with `template`).
//
// How a template becomes points. Inside a repeat a point's id is a template such as `det-{loop}-{n}`; the points made
// from it are `det-01-001`, `det-01-002`, … A signal's `point` is a template and stands on every point made from it.
// A comparison inside the condition that names another template of the same repeat, say `led-{loop}-{n}`, means the
// sibling with the same indices: the digits that the signal's own point has in place of {loop} and {n} are put into the
// other template, as they are written (padding is the same within a repeat). A name without braces is that one point of
// the device. A comparison without a name reads the signal's own point.
import type { Quality, Reason, Value } from './point.ts';
import type { Comparison, Condition, Signal } from './signal.ts';

/** Three-valued truth after Kleene: a gap in the data is `unknown`, never `false` (hard rule 5). */
export type Truth = 'true' | 'false' | 'unknown';

/** What is known of a point now. */
export interface PointState {
  readonly value: Value;
  readonly quality: Quality;
  readonly reason: Reason;
}

/** State of a point of the same device by its id; `undefined` asks for the signal's own point. */
export type Lookup = (point: string | undefined) => PointState | undefined;

/** A point as births and models have it. Without `template` it is made from no template: its id is its template. */
export interface SignalPoint {
  readonly id: string;
  readonly template?: string | undefined;
}

/** One signal on one point. */
export interface PointSignal {
  readonly signal: Signal;
  /** Concrete id of the point on which the alarm stands. */
  readonly point: string;
  /** The condition; every name in it is a concrete id. Shared between points where it names no template. */
  readonly when: Condition;
  /** Concrete ids of all points the condition reads: evaluate again when one of them changes. */
  readonly reads: readonly string[];
}

/** Deepest nesting of all / any / not that is accepted. */
export const CONDITION_DEPTH_MAX = 16;

/**
 * Reasons that say "nothing was heard", and so nothing about what the device would have said. While one of them stands,
 * a comparison with any other reason is unknown: a broken link must not clear "unknown code".
 */
export const GAP_REASONS: readonly Reason[] = [
  'not-yet-read',
  'link-down',
  'timeout',
  'exception-01',
  'exception-02',
  'exception-03',
  'exception-04',
  'exception-06',
  'exception-0A',
  'exception-0B',
  'exception-other',
  'short-reply',
  'wrong-unit',
  'crc',
  'silent',
  'device-offline',
  'payload',
  'missing-field',
  'breaker-open',
  'gateway-silent',
  'hub-cannot-store',
  'not-told',
];
const GAPS: ReadonlySet<string> = new Set(GAP_REASONS);

/** The comparators, exactly one of which a comparison carries. */
export const COMPARATORS = ['eq', 'ne', 'gt', 'ge', 'lt', 'le', 'in', 'notIn', 'reason'] as const;

const PLACEHOLDER = /\{([a-z]+)\}/g;

/** Names of the indices in a template, in order: `det-{loop}-{n}` → ['loop', 'n']; [] for a plain id. */
export function placeholders(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].map((m) => m[1] ?? '');
}

/** Puts index texts into a template; an index that is not given stays as written. */
export function fillTemplate(template: string, indices: Readonly<Record<string, string>>): string {
  return template.replace(PLACEHOLDER, (whole, name: string) =>
    Object.hasOwn(indices, name) ? (indices[name] ?? whole) : whole,
  );
}

/**
 * The digits that `id` has where `template` has {names}; undefined when the id was not made from that template.
 * `indicesOf('det-{loop}-{n}', 'det-01-007')` → {loop: '01', n: '007'}.
 */
export function indicesOf(template: string, id: string): Record<string, string> | undefined {
  const indices: Record<string, string> = {};
  let at = 0;
  let from = 0;
  for (const m of template.matchAll(PLACEHOLDER)) {
    const literal = template.slice(from, m.index);
    if (!id.startsWith(literal, at)) return undefined;
    at += literal.length;
    const start = at;
    while (at < id.length && id.charCodeAt(at) >= 48 && id.charCodeAt(at) <= 57) at++;
    const digits = id.slice(start, at);
    const name = m[1] ?? '';
    if (digits === '' || (Object.hasOwn(indices, name) && indices[name] !== digits)) return undefined;
    indices[name] = digits;
    from = m.index + m[0].length;
  }
  return id.slice(at) === template.slice(from) ? indices : undefined;
}

/** Calls `visit` for every comparison of a condition. @throws RangeError beyond CONDITION_DEPTH_MAX. */
export function walkComparisons(when: Condition, visit: (c: Comparison) => void, depth = 1): void {
  if (depth > CONDITION_DEPTH_MAX) throw new RangeError(`condition nested deeper than ${CONDITION_DEPTH_MAX}`);
  if ('all' in when) for (const c of when.all) walkComparisons(c, visit, depth + 1);
  else if ('any' in when) for (const c of when.any) walkComparisons(c, visit, depth + 1);
  else if ('not' in when) walkComparisons(when.not, visit, depth + 1);
  else visit(when);
}

function mapComparisons(when: Condition, change: (c: Comparison) => Comparison): Condition {
  if ('all' in when) return { all: when.all.map((c) => mapComparisons(c, change)) };
  if ('any' in when) return { any: when.any.map((c) => mapComparisons(c, change)) };
  if ('not' in when) return { not: mapComparisons(when.not, change) };
  return change(when);
}

/**
 * Every signal on every point of one device: the signals of its model, the points of its model or birth.
 * A signal whose template made no point of this device yields nothing. A name in a condition that leads to no point of
 * the device stays in `reads`; its lookup finds nothing and the comparison is unknown.
 * @throws RangeError when a condition is nested deeper than CONDITION_DEPTH_MAX.
 */
export function expandSignals(signals: readonly Signal[], points: readonly SignalPoint[]): PointSignal[] {
  const byTemplate = new Map<string, SignalPoint[]>();
  for (const p of points) {
    const template = p.template ?? p.id;
    const made = byTemplate.get(template);
    if (made) made.push(p);
    else byTemplate.set(template, [p]);
  }
  return signals.flatMap((signal) => (byTemplate.get(signal.point) ?? []).map((p) => signalOn(signal, p)));
}

function signalOn(signal: Signal, point: SignalPoint): PointSignal {
  const named = new Set<string>();
  let own = false;
  walkComparisons(signal.when, (c) => {
    if (c.point === undefined) own = true;
    else named.add(c.point);
  });
  const templated = [...named].some((name) => placeholders(name).length > 0);
  const indices = templated ? (indicesOf(signal.point, point.id) ?? {}) : {};
  const concrete = (name: string) => fillTemplate(name, indices);
  const reads = new Set([...(own ? [point.id] : []), ...[...named].map(concrete)]);
  const when = templated
    ? mapComparisons(signal.when, (c) => (c.point === undefined ? c : { ...c, point: concrete(c.point) }))
    : signal.when;
  return { signal, point: point.id, when, reads: [...reads] };
}

/**
 * Is the condition true now?
 *
 * `held` says whether the signal was true the last time it was not unknown. While it is, every comparison with `hyst`
 * uses its widened limit (under `not`, while the inside was). So a hub that knows only its stored alarm states goes on
 * after a restart as it would have gone on without.
 *
 * all: false if one is false, else unknown if one is unknown. any: true if one is true, else unknown if one is unknown.
 * not: turns true and false, leaves unknown. A comparison is unknown when its point is not known, not good, or not a
 * number.
 */
export function evaluate(when: Condition, lookup: Lookup, held = false): Truth {
  if ('all' in when) return conjunction(when.all, lookup, held);
  if ('any' in when) return negate(conjunction(when.any, lookup, held, true));
  if ('not' in when) return negate(evaluate(when.not, lookup, !held));
  return compare(when, lookup(when.point), held);
}

/** All of them true; with `negated`, none of them true (De Morgan, so that `any` is the same loop). */
function conjunction(parts: readonly Condition[], lookup: Lookup, held: boolean, negated = false): Truth {
  let truth: Truth = 'true';
  for (const part of parts) {
    const t = evaluate(part, lookup, held);
    const wanted = negated ? negate(t) : t;
    if (wanted === 'false') return 'false';
    if (wanted === 'unknown') truth = 'unknown';
  }
  return truth;
}

export function negate(t: Truth): Truth {
  return t === 'unknown' ? 'unknown' : t === 'true' ? 'false' : 'true';
}

const truth = (b: boolean): Truth => (b ? 'true' : 'false');

function compare(c: Comparison, state: PointState | undefined, held: boolean): Truth {
  if (c.reason !== undefined) return compareReason(c.reason, state);
  if (state === undefined || state.quality !== 'good') return 'unknown';
  const v = fieldOf(c, state.value);
  if (v === undefined) return 'unknown';
  if (c.in) return truth(c.in.includes(v));
  if (c.notIn) return truth(!c.notIn.includes(v));
  const slack = held ? (c.hyst ?? 0) : 0;
  if (typeof c.eq === 'number') return truth(v === c.eq);
  if (typeof c.ne === 'number') return truth(v !== c.ne);
  if (typeof c.gt === 'number') return truth(v > c.gt - slack);
  if (typeof c.ge === 'number') return truth(v >= c.ge - slack);
  if (typeof c.lt === 'number') return truth(v < c.lt + slack);
  if (typeof c.le === 'number') return truth(v <= c.le + slack);
  return 'unknown'; // a parameter that nobody replaced by its number
}

function compareReason(reason: string, state: PointState | undefined): Truth {
  if (state === undefined) return truth(reason === 'not-yet-read');
  if (state.reason === reason) return 'true';
  const blind = state.quality === 'never' || GAPS.has(state.reason);
  return blind && !GAPS.has(reason) ? 'unknown' : 'false';
}

/** The number a comparison looks at: the value, or a field of it. Undefined when there is none. */
function fieldOf(c: Comparison, value: Value): number | undefined {
  const range: readonly [number, number] | undefined = c.bit === undefined ? c.bits : [c.bit, c.bit];
  if (range === undefined) {
    if (typeof value === 'string') return /^-?[0-9]+$/.test(value) ? Number(value) : undefined;
    return value ?? undefined;
  }
  return extractBits(value, range[0], range[1]);
}

/**
 * Bits low…high (0 is the least significant, both included) of an integer as an unsigned number; negative integers are
 * taken as two's complement in 64 bits. Undefined when the value is no integer, or the field exceeds 2^53.
 */
export function extractBits(value: Value, low: number, high: number): number | undefined {
  if (high < low) return undefined;
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) return undefined;
    if (value >= 0 && value <= 0x7fff_ffff && high < 31) return (value >>> low) & (2 ** (high - low + 1) - 1);
  } else if (value === null || !/^-?[0-9]+$/.test(value)) return undefined;
  const field = BigInt.asUintN(high - low + 1, BigInt.asUintN(64, BigInt(value)) >> BigInt(low));
  return field <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(field) : undefined;
}
