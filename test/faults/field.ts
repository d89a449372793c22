// The field of a faults run: meters whose registers change with every read, pump controllers and a fire panel that
// raise on demand. It keeps what is true: who raised what, and how often the gateway has really been told.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModbusServer, type SimulatedUnit } from '../../simulators/modbus-server.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { meterProfile } from '../helpers/meter-profile.ts';

export const GATEWAY = 'gw-faults';

export interface FieldSize {
  readonly meters: number;
  /** Registers of a meter; all of them change with every read. */
  readonly registers: number;
  /** Interval at which a meter is read, ms. */
  readonly meterMs: number;
  /** Pump controllers: one FAULT, and so one work order, each. */
  readonly pumps: number;
  /** Detectors of the fire panel: one FIRE each. */
  readonly detectors: number;
}

/** Registers that one Modbus read can bring (Modbus Application Protocol V1.1b3, 6.3). */
const READ_MAX = 125;
/** 500 changes/s over a hundred small devices. */
export const KILL_LOAD = { meters: 100, registers: 5, meterMs: 1_000 } as const;

/** A condition that can be raised once: its device, point and signal as the hub names them. */
export interface Target {
  readonly device: string;
  readonly point: string;
  readonly signal: string;
  readonly class: 'FIRE' | 'FAULT';
}

export interface Raised {
  readonly target: Target;
  readonly at: number;
  /** Replies that have carried it. */
  told: number;
  clearedAt?: number;
}

const UNITS_PER_LINK = 50;
const FAULT_BITS = [
  [1, 'phase-loss-l1'],
  [4, 'locked-rotor'],
  [5, 'fail-to-start'],
  [7, 'power-loss'],
  [11, 'undervoltage'],
] as const;
const WORD_OF_FAULTS = 1_000;
const FREQUENCY = 162;
/** Printed 40031; two bits a device, device 1 in slot 2, high bits first. */
const SHEET = 30;

interface LinkOf {
  readonly id: string;
  readonly server: ModbusServer;
  port: number;
}

export class Field {
  readonly size: FieldSize;
  readonly raised: Raised[] = [];
  readonly #links: LinkOf[] = [];
  readonly #reads: number[];
  readonly #pumps: (Raised | undefined)[];
  readonly #bits: number[];
  readonly #detectors: (Raised | undefined)[];
  #frozen = false;
  /** A meter counts up with every so many reads. */
  #every = 1;
  readonly #polls: number[];
  #pumpsUsed = 0;
  #detectorsUsed = 0;

  constructor(size: FieldSize) {
    this.size = size;
    // Each read counts, so all registers of a meter must come with one.
    if (size.registers > READ_MAX) throw new Error(`a meter has at most ${READ_MAX} registers, not ${size.registers}`);
    this.#reads = Array.from({ length: size.meters }, () => 0);
    this.#polls = Array.from({ length: size.meters }, () => 0);
    this.#pumps = Array.from({ length: size.pumps }, () => undefined);
    this.#bits = Array.from({ length: size.pumps }, (_, k) => k % FAULT_BITS.length);
    this.#detectors = Array.from({ length: size.detectors }, () => undefined);
    this.#addLinks('meters', size.meters, (k) => this.#meter(k));
    this.#addLinks('pumps', size.pumps, (k) => this.#pump(k));
    this.#addLinks('panel', 1, () => this.#panel());
  }

  async start(): Promise<void> {
    for (const link of this.#links) {
      link.port = await link.server.start();
      onCleanup(() => link.server.stop());
    }
  }

  /** Writes the site with its profile; returns the path of the site file. */
  writeSite(dir: string): string {
    const { meters, registers, meterMs, pumps, detectors } = this.size;
    mkdirSync(join(dir, 'profiles', 'load'), { recursive: true });
    writeFileSync(join(dir, 'profiles', 'load', 'load-meter.yaml'), meterProfile(registers));
    const device = (id: string, profile: string, kind: string, k: number, more = ''): string =>
      `  - { id: ${id}, profile: ${profile}, link: ${linkOf(kind, k)}, unit: ${unitOf(k)}, building: b1${more} }`;
    const points = range(detectors).map((k) => `{ point: ${detectorId(k)} }`);
    const lines = [
      `gateway: ${GATEWAY}`,
      'community: xingfuli',
      'profiles: [profiles]',
      `poll: { fast: ${meterMs} }`,
      'links:',
      ...this.#links.map((l) => `  - { id: ${l.id}, type: modbus-tcp, host: 127.0.0.1, port: ${l.port} }`),
      'devices:',
      ...range(meters).map((k) => device(meterId(k), 'load-meter', 'meters', k)),
      ...range(pumps).map((k) => device(pumpId(k), 'tornatech-gpx', 'pumps', k, ', poll: { safety: 400 }')),
      device('panel', 'gst-modbus-sheet', 'panel', 0, `, points: [${points.join(', ')}]`),
    ];
    const file = join(dir, 'site.yaml');
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  }

