// Named maximums of the live channel (hard rule 10).
export const LIVE_LIMITS = {
  /** Screens at once, and of one user. */
  screensMax: 500,
  screensPerUserMax: 40,
  /** Devices whose values one screen may watch. */
  devicesPerScreenMax: 500,
  /** Bytes of one message from a screen. */
  messageBytesMax: 64 * 1024,
  /** Messages from one screen in a second; a screen that sends more is disconnected. */
  messagesPerSecondMax: 50,
  valuesEveryMs: 100,
  beatEveryMs: 1_000,
  /** Alarms in one frame; a flood goes out in several, in order. */
  alarmsPerFrameMax: 500,
  /** A screen that has not taken its frame for this long is disconnected: it comes back and asks for everything. */
  frameUntakenMsMax: 15_000,
  /**
   * Changes of alarms that can't be read for this long make screens blind, as ones that can't be stored do
   * (hub/ingest/limits.ts storeMs): what is not read is not shown either.
   */
  unreadMs: 3_000,
  /** How often counts over all points are made anew. */
  countEveryMs: 2_000,
  /** Greatest count that a screen may report of itself. */
  toldMax: 1_000_000,
  /** A control desk's session is prolonged this often while the desk reports. */
  prolongEveryMs: 60_000,
  /** How often it is looked whether the session of who only reads is over, by its last day or otherwise. */
  readerLookMs: 30_000,
  /** A desk whose last beat is further behind than this shows the past, whatever it reports. */
  deskBeatsBehind: 5,
  /** How often at most the database is told that a desk answers, and a silence is looked at because one does. */
  deskNoteEveryMs: 2_000,
  deskClearEveryMs: 1_000,
  /** Desks remembered of one community. */
  desksMax: 100,
  /** A pause of the hub itself beyond this is not held against desks; looked for every `pauseLookMs`. */
  ownPauseMs: 3_000,
  pauseLookMs: 1_000,
} as const;
