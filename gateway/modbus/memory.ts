// What was learned of each Modbus device by its refusals, kept on disk: after a restart it is not asked for what it has
// refused, nor cut to pieces again. It holds for one model (profile, edition, point list) and for a time.
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { TABLES } from '../../device-profiles/contract/point.ts';
import type { GatewayClock, Logger, SiteDevice } from '../drivers/driver.ts';
import { errorCode, realDisk, replaceFile, type Disk } from '../spool/files.ts';

/** Named maxima of what is kept. */
export const MEMORY_LIMITS = {
  /** After so long a device is asked for everything again: it may have been changed or set right. Days. */
  ageDays: 30,
  /** Places and borders of a device; one that refuses more has the wrong profile. */
  places: 2_000,
} as const;
const DAY_MS = 86_400_000;

const closed = { additionalProperties: false } as const;
const Address = Type.Integer({ minimum: 0, maximum: 0xffff });
const Class = Type.Integer({ minimum: 0, maximum: 3 });
const Table = Type.Enum([...TABLES]);
const Known = Type.Object(
  {
    v: Type.Literal(1),
    /** Hash of the model that it was learned with. */
    model: Type.String({ maxLength: 128 }),
    profile: Type.String({ maxLength: 128 }),
    /** When the first of it was learned, ms UTC. */
    since: Type.Integer(),
    /** Places that the device refuses by themselves, by poll class (0 is safety). */
    holes: Type.Array(
      Type.Object(
        {
          poll: Class,
          table: Table,
          address: Address,
          count: Type.Integer({ minimum: 1, maximum: 2_000 }),
          reason: Type.Enum(['exception-02', 'exception-03']),
        },
        closed,
      ),
      { maxItems: MEMORY_LIMITS.places },
    ),
    /** Borders across which it refuses to be read: `at` is the first address behind one. */
    borders: Type.Array(
      Type.Object({ poll: Class, table: Table, at: Type.Integer({ minimum: 0, maximum: 0x1_0000 }) }, closed),
      {
        maxItems: MEMORY_LIMITS.places,
      },
    ),
  },
  closed,
);
export type Known = Static<typeof Known>;
export type Learnt = Pick<Known, 'holes' | 'borders'>;
export const NOTHING_LEARNT: Learnt = { holes: [], borders: [] };
const knownCheck = Compile(Known);

const dirOf = (gatewayDir: string): string => join(gatewayDir, 'modbus');

export interface MemoryOptions {
  /** Of the gateway's own; `modbus/<device>.json` is made below it. */
  readonly dir: string;
  readonly clock: GatewayClock;
  readonly log: Logger;
  readonly disk?: Disk;
}

export class ModbusMemory {
  readonly #o: MemoryOptions;
  readonly #known = new Map<string, Known>();
  /** What waits to be written, one a device: the newest. */
  readonly #pending = new Map<string, Known>();
  #writing: Promise<void> = Promise.resolve();

  constructor(o: MemoryOptions) {
    this.#o = o;
  }

  /** What is known of this device, where it is of the model that it has now and not too old. */
  recall({ id, model }: SiteDevice): Learnt | undefined {
    const { dir, clock, log } = this.#o;
    this.#known.delete(id);
    const known = this.#pending.get(id) ?? readKnown(join(dirOf(dir), `${id}.json`), id, log);
    if (!known || known.model !== model.hash) return undefined;
    const age = clock.now() - known.since;
    if (age < 0 || age > MEMORY_LIMITS.ageDays * DAY_MS) return undefined;
    this.#known.set(id, known);
    return known;
  }

  /** Takes what is learned now in the place of what was. Never throws; a disk that refuses is logged. */
  keep({ id, model }: SiteDevice, { holes, borders }: Learnt): void {
    const known: Known = {
      v: 1,
      model: model.hash,
      profile: model.profile,
      since: this.#known.get(id)?.since ?? Math.trunc(this.#o.clock.now()),
      holes: holes.slice(0, MEMORY_LIMITS.places),
      borders: borders.slice(0, MEMORY_LIMITS.places),
    };
    this.#known.set(id, known);
    this.#pending.set(id, known);
    this.#writing = this.#writing.then(() => this.#write(id));
  }

  /** Other devices are shown no longer; what is on disk of them is believed again if they come back as they were. */
  keepOnly(devices: ReadonlySet<string>): void {
    for (const id of this.#known.keys()) if (!devices.has(id)) this.#known.delete(id);
  }

  /** What is known of each device, for the engineer. */
  all(): readonly (Known & { readonly device: string })[] {
    return [...this.#known].map(([device, known]) => ({ device, ...known }));
  }

  /** Resolves when everything kept so far is on disk, or was refused. */
  flush(): Promise<void> {
    return this.#writing;
  }

  async #write(id: string): Promise<void> {
    const known = this.#pending.get(id);
    this.#pending.delete(id);
    if (!known) return;
    const { dir, log, disk = realDisk } = this.#o;
    try {
      mkdirSync(dirOf(dir), { recursive: true, mode: 0o700 });
      await replaceFile(disk, join(dirOf(dir), `${id}.json`), Buffer.from(JSON.stringify(known)));
    } catch (error) {
      log.error({ device: id, error: errorCode(error) }, 'what was learned of a device could not be kept');
    }
  }
}

function readKnown(path: string, device: string, log: Logger): Known | undefined {
  try {
    const known: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (knownCheck.Check(known)) return known;
    log.warn({ device }, 'what was learned of a device does not fit its form: it is learned anew');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT')
      log.warn({ device, why: errorCode(error) }, 'what was learned of a device can not be read: it is learned anew');
  }
  return undefined;
}

/**
 * Forgets what is known of these devices, or of all where none are named; for a gateway that does not run.
 * @returns the devices of which something was known
 */
export function forget(gatewayDir: string, devices: readonly string[]): string[] {
  let files: string[];
  try {
    files = readdirSync(dirOf(gatewayDir));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
  const ids = files.filter((f) => f.endsWith('.json')).map((f) => f.slice(0, -'.json'.length));
  const gone = ids.filter((id) => devices.length === 0 || devices.includes(id)).sort();
  for (const id of gone) rmSync(join(dirOf(gatewayDir), `${id}.json`));
  return gone;
}
