// Every limit of the uplink by name (hard rule 10), beside those both sides share (WIRE_LIMITS).

export interface UplinkLimits {
  /** A connection that is not up by then is given up, ms. */
  readonly connectTimeoutMs: number;
  /** MQTT keep-alive, s: finds a half-open connection when nothing is sent. */
  readonly keepaliveS: number;
  /** Pause before the next connection: doubled from the first to the last, with jitter of a half, ms. */
  readonly reconnectFirstMs: number;
  readonly reconnectLastMs: number;
  /** How long a birth may wait for the disk, so that its snapshot is not ahead of the spool, ms. */
  readonly birthFlushMs: number;
  /** Pause before a birth without an answer is sent again: doubled from the first to the last, ms. */
  readonly birthRetryFirstMs: number;
  readonly birthRetryLastMs: number;
  /** Asks and rewinds to the same place within this time are one, ms: each batch in flight may cause its own. */
  readonly repeatQuietMs: number;
  /** So many rewinds to one place without progress mean that hub and spool will never agree: a new epoch. */
  readonly rewindsWithoutProgress: number;
  /** What is sent again for history alone and not durable there yet: batches, and records. */
  readonly historyBatchesInFlight: number;
  readonly historyRecordsInFlight: number;
  /** When history lacks no more records than this, they go before what is new, and from there on one sending serves. */
  readonly historyFirstRecords: number;
  /** History that has stored something within this time is not sent from the start of its gap again, ms. */
  readonly historyStallMs: number;
  /** A new epoch is minted no more often than this, ms. */
  readonly mintQuietMs: number;
  /** Clean stop: how long the last messages may take, ms. */
  readonly stopMs: number;
}

export const UPLINK_LIMITS: UplinkLimits = {
  connectTimeoutMs: 5_000,
  keepaliveS: 5,
  reconnectFirstMs: 500,
  reconnectLastMs: 30_000,
  birthFlushMs: 1_000,
  birthRetryFirstMs: 5_000,
  birthRetryLastMs: 60_000,
  repeatQuietMs: 1_000,
  rewindsWithoutProgress: 5,
  historyBatchesInFlight: 256,
  historyRecordsInFlight: 100_000,
  historyFirstRecords: 20_000,
  historyStallMs: 2_000,
  mintQuietMs: 10_000,
  stopMs: 2_000,
};
