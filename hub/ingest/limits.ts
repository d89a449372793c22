// Every maximum of ingest, its queues and its talk with gateways, in one place (hard rule 10). Counts, bytes, ms.
export const INGEST_LIMITS = {
  /** One T1 takes at most this many batches and records; safety batches are always taken before telemetry. */
  t1Batches: 256,
  t1Records: 16_384,
  /** Encoded bytes waiting for T1, a connection; beyond them the connection is not read any further. */
  queuedBytes: 64 * 1024 * 1024,
  /** Pauses before T1 is tried again after the database refused; the last one repeats. */
  retryMs: [20, 100, 500, 1_000, 2_000],
  /** Records of one batch that may be set aside one by one; if more throw, the whole batch is. */
  quarantineRecords: 64,
  quarantineReasonChars: 500,
  /** Programs (point indexes) kept in memory, a gateway. */
  programs: 8,
  /** Births and epochs kept in the database, a gateway. */
  birthsKept: 64,
  epochsKept: 16,
  /** A gateway without a beat for this long is silent. */
  silentMs: 5_000,
  /**
   * A gateway whose beats name another epoch or index than the hub knows may be heard, but tells nothing that could be
   * understood. The birth that explains it is asked for every `askMs`: this is time for several.
   */
  strangeMs: 10_000,
  /**
   * A gateway's clock that differs by more than this from the hub's is a fault, and none any more within half of it: a
   * minute is what no delay of the network explains.
   */
  clockOffMs: 60_000,
  /** … once it has differed for this long: what lay in a buffer while the hub was busy is no wrong clock. */
  clockOffForMs: 5_000,
  /** A gateway's disk that refuses for this long is a fault; a single failed write that its next try mends is none. */
  diskRefusesMs: 3_000,
  /** After the hub's own start a gateway has this long to be heard. */
  startGraceMs: 30_000,
  /**
   * Work that waits longer than this for T1 makes screens blind: an alarm is to be seen 2 s after the device's reply at
   * the latest, and within the third second the fencing lease has run out as well.
   */
  storeMs: 3_000,
  /** A point of a living gateway that is not told for this many of its intervals is not known any more. */
  overdueIntervals: 3,
  /** How often such points are looked for. */
  overdueLookMs: 5_000,
  /** What was not told while the hub could not store for longer than this is not held against it. */
  overdueDeafMs: 30_000,
  /** How often silence, lag and the lease are looked at. */
  watchMs: 1_000,
  /** A pause of the hub itself beyond this is not held against gateways. */
  ownPauseMs: 3_000,
  /** Least time between two asks for a birth, or two requests to go back, of one gateway. */
  askMs: 2_000,
  asksRemembered: 10_000,
  /** While the safety lane is further behind than this, fresh snapshots are asked for every `askBehindMs`. */
  behindMs: 3_000,
  askBehindMs: 5_000,
  /** A head that is not reached for this long makes the hub ask the gateway to go back. */
  unreachedMs: 3_000,
  /** Receipts for progress of history alone are gathered this long. */
  receiptGatherMs: 100,
  /** History was busy or failed: the lane is asked again after this. */
  historyRetryMs: 1_000,
  /** The lease holds this long without renewal. */
  leaseMs: 3_000,
} as const;
