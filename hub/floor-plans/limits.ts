// Named maximums of floor plans.
export const FLOOR_PLAN_LIMITS = {
  /** Devices and points placed on one floor. */
  positionsMax: 2_000,
  /** Lines of one point list. */
  csvRowsMax: 20_000,
  /** Characters of one point list; a JSON body is bounded by the server too. */
  csvCharsMax: 900_000,
  /** Mistakes of a point list that are told at once. */
  mistakesMax: 20,
  /** Floors that get a drawing by one act. */
  floorsMax: 320,
  /** Earlier drawings of a floor that are listed. */
  versionsMax: 200,
  /** Digits of a share that are kept: a tenth of a millimetre on a wall. */
  digits: 5,
  idChars: 200,
  noteChars: 300,
} as const;
