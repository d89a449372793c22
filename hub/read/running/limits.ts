// Every maximum of state bars in one place (hard rule 10).
export const RUNNING_LIMITS = {
  /** Longest stretch: every sample of it is looked at. ms */
  spanMaxMs: 8 * 86_400_000,
  /** Devices in one page. */
  page: 12,
  /** Bars of one device beside its own. */
  tracksMax: 12,
  /** Stretches of one bar; the reply says where there are more. */
  runsMax: 600,
  /** Alarms of one device that are looked at, oldest first. */
  alarmsMax: 2_000,
  /** Questions to history at a time. */
  sideBySide: 4,
} as const;
