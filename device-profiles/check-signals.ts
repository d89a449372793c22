// What the schema can't say of signals: what they read, how they compare, what releases them.
import { COMPARATORS, CONDITION_DEPTH_MAX, placeholders } from './contract/conditions.ts';
import { REASONS, type Point } from './contract/point.ts';
import { OFFLINE_SIGNAL, ONLINE_POINT, UNKNOWN_CODE_SIGNAL, type ProfileFile } from './contract/profile.ts';
import type { Comparison, Condition, Signal } from './contract/signal.ts';
import {
  bitWidth,
  checkKinds,
  isWhole,
  shareKind,
  unknownPoint,
  type PlacedPoint,
  type ProfileParts,
  type Report,
} from './check-points.ts';
import type { Path } from './config-error.ts';

export interface PlacedSignal {
  readonly signal: Signal;
  readonly path: Path;
}

type Params = NonNullable<ProfileFile['params']>;

/** What a comparison is checked against. */
interface Context {
  readonly parts: ProfileParts;
  readonly params: Params;
  readonly signal: Signal;
  readonly report: Report;
}

export function checkSignals(
  parts: ProfileParts,
  signals: readonly PlacedSignal[],
  params: Params,
  report: Report,
): void {
  const seen: Signal[] = [];
  const releasable = signals.some(({ signal }) => signal.class === 'RESET');
  for (const { signal, path } of signals) {
    if (seen.some((s) => s.id === signal.id && shareKind(s, signal)))
      report([...path, 'id'], `signal id "${signal.id}" is declared twice`);
    seen.push(signal);
    if (signal.id === OFFLINE_SIGNAL || signal.id.startsWith(`${UNKNOWN_CODE_SIGNAL}-`))
      report([...path, 'id'], `"${signal.id}" is a name of the signals that the loader adds by itself`);
    checkKinds(signal.kinds, parts, [...path, 'kinds'], report);
    if (signal.latch === 'panel' && !releasable)
      report([...path, 'latch'], 'nothing would ever release it: the profile has no signal of class RESET');
    checkReference(signal.point, [...path, 'point'], { parts, params, signal, report }, true);
    checkCondition(signal.when, [...path, 'when'], { parts, params, signal, report }, 1);
  }
}

function checkCondition(when: Condition, path: Path, context: Context, depth: number): void {
  if (depth > CONDITION_DEPTH_MAX) return context.report(path, `nested deeper than ${CONDITION_DEPTH_MAX}`);
  if ('all' in when) when.all.forEach((c, k) => checkCondition(c, [...path, 'all', k], context, depth + 1));
  else if ('any' in when) when.any.forEach((c, k) => checkCondition(c, [...path, 'any', k], context, depth + 1));
  else if ('not' in when) checkCondition(when.not, [...path, 'not'], context, depth + 1);
  else checkComparison(when, path, context);
}

/** The point that is read, if it is known, on the safety lane, and there for every device that has the signal. */
function checkReference(id: string, path: Path, context: Context, own: boolean): Point | undefined {
  const { parts, signal, report } = context;
  if (id === ONLINE_POINT) return undefined;
  const candidates = parts.points.filter((p) => p.point.id === id);
  const [found] = candidates.filter((p) => shareKind(p.point, signal));
  if (!found) {
    if (candidates.length > 0) report(path, `no device that has this signal has the point "${id}"`);
    else if (!parts.ids.has(id)) report(path, unknownPoint(id, parts.ids));
    return undefined;
  }
  const kinds = signal.kinds ?? parts.kinds;
  const covered = kinds.every((k) => candidates.some((c) => (c.point.kinds ?? parts.kinds).includes(k)));
  if (!covered)
    report(path, `point "${id}" is only for ${(found.point.kinds ?? []).join(', ')}; give the signal those kinds`);
  if ((found.point.lane ?? 'telemetry') !== 'safety')
    report(path, `signal ${signal.id} reads point "${id}" of the telemetry lane; give the point lane: safety`);
  if (found.point.type === 'string') report(path, `point "${id}" is text; a signal reads numbers`);
  if (!own) checkSibling(found, path, context);
  return found.point;
}

