// Every maximum, timeout and pause of the Modbus side, by name. Times in ms.

/**
 * What one read may ask for: MODBUS Application Protocol V1.1b3, 6.1–6.4 (registers 125, coils and discretes 2000),
 * and the largest frames: Messaging on TCP/IP V1.0b 3.1.2 (MBAP length ≤ 254), Serial Line V1.02 2.3 (ADU 256).
 */
export const PROTOCOL_LIMITS = {
  registersPerRead: 125,
  bitsPerRead: 2_000,
  bitsPerRegister: 16,
  mbapLength: 254,
  rtuFrame: 256,
} as const;

export interface ModbusLimits {
  /** A reply later than this is a timeout, unless the profile says otherwise. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  /** TCP keepalive starts after this much silence; a half-open connection is normally found sooner, by deadline. */
  readonly keepAliveMs: number;
  /** Pause before reconnecting after we ourselves closed a connection that had been steady. */
  readonly resetPauseMs: number;
  /** Reconnecting for ever: first and longest wait; each failure doubles it, jitter takes up to half of it off. */
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  /** A connection is steady after this many good replies, or this long with at least one: then backoff starts anew. */
  readonly steadyReplies: number;
  readonly steadyMs: number;
  /** Not ready for this long: the link is declared down and its points say so. Shorter resets are not shown. */
  readonly downAfterMs: number;
  /**
   * Timeouts in a row, with no answer from anyone between them, that make a TCP connection half-open: of units that had
   * answered on it, or, when none has, this many times as many as there are units.
   */
  readonly silentTimeouts: number;
  /** Transaction ids that may still be answered late. One more and the connection is replaced. */
  readonly lateIdsMax: number;
  /** On RTU framing, bytes are thrown away for this long after connecting: a converter may still hold an old answer. */
  readonly rtuQuietMs: number;
  /** Reads waiting on one link. */
  readonly queueMax: number;
  /** After this many reads out of turn by priority, the longest waiting read of a lower class has its turn. */
  readonly starvationPicks: number;
  /** A failed read (timeout, bad frame) is asked once more before its points are marked. */
  readonly readRetries: number;
  /** Exception 06 (busy) is asked again this often, this much later. */
  readonly busyRetries: number;
  readonly busyRetryMs: number;
  /** Failures of a slave in a row that open its breaker; while open it is probed, first and longest interval. */
  readonly breakerFailures: number;
  readonly breakerProbeMinMs: number;
  readonly breakerProbeMaxMs: number;
  /** A failed probe that took t keeps all probes off its link for this times t: dead slaves get a tenth of the bus. */
  readonly probeCost: number;
  /** A device is offline after this many polls in a row in which every read failed (or when its breaker opens). */
  readonly offlineAfterPolls: number;
  /** A device of slow points alone is asked for one read at least this often, so that its loss is seen. */
  readonly livenessMs: number;
  /** Polls fall due in steps of this, so that thousands of devices need few timers. */
  readonly tickMs: number;
  /** A learned hole is tried again this often: something may have been fitted there. */
  readonly holeRetryMs: number;
  /** The same for a device with points of the safety lane: it may have refused only while it started up. */
  readonly holeRetrySafetyMs: number;
  /** A device whose fixed registers say that it has another map is asked again this often. */
  readonly expectRetryMs: number;
}

export const MODBUS_LIMITS: ModbusLimits = {
  timeoutMs: 1_000,
  connectTimeoutMs: 5_000,
  keepAliveMs: 10_000,
  resetPauseMs: 250,
  backoffMinMs: 1_000,
  backoffMaxMs: 60_000,
  steadyReplies: 10,
  steadyMs: 10_000,
  downAfterMs: 3_000,
  silentTimeouts: 2,
  lateIdsMax: 1_024,
  rtuQuietMs: 100,
  queueMax: 4_096,
  starvationPicks: 4,
  readRetries: 1,
  busyRetries: 3,
  busyRetryMs: 200,
  breakerFailures: 3,
  breakerProbeMinMs: 5_000,
  breakerProbeMaxMs: 60_000,
  probeCost: 9,
  offlineAfterPolls: 3,
  livenessMs: 10_000,
  tickMs: 10,
  holeRetryMs: 600_000,
  holeRetrySafetyMs: 60_000,
  expectRetryMs: 60_000,
};
