// What a check may claim: a value outside its range is no pass, and a waiver is for what failed. Pure.
import { ok, refuse, type Result } from '../errors.ts';

export interface Claim {
  readonly outcome: 'pass' | 'fail' | 'not-applicable';
  readonly value?: number | undefined;
  readonly range?: readonly [number, number] | undefined;
  readonly waiver?: string | undefined;
}

/** Roles that may sign that a failed check needs no order. */
export const WAIVERS: readonly string[] = ['supervisor', 'manager', 'admin'];

/** Refuses `out-of-range`, `bad-request` (a range upside down, a waiver of what did not fail) and `not-allowed`. */
export function judge(claim: Claim, role: string): Result<null> {
  const { outcome, value, range, waiver } = claim;
  if (range && range[0] > range[1]) return refuse('bad-request', `range: ${range[0]} > ${range[1]}`);
  if (outcome === 'pass' && value !== undefined && range && (value < range[0] || value > range[1]))
    return refuse('out-of-range', `value: ${value} is not within ${range[0]}…${range[1]}`);
  if (waiver === undefined) return ok(null);
  if (outcome !== 'fail') return refuse('bad-request', `waiver: the check did not fail`);
  return WAIVERS.includes(role) ? ok(null) : refuse('not-allowed', 'waiver');
}
