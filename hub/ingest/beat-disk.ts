// What gateways say of their own disks: while one refuses, records of that lane live in the gateway's memory alone, and
// a power cut there would take them. The hub tells people, since nobody on site looks at a gateway.
import type { Beat } from '../../device-profiles/contract/wire.ts';
import { LANES, type Lane } from '../../device-profiles/contract/point.ts';
import type { Clock } from '../clock.ts';
import { hubSignal, type HubSignalId } from './hub-signals.ts';
import { INGEST_LIMITS } from './limits.ts';
import type { Site } from './points.ts';
import type { FactJob } from './t1.ts';

const SIGNALS = {
  safety: 'safety-not-kept',
  telemetry: 'telemetry-not-kept',
} as const satisfies Record<Lane, HubSignalId>;

interface Disk {
  /** ms monotonic */
  refusingSince: number | undefined;
  /** Undefined until this process has heard of it: what an earlier one told may still stand. */
  told: boolean | undefined;
}

export class BeatDisk {
  readonly #clock: Clock;
  readonly #push: (fact: FactJob) => void;
  readonly #disks = new WeakMap<Site, Record<Lane, Disk>>();

  constructor(clock: Clock, push: (fact: FactJob) => void) {
    this.#clock = clock;
    this.#push = push;
  }

  beat(site: Site, { failing }: Beat): void {
    if (site.community === '') return;
    const disks = this.#disks.get(site) ?? {
      safety: { refusingSince: undefined, told: undefined },
      telemetry: { refusingSince: undefined, told: undefined },
    };
    this.#disks.set(site, disks);
    for (const lane of LANES) this.#lane(site, lane, disks[lane], failing?.[lane] ?? '');
  }

  /** Since when (ms monotonic) safety records of this gateway are in its memory alone; undefined while they are kept. */
  refusingSince(site: Site): number | undefined {
    return this.#disks.get(site)?.safety.refusingSince;
  }

  #lane(site: Site, lane: Lane, disk: Disk, refusal: string): void {
    const [now, mono] = [this.#clock.now(), this.#clock.monotonic()];
    if (refusal === '') {
      disk.refusingSince = undefined;
      if (disk.told !== false) this.#tell(site, lane, 'clear', now);
      disk.told = false;
      return;
    }
    disk.refusingSince ??= mono;
    if (disk.told === true || mono - disk.refusingSince < INGEST_LIMITS.diskRefusesMs) return;
    disk.told = true;
    this.#tell(site, lane, 'raise', now, refusal);
  }

  #tell(site: Site, lane: Lane, to: 'raise' | 'clear', at: number, refusal?: string): void {
    const signal = hubSignal(SIGNALS[lane], site, refusal);
    this.#push({ kind: 'fact', site, stage: (_site, signals) => signals.hubSignal(signal, to, at) });
  }
}
