// Other devices for a running gateway: the point index, the table of what was told, the spool, the uplink, history and
// the annunciator change over in one step, and nothing that is heard meanwhile is lost or numbered wrongly.
import type { Annunciator } from './annunciator.ts';
import { WIRE_LIMITS } from '../device-profiles/contract/wire.ts';
import { indexBytes, pointIndex, tooLarge, type Born } from './birth.ts';
import type { SiteDevice } from './drivers/driver.ts';
import type { HistoryWriter } from './history.ts';
import type { Intake } from './intake.ts';
import type { Spool } from './spool.ts';
import type { Uplink } from './uplink.ts';

export interface Reshaped {
  readonly intake: Intake;
  readonly spool: Spool;
  readonly annunciator: Annunciator;
  readonly uplink: Uplink;
  readonly history: HistoryWriter | undefined;
}

/** Changes that wait are put in force together: a device that tells of a hundred components makes one new index. */
export class Reshaper {
  readonly #parts: Reshaped;
  readonly #born: Born;
  readonly #birthBytes: number;
  #devices: readonly SiteDevice[];
  #wanted: readonly SiteDevice[];
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #changes = 0;

  /** @param birthBytes the most that a birth may have */
  constructor(
    devices: readonly SiteDevice[],
    born: Born,
    parts: Reshaped,
    birthBytes: number = WIRE_LIMITS.birthBytes,
  ) {
    this.#birthBytes = birthBytes;
    this.#devices = devices;
    this.#wanted = devices;
    this.#born = born;
    this.#parts = parts;
  }

  /** Devices in force. */
  get devices(): readonly SiteDevice[] {
    return this.#devices;
  }

  /** How often the devices changed since the start. */
  get changes(): number {
    return this.#changes;
  }

  /** As DriverPort.replace. */
  replace(before: SiteDevice, after: SiteDevice): Promise<void> {
    const at = this.#wanted.indexOf(before);
    if (at === -1 || before.id !== after.id)
      return Promise.reject(new Error(`device ${before.id} is not of this site and can't be replaced by ${after.id}`));
    return this.#put(this.#wanted.with(at, after));
  }

  /**
   * Other devices altogether. `next` is asked once with those that are wanted now.
   * @returns when they are in force. Rejects when they can't be; then nothing changes.
   */
  become(next: (now: readonly SiteDevice[]) => readonly SiteDevice[]): Promise<void> {
    return this.#put(next(this.#wanted));
  }

  /** @returns when these devices, or later ones, are in force */
  #put(devices: readonly SiteDevice[]): Promise<void> {
    this.#wanted = devices;
    if (!this.#running) return (this.#running = this.#change().finally(() => (this.#running = undefined)));
    this.#next ??= this.#running
      .finally(() => {
        this.#next = undefined;
      })
      .then(() => this.#put(this.#wanted));
    return this.#next;
  }

  async #change(): Promise<void> {
    const { intake, spool, annunciator, uplink, history } = this.#parts;
    const devices = this.#wanted;
    const index = pointIndex(devices);
    const bytes = indexBytes(index, this.#born, Math.trunc(intake.clock.now()));
    const why = tooLarge(index, bytes, this.#birthBytes);
    if (why !== undefined) {
      // With everything that was asked for meanwhile: it stood on this.
      this.#wanted = this.#devices;
      throw new Error(why);
    }
    await spool.reindex({ id: index.id, bytes }, () => {
      this.#devices = devices;
      intake.reshape(devices);
      annunciator.reshape(devices, intake.table);
      history?.reindex(index);
      uplink.reindex(index);
    });
    this.#changes++;
    intake.log.info({ birth: index.id, devices: devices.length }, 'the devices of the site have changed');
  }
}
