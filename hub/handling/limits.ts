// The named maxima of fires.
export const FIRE_LIMITS = {
  /** Entries of one fire: a fire that long is written on in another way. */
  entriesMax: 2_000,
  /** Open fires of a community that are listed at once. */
  openMax: 200,
  pageMax: 200,
  pageDefault: 50,
  /** Alarms of an incident that one verdict judges together. */
  judgedMax: 20_000,
  /** Devices whose manual/automatic state is listed. */
  linkageMax: 500,
  /** Acts of alarms that a timeline takes in. */
  actsMax: 5_000,
} as const;
