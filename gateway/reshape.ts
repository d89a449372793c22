// Other devices for a running gateway: the point index, the table of what was told, the spool, the uplink, history and
// the annunciator change over in one step, and nothing that is heard meanwhile is lost or numbered wrongly.
import type { Annunciator } from './annunciator.ts';
import { encodeIndex, pointIndex, type BirthState, type PointIndex } from './birth.ts';
import type { SiteDevice } from './drivers/driver.ts';
import type { HistoryWriter } from './history.ts';
import type { Intake } from './intake.ts';
import { SITE_LIMITS } from './site-schema.ts';
import type { Spool } from './spool.ts';
import type { Uplink } from './uplink.ts';

export interface Reshaped {
  readonly intake: Intake;
  readonly spool: Spool;
  readonly annunciator: Annunciator;
  readonly uplink: Uplink;
  readonly history: HistoryWriter | undefined;
}

/** What a birth that only explains an index says beside it. */
export type Born = Pick<BirthState, 'gateway' | 'community' | 'software' | 'writesHistory'>;

/** The bytes kept beside the spool for an index. */
export const indexBytes = (index: PointIndex, born: Born, at: number): Buffer =>
  encodeIndex(index, { ...born, epoch: '0'.repeat(32), at, head: { safety: 0, telemetry: 0 } });

/** Changes that wait are put in force together: a device that tells of a hundred components makes one new index. */
export class Reshaper {
  readonly #parts: Reshaped;
  readonly #born: Born;
  #devices: readonly SiteDevice[];
  #wanted: readonly SiteDevice[];
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #changes = 0;

  constructor(devices: readonly SiteDevice[], born: Born, parts: Reshaped) {
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
    const points = this.#wanted.reduce((sum, d) => sum + d.model.points.length, 0);
    const more = after.model.points.length - before.model.points.length;
    if (more > 0 && points + more > SITE_LIMITS.points)
      return Promise.reject(new Error(`a site holds ${SITE_LIMITS.points} points; ${after.id} would be more`));
    return this.#put(this.#wanted.with(at, after));
  }

  /** @returns when these devices, or later ones, are in force */
  #put(devices: readonly SiteDevice[]): Promise<void> {
    this.#wanted = devices;
    if (!this.#running) return (this.#running = this.#change().finally(() => (this.#running = undefined)));
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#put(this.#wanted);
    });
    return this.#next;
  }

  async #change(): Promise<void> {
    const { intake, spool, annunciator, uplink, history } = this.#parts;
    const devices = this.#wanted;
    const index = pointIndex(devices);
    const at = Math.trunc(intake.clock.now());
    await spool.reindex({ id: index.id, bytes: indexBytes(index, this.#born, at) }, () => {
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
