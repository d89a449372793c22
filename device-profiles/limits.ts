// Ranges, bands and the limits of signals against each other: a limit outside what the point can plausibly say would
// never be reached, because such a value is bad and bad values compare as unknown. Pure.
import { walkComparisons } from './contract/conditions.ts';
import type { ModelPoint, ModelSignal } from './contract/profile.ts';
import type { OptionProblem } from './expand.ts';

export interface LimitProblem extends OptionProblem {
  readonly template: string;
  readonly signal?: string;
}

/** Problems of one device's numbers; `option` names the parameter that the site gave, where one is to blame. */
export function evaluateLimits(
  points: readonly ModelPoint[],
  signals: readonly ModelSignal[],
  params: Readonly<Record<string, number>>,
  given: Readonly<Record<string, number>>,
): LimitProblem[] {
  const problems: LimitProblem[] = [];
  const blame = (numbers: readonly number[]): readonly string[] => {
    const name = Object.keys(given).find((n) => numbers.includes(params[n] ?? Number.NaN));
    return name === undefined ? [] : ['params', name];
  };
  const byTemplate = new Map(points.map((p) => [p.template, p]));
  for (const { template, range, band } of byTemplate.values()) {
    const report = (numbers: readonly number[], what: string) =>
      problems.push({ template, option: blame(numbers), message: `point ${template}: ${what}` });
    if (range && !(range[0] < range[1])) report(range, `expected range [low, high]; found [${range.join(', ')}]`);
    if (band && !(band[0] < band[1])) report(band, `expected band [low, high]; found [${band.join(', ')}]`);
    if (range && band && (band[0] < range[0] || band[1] > range[1]))
      report([...band, ...range], `range [${range.join(', ')}] does not cover its band [${band.join(', ')}]`);
  }
  for (const s of signals)
    walkComparisons(s.when, (c) => {
      const p = byTemplate.get(c.point ?? s.point);
      if (!p?.range || c.bit !== undefined || c.bits) return;
      for (const limit of [c.gt, c.ge, c.lt, c.le].map((l) => (typeof l === 'object' ? params[l.param] : l)))
        if (limit !== undefined && (limit < p.range[0] || limit > p.range[1]))
          problems.push({
            template: p.template,
            signal: s.id,
            option: blame([limit]),
            message: `signal ${s.id}: limit ${limit} is outside the range [${p.range.join(', ')}] of point ${p.template}: it would never be reached`,
          });
    });
  return problems;
}
