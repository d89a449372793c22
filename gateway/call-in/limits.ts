// Every maximum and pause of devices that call in by a line of their own (DTUs), by name. Times in ms.

export interface CallInLimits {
  /** A port that can't be listened on is tried again after so long, where the listener waits for it. */
  readonly listenAgainMs: number;
  /** What a connection must have told of itself by then; one that says nothing is closed. */
  readonly registrationMs: number;
  /** After the last bytes: what has come by then is the whole packet, also where it is one of ours by then. */
  readonly registrationPauseMs: number;
  /** Most bytes of a packet that is no registration of ours that are waited for and kept. */
  readonly registrationBytes: number;
  /** Connections that have not registered yet; one more closes the oldest of them. */
  readonly unregistered: number;
  /** TCP keep-alive of lines: finds devices that vanished without a word. */
  readonly tcpKeepAliveMs: number;
  /** No answer for so long after a timeout, and no bytes, before anything else is asked on the line. */
  readonly quietMs: number;
  /** Requests that the other side has not taken, bytes; more and it reads no longer: the line is closed. */
  readonly unsentBytes: number;
  /** Answers that may still come, of a line. */
  readonly owed: number;
  /** A device that has hung up is given so long to call again before its link is declared down. */
  readonly downAfterMs: number;
  /** The same trouble is logged once in this time; so many different ones are remembered. */
  readonly logEveryMs: number;
  readonly logKeys: number;
}

export const CALLED_LINE_LIMITS: CallInLimits = {
  listenAgainMs: 10_000,
  registrationMs: 10_000,
  registrationPauseMs: 300,
  registrationBytes: 256,
  unregistered: 64,
  tcpKeepAliveMs: 60_000,
  quietMs: 100,
  unsentBytes: 4_096,
  owed: 256,
  downAfterMs: 10_000,
  logEveryMs: 60_000,
  logKeys: 1_000,
};

/** Least `lateMs` where answers have no ids (RTU): what is on the way when a read times out must not meet the next one. */
export const RTU_LATE_MIN_MS = 100;

/** What a link of a site may say otherwise, and what holds where it says nothing. */
export const CALLED_LINE_DEFAULTS = {
  /** Nothing at all is heard for so long: the line is dead. Three heartbeats of a DTU that sends one a minute, and more. */
  silentS: 300,
  /** What the way there and back takes beyond a device's own timeout (a mobile network). */
  latencyMs: 2_000,
  /** After a timeout its answer may still come for so long, and the unit is not asked meanwhile. */
  lateMs: 5_000,
} as const;
