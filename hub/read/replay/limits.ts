// Every maximum of a replay in one place (hard rule 10).
export const REPLAY_LIMITS = {
  /** Shown before the first signal and after the last thing that happened, ms. */
  aroundMs: 120_000,
  /** Longest stretch; what came later is left out, and the reply says so. ms */
  spanMaxMs: 86_400_000,
  /** Alarms of an incident, oldest first, and what was done to them and told of them. */
  alarmsMax: 500,
  actsMax: 5_000,
  entriesMax: 2_000,
  /** Things of one floor whose history is followed. */
  thingsMax: 400,
  /** Lifts of one incident. */
  liftsMax: 8,
  /** Stretches of one thing. */
  runsMax: 500,
  /** Questions to history at a time. */
  sideBySide: 4,
} as const;
