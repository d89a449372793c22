// Every maximum of trends in one place (hard rule 10).
export const TREND_LIMITS = {
  /** Points in one view: more lines than this nobody can tell apart. */
  pointsMax: 8,
  /** Stretches of time of a point in one reply. */
  bucketsMax: 2_000,
  buckets: 800,
  /** Longest stretch asked for, ms: a leap year. */
  spanMaxMs: 366 * 86_400_000,
  /** Alarms marked in one view; the reply says that there are more. */
  marksMax: 200,
  /** Points in one page of the search. */
  foundMax: 100,
  found: 40,
  /** Words of a search that are looked for. */
  wordsMax: 6,
} as const;
