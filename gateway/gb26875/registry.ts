// What each transmission device has told of, kept on disk: after a restart its components are known by name before they
// speak again, and their alarms stay theirs.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { DEVICE_POINTS_MAX } from '../../device-profiles/expand.ts';
import { NOTHING_LEARNED, type Learned } from '../../device-profiles/gb26875/grow.ts';
import type { Logger, SiteDevice } from '../drivers/driver.ts';
import type { CallingDevice } from './device.ts';
import { errorCode, realDisk, replaceFile, type Disk } from '../spool/files.ts';

const closed = { additionalProperties: false } as const;
const Byte = Type.Integer({ minimum: 0, maximum: 255 });
const System = Type.Object({ type: Byte, address: Byte }, closed);
const component = { system: System, type: Byte, address: Type.Integer({ minimum: 0, maximum: 0xffff_ffff }) };
const many = { maxItems: DEVICE_POINTS_MAX };
const Kept = Type.Object(
  {
    v: Type.Literal(1),
    systems: Type.Array(System, many),
    components: Type.Array(Type.Object({ ...component, text: Type.String({ maxLength: 64 }) }, closed), many),
    quantities: Type.Array(Type.Object({ ...component, quantity: Byte }, closed), many),
  },
  closed,
);
const keptCheck = Compile(Kept);

export class Registry {
  readonly #dir: string;
  readonly #log: Logger;
  readonly #disk: Disk;

  /** @param dir of the gateway's own; `gb26875/<device>.json` is made below it */
  constructor(dir: string, log: Logger, disk: Disk = realDisk) {
    this.#dir = join(dir, 'gb26875');
    this.#log = log;
    this.#disk = disk;
  }

  /** Nothing where nothing was kept, or where it can't be understood: the device will tell again. */
  async load(device: string): Promise<Learned> {
    let text: string;
    try {
      text = (await this.#disk.read(this.#path(device))).toString('utf8');
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') this.#warn(device, errorCode(error));
      return NOTHING_LEARNED;
    }
    try {
      const kept: unknown = JSON.parse(text);
      if (keptCheck.Check(kept)) return kept;
      this.#warn(device, 'it does not fit its form');
    } catch {
      this.#warn(device, 'it is not JSON');
    }
    return NOTHING_LEARNED;
  }

  /** Resolves also when the disk refuses, which is logged: what the device tells goes on meanwhile. */
  async keep(device: string, { systems, components, quantities }: Learned): Promise<void> {
    try {
      await mkdir(this.#dir, { recursive: true, mode: 0o700 });
      const text = JSON.stringify({ v: 1, systems, components, quantities });
      await replaceFile(this.#disk, this.#path(device), Buffer.from(text));
    } catch (error) {
      this.#log.error({ device, error: errorCode(error) }, 'what a transmission device told of could not be kept');
    }
  }

  #path(device: string): string {
    return join(this.#dir, `${device}.json`);
  }

  #warn(device: string, why: string): void {
    this.#log.warn({ device, why }, 'what a transmission device told of before can not be read');
  }
}

/** The devices of a site, those that tell of their own points with what they had told of before. */
export async function withLearned<T extends SiteDevice & Partial<Pick<CallingDevice, 'grow'>>>(
  devices: readonly T[],
  registry: Registry,
): Promise<{ readonly devices: readonly T[]; readonly learned: ReadonlyMap<string, Learned> }> {
  const learned = new Map<string, Learned>();
  const grown: T[] = [];
  for (const device of devices) {
    if (!device.grow) {
      grown.push(device);
      continue;
    }
    const known = await registry.load(device.id);
    const { model } = device.grow(known);
    // What no longer fits (a site that was made smaller) is told anew.
    learned.set(device.id, model ? known : NOTHING_LEARNED);
    grown.push(model ? { ...device, model } : device);
  }
  return { devices: grown, learned };
}
