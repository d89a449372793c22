// Lengths of time in two units at most, the same in every language: 0.4 s, 44 s, 3 min 12 s, 5 h 12 min, 2 d 4 h.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;

/** A length of time, ms; negative counts as 0. Always rounded down: an age is never shown as more than it is. */
export function formatAge(ms: number): string {
  const t = Math.max(0, ms);
  if (t < 10 * SECOND) return `${(Math.floor(t / 100) / 10).toFixed(1)} s`;
  if (t < MINUTE) return `${Math.floor(t / SECOND)} s`;
  if (t < HOUR) return two(Math.floor(t / MINUTE), 'min', Math.floor((t % MINUTE) / SECOND), 's');
  if (t < DAY) return two(Math.floor(t / HOUR), 'h', Math.floor((t % HOUR) / MINUTE), 'min');
  return two(Math.floor(t / DAY), 'd', Math.floor((t % DAY) / HOUR), 'h');
}

/** Like formatAge in whole seconds, for clocks that tick once a second. */
export const formatSpan = (ms: number): string => {
  const t = Math.max(0, ms);
  return t < 10 * SECOND ? `${Math.floor(t / SECOND)} s` : formatAge(t);
};
