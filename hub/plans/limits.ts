// Named maxima of plans, their runs and drills.
export const PLAN_LIMITS = {
  plansMax: 500,
  stepsMax: 60,
  versionsMax: 200,
  /** Runs or drills a page. */
  listMax: 100,
  attendanceMax: 2_000,
  findingsMax: 200,
} as const;
