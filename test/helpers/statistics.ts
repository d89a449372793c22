// The few figures that measurements are summed up by. Pure.

/** @returns a number with so many decimals */
export const round = (x: number, digits = 2): number => Number(x.toFixed(digits));

/** The nearest-rank percentile: the smallest value that at least this share (0 < share ≤ 1) of all do not exceed; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