/** Another template can only be meant as the sibling with the same indices, so it must be of the same repeat. */
function checkSibling(found: PlacedPoint, path: Path, { parts, signal, report }: Context): void {
  if (placeholders(found.point.id).length === 0) return;
  const own = parts.points.find((p) => p.point.id === signal.point);
  if (own && own.repeat?.index !== found.repeat?.index)
    report(
      path,
      `"${found.point.id}" is made by another repeat than "${signal.point}": there is no sibling with the same indices`,
    );
}

function checkComparison(c: Comparison, path: Path, context: Context): void {
  const { report } = context;
  const used = COMPARATORS.filter((k) => c[k] !== undefined);
  if (used.length !== 1)
    report(
      path,
      `expected exactly one of ${COMPARATORS.join(', ')}; found ${used.length === 0 ? 'none' : used.join(' and ')}`,
    );
  const point =
    c.point === undefined
      ? context.parts.points.find((p) => p.point.id === context.signal.point && shareKind(p.point, context.signal))
          ?.point
      : checkReference(c.point, [...path, 'point'], context, false);
  if (c.reason !== undefined) {
    if (c.reason === '' || !REASONS.some((r) => r === c.reason))
      report(
        [...path, 'reason'],
        `unknown reason "${c.reason}"; expected one of ${REASONS.filter(Boolean).join(', ')}`,
      );
    for (const key of ['bit', 'bits', 'hyst'] as const)
      if (c[key] !== undefined) report([...path, key], 'a reason has no bits');
    return;
  }
  if (c.hyst !== undefined && !(['gt', 'ge', 'lt', 'le'] as const).some((k) => c[k] !== undefined))
    report([...path, 'hyst'], 'only with gt, ge, lt or le');
  for (const key of ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const) {
    const limit = c[key];
    if (typeof limit === 'object' && !Object.hasOwn(context.params, limit.param))
      report(
        [...path, key],
        `unknown parameter "${limit.param}"; expected one of ${Object.keys(context.params).join(', ') || '(none declared)'}`,
      );
  }
  if (c.bit !== undefined && c.bits) report([...path, 'bits'], 'expected only one of bit and bits');
  if (c.bits && c.bits[0] > c.bits[1]) report([...path, 'bits'], `expected [low, high]; found [${c.bits.join(', ')}]`);
  if (point) checkNumbers(c, point, path, report);
}

/** Numbers that the point can never have. */
function checkNumbers(c: Comparison, point: Point, path: Path, report: Report): void {
  const high = c.bit ?? c.bits?.[1];
  const numbers = (['eq', 'ne', 'in', 'notIn'] as const).flatMap((key) => {
    const given = c[key];
    const list = Array.isArray(given) ? given : [given];
    return list.flatMap((n) => (typeof n === 'number' ? [{ key, n }] : []));
  });
  if (high !== undefined) {
    if (!isWhole(point)) report(path, `bits of point "${point.id}" mean nothing: it is ${point.type}, or scaled`);
    else if (high >= bitWidth(point))
      report(path, `point "${point.id}" has bits 0 to ${bitWidth(point) - 1}; found ${high}`);
    const width = c.bits ? c.bits[1] - c.bits[0] + 1 : 1;
    for (const { key, n } of numbers)
      if (n < 0 || n >= 2 ** width) report([...path, key], `${n} does not fit ${width} bit${width > 1 ? 's' : ''}`);
    return;
  }
  const codes = point.type === 'bool' ? ['0', '1'] : point.type === 'enum' ? Object.keys(point.enum ?? {}) : undefined;
  for (const { key, n } of numbers)
    if (codes && !codes.includes(String(n)))
      report([...path, key], `${n} is no code of point "${point.id}"; expected one of ${codes.join(', ')}`);
}
