// Units of pressure that generic transmitters can be set to, and how one becomes another.

/**
 * Pascals in one unit. kg/cm² is the technical atmosphere and mH2O water at 4 ℃ under standard gravity (ISO 80000-4,
 * annex of other units); `m` is the same head of water, as a level above the probe.
 */
export const PASCALS: Readonly<Record<string, number>> = {
  MPa: 1e6,
  kPa: 1e3,
  Pa: 1,
  bar: 1e5,
  mbar: 100,
  'kg/cm2': 98_066.5,
  psi: 6_894.757_293_168,
  mH2O: 9_806.65,
  mmH2O: 9.806_65,
  m: 9_806.65,
};

/** Factor that turns a number in `from` into one in `to`; undefined when either is not in {@link PASCALS}. */
export function unitFactor(from: string, to: string): number | undefined {
  const a = Object.hasOwn(PASCALS, from) ? PASCALS[from] : undefined;
  const b = Object.hasOwn(PASCALS, to) ? PASCALS[to] : undefined;
  return a === undefined || b === undefined ? undefined : a / b;
}
