// The GB/T 26875.3 driver: transmission devices (用户信息传输装置) connect to us, and every message is confirmed after it
// is on disk, denied with a reason that is counted, or left unanswered so that the device sends it again.
import { CALL_IN_LIMITS, type CallIns } from '../../device-profiles/contract/call-in.ts';
import { tablesOf, type Gb26875Tables } from '../../device-profiles/gb26875/tables.ts';
import type { CallInDriver } from '../call-in/call-in.ts';
import { Refusals, type Refusal } from '../call-in/refusals.ts';
import { LogOnce } from '../field/log-once.ts';
import { encodeRequest, type CentreRequest } from '../gb26875/adu.ts';
import { TransmissionDevice, type CallingDevice } from '../gb26875/device.ts';
import { answerTo, COMMANDS, encodeFrame, type Frame, type FrameHead, type FrameRefusal } from '../gb26875/frame.ts';
import { FrameLog } from '../gb26875/frame-log.ts';
import { GB26875_LIMITS, type Gb26875Limits } from '../gb26875/limits.ts';
import type { Line, Lines, LineSink } from '../gb26875/line.ts';
import type { Registry } from '../gb26875/registry.ts';
import { TcpLines } from '../gb26875/tcp-lines.ts';
import { UdpLines } from '../gb26875/udp-lines.ts';
import type { DriverPort } from './driver.ts';

/** A device with the address by which it calls itself, and what it had told of before the start. */
export interface ListedDevice {
  readonly device: CallingDevice;
  readonly source: number;
  /** IP address from which it sends, where it does so by UDP. */
  readonly host?: string;
  readonly learned: Parameters<CallingDevice['grow']>[0];
}

export interface Gb26875DriverOptions {
  /** Id of the site's link. */
  readonly link: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly transport: 'tcp' | 'udp';
  readonly devices: readonly ListedDevice[];
  readonly intake: DriverPort;
  readonly registry: Registry;
  /** Whether our own clock is sure, so that devices may be set by it. */
  readonly clockTrusted: () => boolean;
  readonly limits?: Partial<Gb26875Limits>;
}

type RefusalReason = FrameRefusal | 'stranger' | 'unknown-source' | 'command';

interface Calling {
  readonly device: TransmissionDevice;
  readonly source: number;
  /** Where it was heard last, and how its frames speak of us. */
  line: Line | undefined;
  head: FrameHead | undefined;
  readonly log: FrameLog;
  /** Wall time, ms. */
  heardAt: number | undefined;
}

