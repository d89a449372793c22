// What a transmission device is heard over, by TCP or UDP: frames come in, answers go out.
import type { GatewayClock, Logger } from '../drivers/driver.ts';
import type { Frame, FrameHead, FrameRefusal } from './frame.ts';
import type { Gb26875Limits } from './limits.ts';

/** The way back to whoever sent a frame. */
export interface Line {
  /** IP address. */
  readonly from: string;
  /** Wall time since when there is this line, ms. */
  readonly since: number;
  /** Messages that came over it and wait for the disk. */
  unanswered: number;
  /** Nothing is sent where the line is gone. */
  send(bytes: Buffer): void;
  readonly open: boolean;
  /** Reading rests while too much waits, where the transport can hold it back. */
  rest(): void;
  resume(): void;
}

/** What lines hear, in the order in which it came. */
export interface LineSink {
  frame(line: Line, frame: Frame): void;
  /** As `FrameSink.refused`; `line` is undefined where nobody may be answered. */
  refused(reason: FrameRefusal | 'stranger', bytes: Buffer, from: string, back?: { line: Line; head: FrameHead }): void;
}

export interface LinesOptions {
  readonly link: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly utcOffsetMinutes: number;
  readonly limits: Gb26875Limits;
  readonly clock: GatewayClock;
  readonly log: Logger;
  readonly sink: LineSink;
}

export interface Lines {
  /** @returns the port. @throws Error when it can't listen */
  start(): Promise<number>;
  stop(): Promise<void>;
  /** Looks for lines that are dead; called by a timer. */
  check(): void;
  counters(): Readonly<Record<string, number>>;
}
