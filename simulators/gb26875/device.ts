// A transmission device's side of the conversation: it notices what has changed behind it, sends one message at a time
// until it is confirmed, fire first, and answers the centre. No socket and no clock: frames and times are handed in.
import type { Part, TransmissionState } from '../models/transmission.ts';
import { replyTo, type Known } from './answers.ts';
import { bytesTime, COMMAND, timeBytes, writeFrame, type DeviceFrame } from './frame.ts';
import * as units from './units.ts';
import { FLAG, PARTS_PER_UNIT, type PartReport, type Pressed } from './units.ts';

export interface DeviceOptions {
  readonly name: string;
  readonly source: number;
  readonly centre: number;
  readonly measure: (part: Part) => number | undefined;
}

/** Times in ms. Timeout and repetitions by 5.3 of the standard; the heartbeat is the field's habit. */
export const DEVICE_TIMES = {
  timeoutMs: 10_000,
  tries: 3,
  heartbeatMs: 20_000,
  analogMs: 30_000,
  /** How soon somebody at the desk presses the key of a duty check. */
  dutyAnswerMs: 8_000,
} as const;
const WAITING_MAX = 500;
const SENT_KEPT = 20;
const LOG_KEPT = 200;
/** A measured value is told again when it has moved this much, MPa or m. */
const ANALOG_STEP = 0.05;
const OPERATOR = 1;
/** Data units that nothing may overtake. */
const ORDERED: ReadonlySet<number> = new Set([FLAG.partStatus, FLAG.operation]);

interface Message {
  readonly serial: number;
  readonly tag: Uint8Array;
  readonly unit: Uint8Array;
  readonly urgent: boolean;
}

export class TransmissionDevice {
  readonly #o: DeviceOptions;
  #state: TransmissionState;
  #waiting: Message[] = [];
  #flying: { message: Message; sentAt: number; tries: number } | undefined;
  /** Last messages that were confirmed, for one that sends what it had sent. */
  #sent: Message[] = [];
  #serial = 0;
  #connected = false;
  /** Its clock less ours, ms. */
  #clockOff = 0;
  #spokeAt = -Infinity;
  #analogAt = -Infinity;
  readonly #measured = new Map<string, number>();
  #log: Pressed[] = [];
  #operationsTold: number;
  #missetTold: number;
  #repeated: number;
  #dutyDue: number | undefined;
  /** The line is given up after so many unanswered tries; whoever holds the socket looks at it. */
  gaveUp = false;
  readonly counters = {
    sent: 0,
    confirmed: 0,
    denied: 0,
    dropped: 0,
    requests: 0,
    clockSet: 0,
    clockDenied: 0,
    dutyChecks: 0,
  };

  constructor(o: DeviceOptions, state: TransmissionState) {
    this.#o = o;
    this.#state = state;
    this.#operationsTold = state.operations.at(-1)?.n ?? 0;
    this.#missetTold = state.misset.n;
    this.#repeated = state.repeats;
  }

  /** Its clock less the true one, ms. */
  get clockOff(): number {
    return this.#clockOff;
  }

  get waiting(): number {
    return this.#waiting.length + (this.#flying ? 1 : 0);
  }

  /** A connection is there: it tells what it is and how everything stands, after what had waited. */
  connected(now: number): void {
    this.#connected = true;
    this.gaveUp = false;
    this.#takeBack();
    this.#tell(units.deviceStatus(this.#state, this.#at(now)), now);
    this.#tell(units.version(undefined), now);
    for (const panel of this.#state.panels.values()) this.#tell(units.systemStatus(panel, this.#at(now)), now);
    this.#tellParts(
      [...this.#state.panels.values()].flatMap(({ shape, parts }) =>
        shape.parts.flatMap((part): PartReport[] => {
          const state = parts.get(part.id);
          return state ? [{ of: shape, part, state }] : [];
        }),
      ),
      now,
    );
    this.#measured.clear();
  }

  /** The connection is gone: what was on its way is sent again on the next, with the serial and time that it had. */
  disconnected(): void {
    this.#connected = false;
    this.#takeBack();
  }