export class Gb26875Driver implements CallInDriver {
  readonly #o: Gb26875DriverOptions;
  readonly #limits: Gb26875Limits;
  readonly #tables: Gb26875Tables;
  readonly #bySource = new Map<number, Calling>();
  readonly #lines: Lines;
  readonly #logOnce: LogOnce;
  readonly #refusals: Refusals<RefusalReason>;
  readonly #counters = {
    frames: 0,
    confirmed: 0,
    denied: 0,
    unkept: 0,
    unknownSources: 0,
    noise: 0,
    torn: 0,
    length: 0,
    end: 0,
    checksum: 0,
  };
  #timer: NodeJS.Timeout | undefined;
  #listening = 0;

  /** @throws Error when devices of one link follow different editions, which one listener can't tell apart */
  constructor(o: Gb26875DriverOptions) {
    this.#o = o;
    this.#limits = { ...GB26875_LIMITS, ...o.limits };
    this.#refusals = new Refusals(this.#limits.refusals);
    const editions = new Set(o.devices.map(({ device }) => device.model.gb26875?.edition ?? ''));
    const [edition = '2011'] = editions;
    if (editions.size > 1) throw new Error(`link ${o.link}: devices of different editions need links of their own`);
    this.#tables = tablesOf(edition);
    this.#logOnce = new LogOnce(o.intake.clock, this.#limits.logEveryMs, this.#limits.logKeys);
    for (const { device, source, learned } of o.devices) {
      const calling: Calling = {
        source,
        line: undefined,
        head: undefined,
        log: new FrameLog(),
        heardAt: undefined,
        device: new TransmissionDevice({
          device,
          learned,
          tables: this.#tables,
          port: o.intake,
          limits: this.#limits,
          clockTrusted: o.clockTrusted,
          keep: (known) => o.registry.keep(device.id, known),
          send: (request, serial) => this.#request(calling, request, serial),
        }),
      };
      this.#bySource.set(source, calling);
    }
    this.#lines = this.#makeLines();
  }

  /** Port on which we listen, 0 before. */
  get listening(): number {
    return this.#listening;
  }

  /** The last bytes that were refused, newest first. */
  refusals(): readonly (Refusal & { readonly link: string })[] {
    return this.#refusals.all(this.#o.link);
  }

  /** How every device stands, with its last frames: for the engineer. */
  standing(): CallIns {
    const { link, transport } = this.#o;
    const devices = [...this.#bySource.values()].slice(0, CALL_IN_LIMITS.devices).map((calling) => {
      const { device, source, line, heardAt, log } = calling;
      const { offset, state, leftAlone } = device.clock;
      const { messages, repeated, notUnderstood, clockSet } = device.counters;
      return {
        device: device.id,
        source,
        ...(line ? { from: line.from, since: Math.trunc(line.since) } : {}),
        connected: line?.open === true,
        ...(heardAt === undefined ? {} : { heardAt: Math.trunc(heardAt) }),
        ...(offset === undefined ? {} : { clockOffMs: Math.round(offset) }),
        clock: leftAlone ? ('left-alone' as const) : state,
        messages,
        repeated,
        notUnderstood,
        clockSet,
        frames: log.frames(this.#tables),
      };
    });
    const refused = this.#refusals.told();
    return { link, transport, port: this.#listening, devices, refused, counters: { ...this.#counters } };
  }

  async start(): Promise<void> {
    const { intake, link } = this.#o;
    this.#listening = await this.#lines.start();
    this.#timer = setInterval(() => this.check(), this.#limits.checkMs);
    intake.link(link, '');
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#lines.stop();
  }

  #makeLines(): Lines {
    const { link, host, port, transport, devices, intake } = this.#o;
    const { utcOffsetMinutes } = this.#tables;
    const { clock, log } = intake;
    const options = { link, host, port, utcOffsetMinutes, limits: this.#limits, clock, log, sink: this.#sink };
    if (transport === 'tcp') return new TcpLines(options);
    const hosts = new Map(
      devices.flatMap((d): [number, string][] => (d.host === undefined ? [] : [[d.source, d.host]])),
    );
    return new UdpLines({ ...options, hosts });
  }

  counters(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    const sum: Record<string, number> = {};
    let requestsDenied = 0;
    let requestTimeouts = 0;
    for (const { device } of this.#bySource.values()) {
      for (const [key, count] of Object.entries(device.counters)) sum[key] = (sum[key] ?? 0) + count;
      requestsDenied += device.inquiry.denied;
      requestTimeouts += device.inquiry.timeouts;
    }
    return {
      [this.#o.link]: { ...this.#lines.counters(), ...this.#counters, ...sum, requestsDenied, requestTimeouts },
    };
  }

  readonly #sink: LineSink = {
    frame: (line, frame) => {
      this.#counters.frames++;
      this.#take(line, frame);
    },
    refused: (reason, bytes, from, back) => {
      if (reason === 'stranger')
        this.#warnOnce(`host ${from}`, { from }, 'bytes from an address that the site does not have');
      else this.#counters[reason]++;
      this.#remember(from, reason, bytes);
      if (back) this.#answer(back.line, back.head, 'deny');
    },
  };

  #take(line: Line, frame: Frame): void {
    const calling = this.#bySource.get(frame.source);
    if (!calling) {
      this.#counters.unknownSources++;
      const { source } = frame;
      this.#remember(line.from, 'unknown-source', frame.adu);
      this.#warnOnce(`source ${source}`, { source, from: line.from }, 'a device that the site does not have');
      this.#answer(line, frame, 'deny');
      return;
    }
    if (calling.line !== line) calling.device.calledAnew();
    calling.line = line;
    calling.head = frame;
    calling.heardAt = this.#o.intake.clock.now();
    calling.log.keep(calling.heardAt, false, frame, frame.adu);
    if (++line.unanswered >= this.#limits.unanswered) line.rest();
    calling.device
      .take(frame)
      .then((outcome) => {
        if (outcome === 'deny') this.#remember(line.from, 'command', frame.adu);
        if (outcome !== 'none') this.#answer(line, frame, outcome);
      })
      .catch(() => {
        // Not kept: without an answer the device sends it again.
        this.#counters.unkept++;
      })
      .finally(() => {
        line.unanswered--;
        if (line.unanswered <= this.#limits.unanswered / 2) line.resume();
      });
  }

  #answer(line: Line, head: FrameHead, what: 'confirm' | 'deny'): void {
    if (what === 'confirm') this.#counters.confirmed++;
    else this.#counters.denied++;
    const now = this.#o.intake.clock.now();
    const answer = answerTo(head, what, now);
    this.#bySource.get(head.source)?.log.keep(now, true, answer);
    const bytes = encodeFrame(answer, this.#tables.utcOffsetMinutes);
    line.send(bytes);
  }

  #warnOnce(key: string, context: object, message: string): void {
    if (this.#logOnce.due(key)) this.#o.intake.log.warn({ link: this.#o.link, ...context }, message);
  }

  #request(calling: Calling, request: CentreRequest, serial: number): void {
    const { line, head, source } = calling;
    if (!line?.open || !head) return;
    const { utcOffsetMinutes } = this.#tables;
    const now = this.#o.intake.clock.now();
    const asked = {
      serial,
      version: head.version,
      userVersion: head.userVersion,
      time: now,
      source: head.destination,
      destination: source,
      command: request.ask === 'set-clock' ? COMMANDS.control : COMMANDS.request,
      adu: encodeRequest(request, now, utcOffsetMinutes),
    };
    calling.log.keep(now, true, asked, asked.adu);
    line.send(encodeFrame(asked, utcOffsetMinutes));
  }

  #remember(from: string, reason: RefusalReason, bytes: Buffer): void {
    this.#refusals.keep(this.#o.intake.clock.now(), from, reason, bytes);
  }

  /** Lines that are dead and devices that are silent; called by the timer. */
  check(): void {
    this.#lines.check();
    for (const { device } of this.#bySource.values()) device.check();
  }
}
