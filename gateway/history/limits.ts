// Every limit of the history writer by name (hard rule 10).

export interface HistoryLimits {
  /** Lines of one request; whole batches are added until it is reached. */
  readonly lines: number;
  /** Least time between two requests when there is less than that, ms. */
  readonly gatherMs: number;
  readonly timeoutMs: number;
  /** Pause after a failure: doubled from the first to the last, ms. */
  readonly retryFirstMs: number;
  readonly retryLastMs: number;
  /** Refused lines are kept in a file of this size and one before it, bytes. */
  readonly refusedFileBytes: number;
  /** Older point indexes whose prefixes are kept in memory. */
  readonly indexes: number;
}

export const HISTORY_LIMITS: HistoryLimits = {
  lines: 5_000,
  gatherMs: 500,
  timeoutMs: 10_000,
  retryFirstMs: 500,
  retryLastMs: 30_000,
  refusedFileBytes: 16 * 1024 * 1024,
  indexes: 4,
};
