// Every limit of the field broker and the MQTT driver by name (hard rule 10).

import type { LoginLimits } from '../../device-profiles/login-gate.ts';

export interface FieldLimits extends LoginLimits {
  /** Connections at once; more are closed at once. */
  readonly connections: number;
  /** Longest MQTT packet taken, bytes; a device that announces a longer one is cut off. */
  readonly packetBytes: number;
  /** A connection must say who it is by then, ms. */
  readonly connectMs: number;
  /** Messages a second that a connection may send for long, and how many it may save up. */
  readonly messagesPerS: number;
  readonly messageBurst: number;
  /** An answer that a client does not take in this time, ms, ends its connection. */
  readonly drainMs: number;
  /** TCP keep-alive of idle connections, ms: finds devices that vanished without a word. */
  readonly tcpKeepAliveMs: number;
  /** Something wrong with the same device is logged once in this time, ms. */
  readonly logEveryMs: number;
  /** Different things so remembered. */
  readonly logKeys: number;
  /** Messages from a broker that is not ours which may wait for the disk at once. */
  readonly unacknowledged: number;
  /** Pause between two connections to a broker that is not ours, ms; up to as much again at random. */
  readonly reconnectMs: number;
  /** Without a connection to that broker for so long, ms, its devices are not heard. */
  readonly linkDownMs: number;
}

export const FIELD_LIMITS: FieldLimits = {
  connections: 2_000,
  packetBytes: 64 * 1024,
  connectMs: 10_000,
  messagesPerS: 50,
  messageBurst: 500,
  refusedLogins: 10,
  forgetMs: 60_000,
  slowMs: 1_000,
  slowWaiting: 5,
  remembered: 1_000,
  checksAtOnce: 100,
  queued: 2_000,
  drainMs: 30_000,
  tcpKeepAliveMs: 60_000,
  logEveryMs: 60_000,
  logKeys: 1_000,
  unacknowledged: 500,
  reconnectMs: 2_000,
  linkDownMs: 30_000,
};