  /** Notices what has changed. @returns frames to send now */
  tick(state: TransmissionState, now: number): Buffer[] {
    const before = this.#state;
    this.#state = state;
    if (state.dead) return [];
    if (state.misset.n !== this.#missetTold) {
      this.#missetTold = state.misset.n;
      this.#clockOff = state.misset.ms;
    }
    this.#notice(before, state, now);
    this.#answerDutyCheck(now);
    this.#measure(now);
    if (state.repeats !== this.#repeated) {
      this.#repeated = state.repeats;
      // As a device does whose memory of what was confirmed is short: the very messages, with serial and time.
      this.#waiting.unshift(...this.#sent);
    }
    return this.#connected ? this.#next(now) : [];
  }

  /** A frame of the centre. @returns frames to send now */
  received(frame: DeviceFrame, now: number): Buffer[] {
    if (frame.command === COMMAND.confirm || frame.command === COMMAND.deny) return this.#settled(frame, now);
    if (frame.command === COMMAND.request) {
      this.counters.requests++;
      const unit = replyTo(this.#known(now), frame.unit);
      return [this.#answer(frame, unit ? COMMAND.reply : COMMAND.deny, now, unit)];
    }
    if (frame.command === COMMAND.control) return [this.#answer(frame, this.#control(frame.unit, now), now)];
    return [this.#answer(frame, COMMAND.deny, now)];
  }

  #known(now: number): Known {
    const { measure, name } = this.#o;
    return { state: this.#state, at: this.#at(now), log: this.#log, measure, name };
  }

  #control(unit: Uint8Array, now: number): number {
    if (unit[0] === FLAG.setClock && unit.length >= 8) {
      if (!this.#state.takesClock) {
        this.counters.clockDenied++;
        return COMMAND.deny;
      }
      this.counters.clockSet++;
      this.#clockOff = bytesTime(unit.subarray(2, 8)) - now;
      return COMMAND.confirm;
    }
    if (unit[0] === FLAG.dutyCheck && unit.length >= 3) {
      this.counters.dutyChecks++;
      if (this.#state.answersDutyCheck) this.#dutyDue = now + DEVICE_TIMES.dutyAnswerMs;
      return COMMAND.confirm;
    }
    // Initialising is nothing that a centre may do to a panel in a house where people live.
    return COMMAND.deny;
  }

  #answerDutyCheck(now: number): void {
    if (this.#dutyDue === undefined || now < this.#dutyDue) return;
    this.#dutyDue = undefined;
    this.#press([{ of: undefined, key: 'duty-answer', operator: OPERATOR, at: this.#at(now) }], now);
  }

  /** A clock of whole seconds, as the frames have it. */
  #at(now: number): number {
    return now + this.#clockOff;
  }

  #notice(before: TransmissionState, after: TransmissionState, now: number): void {
    if (before === after) return;
    const fresh = after.operations.filter((o) => o.n > this.#operationsTold);
    this.#operationsTold = after.operations.at(-1)?.n ?? this.#operationsTold;
    for (const { panel, key, operator } of fresh) {
      const of = panel === undefined ? undefined : after.panels.get(panel)?.shape;
      this.#press([{ of, key, operator, at: this.#at(now) }], now);
    }
    if (units.deviceBits(before) !== units.deviceBits(after)) this.#tell(units.deviceStatus(after, this.#at(now)), now);
    for (const [id, panel] of after.panels) {
      const was = before.panels.get(id);
      if (!was || was === panel) continue;
      const changed = panel.shape.parts.flatMap((part): PartReport[] => {
        const state = panel.parts.get(part.id);
        const old = was.parts.get(part.id);
        return state && old && units.partBits(state) !== units.partBits(old) ? [{ of: panel.shape, part, state }] : [];
      });
      this.#tellParts(changed, now);
      if (units.systemBits(was) !== units.systemBits(panel)) this.#tell(units.systemStatus(panel, this.#at(now)), now);
    }
  }

  #press(pressed: readonly Pressed[], now: number): void {
    this.#log = [...this.#log, ...pressed].slice(-LOG_KEPT);
    this.#tell(units.operations(pressed[0]?.of, pressed), now);
  }

  #tellParts(reports: readonly PartReport[], now: number): void {
    const [urgent, others] = [reports.filter((r) => r.state.fire), reports.filter((r) => !r.state.fire)];
    for (const group of [urgent, others])
      for (let from = 0; from < group.length; from += PARTS_PER_UNIT)
        this.#tell(units.partStatus(group.slice(from, from + PARTS_PER_UNIT), this.#at(now)), now, group === urgent);
  }

  #measure(now: number): void {
    const due = now - this.#analogAt >= DEVICE_TIMES.analogMs;
    if (due) this.#analogAt = now;
    for (const { shape } of this.#state.panels.values())
      for (const part of shape.parts) {
        const value = part.measures === undefined ? undefined : this.#o.measure(part);
        if (value === undefined) continue;
        const key = `${shape.id} ${part.id}`;
        const last = this.#measured.get(key);
        if (!due && last !== undefined && Math.abs(value - last) < ANALOG_STEP) continue;
        this.#measured.set(key, value);
        this.#tell(units.analog(shape, part, value, this.#at(now)), now);
      }
  }

  /**
   * Fire goes before what waits, but never before what a part or a key said earlier: the last word must stay the last.
   * Of too much, the oldest that is no fire is lost and counted.
   */
  #tell(unit: Uint8Array, now: number, urgent = false): void {
    const message = { serial: this.#serial, tag: timeBytes(this.#at(now)), unit, urgent };
    this.#serial = (this.#serial + 1) & 0xffff;
    const ordered = this.#waiting.findLastIndex((m) => m.urgent || ORDERED.has(m.unit[0] ?? 0));
    this.#waiting.splice(urgent ? ordered + 1 : this.#waiting.length, 0, message);
    while (this.#waiting.length > WAITING_MAX) {
      const other = this.#waiting.findIndex((m) => !m.urgent);
      this.#waiting.splice(Math.max(0, other), 1);
      this.counters.dropped++;
    }
  }

  #takeBack(): void {
    if (this.#flying) this.#waiting.unshift(this.#flying.message);
    this.#flying = undefined;
  }

  #next(now: number): Buffer[] {
    if (this.#flying) {
      if (now - this.#flying.sentAt < DEVICE_TIMES.timeoutMs) return [];
      if (this.#flying.tries >= DEVICE_TIMES.tries) {
        this.gaveUp = true;
        return [];
      }
      this.#flying = { ...this.#flying, sentAt: now, tries: this.#flying.tries + 1 };
      return [this.#frame(this.#flying.message, now)];
    }
    const message = this.#waiting.shift();
    if (!message) {
      if (now - this.#spokeAt < DEVICE_TIMES.heartbeatMs) return [];
      this.#tell(new Uint8Array(), now);
      return this.#next(now);
    }
    this.#flying = { message, sentAt: now, tries: 1 };
    return [this.#frame(message, now)];
  }

  /** Denied is settled too: sent again it would be denied again. */
  #settled({ serial, command }: DeviceFrame, now: number): Buffer[] {
    if (this.#flying?.message.serial !== serial) return [];
    if (command === COMMAND.confirm) this.counters.confirmed++;
    else this.counters.denied++;
    if (this.#flying.message.unit.length > 0) this.#sent = [...this.#sent, this.#flying.message].slice(-SENT_KEPT);
    this.#flying = undefined;
    return this.#waiting.length > 0 ? this.#next(now) : [];
  }

  #frame({ serial, tag, unit }: Message, now: number): Buffer {
    this.#spokeAt = now;
    this.counters.sent++;
    const { source, centre } = this.#o;
    return writeFrame({ serial, version: [1, 1], tag, source, destination: centre, command: COMMAND.send, unit });
  }

  #answer(to: DeviceFrame, command: number, now: number, unit: Uint8Array = new Uint8Array()): Buffer {
    const { serial, version, source, destination } = to;
    const tag = timeBytes(this.#at(now));
    return writeFrame({ serial, version, tag, source: destination, destination: source, command, unit });
  }
}