  /** Raises a FAULT on a pump that never had one. */
  raiseFault(): Raised {
    const k = this.#pumpsUsed++;
    if (k >= this.size.pumps) throw new Error(`the field has only ${this.size.pumps} pumps`);
    const point = FAULT_BITS[this.#bits[k] ?? 0]?.[1] ?? '';
    const raised = this.#raise({ device: `${GATEWAY}.${pumpId(k)}`, point, signal: point, class: 'FAULT' });
    this.#pumps[k] = raised;
    return raised;
  }

  /** Raises a FIRE on a detector that never had one. */
  raiseFire(): Raised {
    const k = this.#detectorsUsed++;
    if (k >= this.size.detectors) throw new Error(`the field has only ${this.size.detectors} detectors`);
    const raised = this.#raise({
      device: `${GATEWAY}.panel`,
      point: detectorId(k),
      signal: 'fire',
      class: 'FIRE',
    });
    this.#detectors[k] = raised;
    return raised;
  }

  clear(raised: Raised): void {
    raised.clearedAt ??= Date.now();
  }

  /** From now on meters count up with every so many reads only. */
  calm(every: number): void {
    this.#every = every;
  }

  /** From now on meters repeat their last value. */
  freeze(): void {
    this.#frozen = true;
  }

  /** From now on meters count up again. */
  thaw(): void {
    this.#frozen = false;
  }

  /** How often the meter has been read that was read least. */
  leastPolls(): number {
    return Math.min(...this.#polls);
  }

  /** Each meter has shown so many more numbers to somebody else. */
  skip(numbers: number): void {
    this.#reads.forEach((reads, k) => (this.#reads[k] = reads + numbers));
  }

  /** The value that meter k shows since the last read: it has shown each whole number up to it once. */
  lastValue(k: number): number {
    return this.#reads[k] ?? 0;
  }

  /** Changed values told so far, over all meters. */
  changes(): number {
    return this.#reads.reduce((sum, reads) => sum + reads, 0) * this.size.registers;
  }

  meterDevice(k: number): string {
    return `${GATEWAY}.${meterId(k)}`;
  }

  #raise(target: Target): Raised {
    const raised: Raised = { target, at: Date.now(), told: 0 };
    this.raised.push(raised);
    return raised;
  }

  #addLinks(kind: string, count: number, unit: (k: number) => SimulatedUnit): void {
    for (let first = 0; first < count; first += UNITS_PER_LINK) {
      const units = new Map<number, SimulatedUnit>();
      for (let k = first; k < Math.min(count, first + UNITS_PER_LINK); k++) units.set(unitOf(k), unit(k));
      const server = new ModbusServer({ host: '127.0.0.1', port: 0, framing: 'tcp', units, missingUnit: 'silent' });
      this.#links.push({ id: linkOf(kind, first), server, port: 0 });
    }
  }

  #meter(k: number): SimulatedUnit {
    return {
      read: (_table, _address, count) => {
        this.#polls[k] = (this.#polls[k] ?? 0) + 1;
        if (!this.#frozen && (this.#polls[k] ?? 0) % this.#every === 0) this.#reads[k] = (this.#reads[k] ?? 0) + 1;
        return range(count).map(() => this.#reads[k] ?? 0);
      },
    };
  }

  #pump(k: number): SimulatedUnit {
    return {
      read: (_table, address, count) => {
        const raised = tell(this.#pumps[k], address <= WORD_OF_FAULTS && address + count > WORD_OF_FAULTS);
        const faults = raised ? 1 << (FAULT_BITS[this.#bits[k] ?? 0]?.[0] ?? 0) : 0;
        return range(count).map((o) => {
          if (address + o === FREQUENCY) return 1;
          return address + o === WORD_OF_FAULTS ? faults : 0;
        });
      },
    };
  }

  #panel(): SimulatedUnit {
    return {
      read: (_table, address, count) => {
        const words = range(count).map(() => 0);
        this.#detectors.forEach((raised, k) => {
          const slot = k + 2;
          const word = SHEET + (slot >> 3) - address;
          if (tell(raised, word >= 0 && word < count)) words[word] = (words[word] ?? 0) | (1 << (14 - 2 * (slot & 7)));
        });
        return words;
      },
    };
  }
}

/** Is it raised now? Counts a reply that says so. */
function tell(raised: Raised | undefined, asked: boolean): boolean {
  if (!raised || !asked || raised.clearedAt !== undefined) return false;
  raised.told += 1;
  return true;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, k) => k);
const unitOf = (k: number): number => 1 + (k % UNITS_PER_LINK);
const linkOf = (kind: string, k: number): string => `${kind}-${Math.floor(k / UNITS_PER_LINK)}`;
const meterId = (k: number): string => `meter-${k}`;
const pumpId = (k: number): string => `pump-${k}`;
const detectorId = (k: number): string => `dev-${String(k + 1).padStart(4, '0')}`;
