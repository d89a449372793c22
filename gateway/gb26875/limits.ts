// Every maximum and pause of the GB/T 26875.3 side, by name. Times in ms.

export interface Gb26875Limits {
  /** Connections at once; more are closed at once. */
  readonly connections: number;
  /** Longest datagram that is looked at: some frames of the greatest length. */
  readonly datagramBytes: number;
  /** The rest of a frame must come within this time. */
  readonly partMs: number;
  /** TCP keep-alive of idle connections: finds devices that vanished without a word. */
  readonly tcpKeepAliveMs: number;
  /** A connection that says nothing that is a frame for so long is closed. */
  readonly idleMs: number;
  /** Messages of a connection that wait for the disk; at the limit reading rests until half of them are done. */
  readonly unanswered: number;
  /** Messages of a device remembered, so that one that is sent again is answered and not taken twice. */
  readonly remembered: number;
  /** A request of ours is asked again after so long, and so often (GB/T 26875.3-2011, 5.3: at most 10 s, three times). */
  readonly answerMs: number;
  readonly tries: number;
  /** Requests without any answer in a row after which a device is taken not to know them. */
  readonly unansweredRequests: number;
  /** Requests that wait to be asked, of a device. */
  readonly requests: number;
  /** A message whose time tag fits the clock of its device this well was made just now. */
  readonly freshMs: number;
  /** An answer that took longer tells nothing of the device's clock. */
  readonly roundTripMs: number;
  /** Two heartbeats that agree this well do. */
  readonly agreeMs: number;
  /** How long after a new connection messages come that waited for it. */
  readonly drainMs: number;
  /** Bytes that were refused, kept for the engineer to see. */
  readonly refusals: number;
  /** The same trouble of the same source is logged once in this time; so many different ones are remembered. */
  readonly logEveryMs: number;
  readonly logKeys: number;
  /** How often it is looked for silence and late answers. */
  readonly checkMs: number;
}

export const GB26875_LIMITS: Gb26875Limits = {
  connections: 2_000,
  datagramBytes: 8_192,
  partMs: 2_000,
  tcpKeepAliveMs: 60_000,
  idleMs: 600_000,
  unanswered: 256,
  remembered: 64,
  answerMs: 10_000,
  tries: 3,
  unansweredRequests: 2,
  requests: 25_000,
  freshMs: 15_000,
  roundTripMs: 2_000,
  agreeMs: 2_000,
  drainMs: 300_000,
  refusals: 100,
  logEveryMs: 60_000,
  logKeys: 1_000,
  checkMs: 500,
};

/** Sizes of GB/T 26875.3-2011, chapter 6 (packet structure) and 7 (application data unit). */
export const GB26875_FRAME = {
  /** Longest application data unit, bytes. */
  aduBytes: 1_024,
  /** Start, header up to and including the command. */
  headBytes: 27,
  /** Checksum and end. */
  tailBytes: 3,
  /** Component text, bytes of GB 18030, padded with NUL. */
  textBytes: 31,
} as const;
