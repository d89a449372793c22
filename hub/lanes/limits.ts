// Named maxima of fire lanes.
export const LANE_LIMITS = {
  listMax: 200,
  openMax: 200,
  contactsMax: 200,
  vehiclesMax: 20_000,
  csvChars: 800_000,
  csvLines: 10_000,
  /** Mistakes of a list that are told at once. */
  mistakesMax: 100,
  foundMax: 20,
} as const;
