// Modbus devices behind DTUs that call us: one port, a line for each DTU, and the Modbus driver on top of the lines.
import { CALL_IN_LIMITS, type CallIns } from '../../device-profiles/contract/call-in.ts';
import type { CallInDriver } from '../call-in/call-in.ts';
import { CALLED_LINE_LIMITS, type CallInLimits } from '../call-in/limits.ts';
import { CallInListener, type CallRefusal } from '../call-in/listener.ts';
import { Refusals, type Refusal } from '../call-in/refusals.ts';
import { packetBytes } from '../call-in/registration.ts';
import { LogOnce } from '../field/log-once.ts';
import { CalledTransport } from '../modbus/called-transport.ts';
import { RTU_SHAPE, TCP_SHAPE } from '../modbus/frame-shape.ts';
import type { ModbusLimits } from '../modbus/limits.ts';
import type { Ticket } from '../modbus/link.ts';
import type { ModbusMemory } from '../modbus/memory.ts';
import type { DtuLink } from '../site-links.ts';
import type { Driver, DriverPort, SiteDevice } from './driver.ts';
import { modbusDriver } from './modbus.ts';

export interface ModbusCallInOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** A port that can't be listened on is waited for, its lines down meanwhile; without that `start` fails. */
  readonly waits?: boolean;
  /** All lines of this port. */
  readonly links: readonly DtuLink[];
  readonly devices: readonly SiteDevice[];
  readonly intake: DriverPort;
  readonly memory?: ModbusMemory;
  readonly limits?: Partial<CallInLimits>;
  readonly modbusLimits?: Partial<ModbusLimits>;
}

/** Calls that were refused and are kept for the engineer. */
const REFUSALS = 100;

export class ModbusCallInDriver implements CallInDriver {
  readonly #name: string;
  readonly #lines: ReadonlyMap<string, CalledTransport<Ticket>>;
  readonly #listener: CallInListener;
  readonly #modbus: Driver;
  readonly #refusals = new Refusals<CallRefusal>(REFUSALS);

  constructor(o: ModbusCallInOptions) {
    this.#name = `modbus-dtu:${o.port}`;
    const limits = { ...CALLED_LINE_LIMITS, ...o.limits };
    const { intake, host, port, links, devices } = o;
    const { clock, log } = intake;
    const logOnce = new LogOnce(clock, limits.logEveryMs, limits.logKeys);
    const note = (context: object, message: string, key: string): void => {
      if (logOnce.due(key)) log.warn(context, message);
    };
    this.#lines = new Map(
      links.map((link) => {
        const registration = packetBytes(link.registration);
        const line = new CalledTransport<Ticket>({
          registration,
          shape: link.framing === 'tcp' ? TCP_SHAPE : RTU_SHAPE,
          between: [...link.heartbeats.map(packetBytes), registration],
          silentMs: link.silentS * 1_000,
          latencyMs: link.latencyMs,
          lateMs: link.lateMs,
          clock,
          limits,
          replaced: (before, now) =>
            note({ link: link.id, before, now }, 'a device has called while its line was there', `replaced ${link.id}`),
        });
        return [link.id, line];
      }),
    );
    this.#listener = new CallInListener({
      name: this.#name,
      host,
      port,
      waits: o.waits ?? false,
      lines: [...this.#lines.values()],
      clock,
      log,
      limits,
      refusals: this.#refusals,
    });
    // The device calls again when it likes: nothing is gained by not being there, nor by closing what it opened.
    const patience = { silentTimeouts: Infinity, resetPauseMs: 0, backoffMinMs: 0, backoffMaxMs: 0 };
    this.#modbus = modbusDriver({
      links,
      devices,
      port: intake,
      lines: this.#lines,
      ...(o.memory ? { memory: o.memory } : {}),
      limits: { ...patience, downAfterMs: limits.downAfterMs, ...o.modbusLimits },
      note: (context, message) => note(context, message, JSON.stringify(context)),
    });
  }

  get listening(): number {
    return this.#listener.port;
  }

  async start(): Promise<void> {
    await this.#modbus.start();
    try {
      await this.#listener.start();
    } catch (error) {
      await this.#modbus.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#modbus.stop();
    await this.#listener.stop();
  }

  counters(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    const linesNotTold = Math.max(0, this.#lines.size - CALL_IN_LIMITS.lines);
    const all: Record<string, Readonly<Record<string, number>>> = {
      [this.#name]: { ...this.#listener.counters, linesNotTold },
    };
    const polled = this.#modbus.counters?.() ?? {};
    for (const [id, line] of this.#lines) all[id] = { ...polled[id], ...line.counters, noise: line.standing.noise };
    return all;
  }

  refusals(): readonly (Refusal & { readonly link: string })[] {
    return this.#refusals.all(this.#name);
  }

  standing(): CallIns {
    const lines = [...this.#lines].slice(0, CALL_IN_LIMITS.lines).map(([link, line]) => {
      const { calls, replaced, heartbeats } = line.counters;
      return { link, ...line.standing, calls, replaced, heartbeats };
    });
    return {
      link: this.#name,
      transport: 'tcp',
      port: this.#listener.port,
      devices: [],
      lines,
      unregistered: this.#listener.unregistered,
      refused: this.#refusals.told(),
      counters: { ...this.#listener.counters },
    };
  }
}
