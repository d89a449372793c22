// Every maximum of history in one place (hard rule 10). Counts, bytes, milliseconds.
export const HISTORY_LIMITS = {
  /** Samples waiting for a durable commit; beyond them `append` answers `busy`. */
  queuedSamples: 500_000,
  /** A commit is due when the oldest waiting sample is this old, or when this many wait. */
  commitDelayMs: 200,
  commitSamples: 20_000,
  /** Recent rows are sorted into the archive when there are this many, or after this time. */
  foldRows: 1_000_000,
  foldEveryMs: 3_600_000,
  /** Buckets of one reply, samples of one raw page, samples one state query may walk, points of one `last` query. */
  buckets: 5_000,
  rawPage: 20_000,
  stateSamples: 2_000_000,
  lastPoints: 1_000,
  /** Stretches of one state in one reply. */
  runs: 2_000,
  /**
   * How long a sample speaks for its point: three heartbeats of 60 s (DESIGN 5). Past that, silence is unknown, and a
   * sample older than this is not carried into a range.
   */
  holdMs: 180_000,
  /** Connections that answer queries side by side, and queries that may wait for one. */
  readers: 2,
  waitingQueries: 64,
  /** What the embedded store may use. */
  threads: 2,
  memoryMiB: 512,
  /** The write-ahead log is worked into the file when it is this large. */
  checkpointMiB: 16,
  /** One query, or one request to a history server. */
  requestTimeoutMs: 15_000,
  /** Size of one reply of a history server. */
  replyBytes: 64 * 1024 * 1024,
} as const;
export type HistoryLimits = { readonly [K in keyof typeof HISTORY_LIMITS]: number };

/** How long each grain is kept, ms; a site can change them. 0 keeps for ever. */
export interface Retention {
  readonly rawMs: number;
  readonly minuteMs: number;
  readonly hourMs: number;
}
const DAY_MS = 86_400_000;
export const RETENTION: Retention = { rawMs: 400 * DAY_MS, minuteMs: 5 * 366 * DAY_MS, hourMs: 0 };
