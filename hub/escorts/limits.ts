// Named maxima of escorts and reserved lifts.
export const ESCORT_LIMITS = { listMax: 100, actsMax: 100, reservationsMax: 200, openMax: 50 } as const;
