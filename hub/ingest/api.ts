// What other domains may know of ingest: points in memory, and the port through which T1 lets signals be evaluated.
import type { Text, Value } from '../../device-profiles/contract/point.ts';
import type { AlarmClass, Latch } from '../../device-profiles/contract/signal.ts';
import type { Birth, Sample } from '../../device-profiles/contract/wire.ts';
import type { Tx } from '../db/tx.ts';
import type { NewEvent } from '../events/api.ts';
import type { Moment } from './evidence.ts';
import type { PointEntry, Program, Site, SiteStage } from './points.ts';

export { lastDeclared } from './declared.ts';
export { momentOf, wallOf, type Moment } from './evidence.ts';
export type { DeviceEntry, PointEntry, PointView, Program, Site, SiteStage } from './points.ts';

/** A fact about a gateway that the hub itself finds out, shown as an alarm of the synthetic device `{gateway}.gateway`. */
export interface HubSignal {
  readonly community: string;
  readonly gateway: string;
  readonly device: string;
  readonly deviceKind: 'gateway';
  readonly deviceName: Text;
  readonly point: string;
  readonly pointName: Text;
  readonly signal: string;
  readonly class: AlarmClass;
  /** `none` for what has an end; else it stays until a person closes it. */
  readonly latch: Exclude<Latch, 'panel'>;
  readonly text: Text;
  readonly advice: Text | undefined;
  readonly building: undefined;
  readonly floor: undefined;
  readonly place: undefined;
  readonly value: Value;
  /** For the journal: what exactly happened. */
  readonly note?: string;
}

/** The synthetic device of a gateway. */
export const hubDevice = (gateway: string): string => `${gateway}.gateway`;

/** What a hub tells of itself stands on a gateway of this name and the community's: no other may be called so. */
export const HUB_ID_PREFIX = 'hub-';

/** One T1's findings about signals. Records are handed in one after the other; nothing is memory before `commit`. */
export interface SignalStage {
  sample(site: SiteStage, program: Program, entry: PointEntry, s: Sample): void;
  /** The device went offline with this record: all its signals are evaluated again. */
  device(site: SiteStage, program: Program, device: string, s: Sample): void;
  /** Compares every signal of a gateway with what is known at a moment of its. */
  all(site: SiteStage, program: Program, at: Moment): void;
  /** Raises what a snapshot shows as active although records before it are still to come. */
  foundActive(site: SiteStage, program: Program, at: Moment): void;
  hubSignal(of: HubSignal, to: 'raise' | 'clear', at: number): void;
  /** Something may have been missed of this gateway: what was steady till now is steady only from now on. */
  interrupted(gateway: string): void;
  /** The gateway is no longer one of ours: nothing is known any more of what stood on it. */
  retire(gateway: string): void;
  write(tx: Tx): Promise<void>;
  commit(): void;
}

/** Implemented by alarms, handed in by main. */
export interface SignalSink {
  load(tx: Tx): Promise<void>;
  /** @throws Error when a condition can't be used; the birth is then refused */
  compile(program: Program): void;
  begin(now: number): SignalStage;
  /** At start: this gateway was retired earlier. */
  retired(gateway: string): void;
}

/** A birth that can't be used, in words. */
export class BirthRefused extends Error {
  override readonly name = 'BirthRefused';
}

/** What the register answers for each device of a birth, in the birth's order: the lasting numbers of its points. */
export interface Registered {
  readonly nums: readonly (readonly number[])[];
}

/** The register of devices and points; implemented by equipment, handed in by main. */
export interface Registry {
  /**
   * Enters the devices and points of a birth, and the places they name. A live birth also marks what is gone.
   * Idempotent.
   */
  register(
    tx: Tx,
    birth: { readonly gateway: string; readonly community: string; readonly born: Birth; readonly live: boolean },
    now: number,
  ): Promise<Registered>;
}

export type AppendEvents = (tx: Tx, events: readonly NewEvent[], now: number) => Promise<void>;

/** Points as they stand in memory, for screens and other domains. */
export interface LivePoints {
  /** Every gateway's site. */
  sites(): Iterable<Site>;
  site(gateway: string): Site | undefined;
  /** The point of a device as the live birth has it. */
  entry(device: string, point: string): PointEntry | undefined;
  /** Points of a device in the live birth. */
  entries(device: string): ReadonlyMap<string, PointEntry> | undefined;
  /** Called after commits with the numbers of points whose shown value changed; `null` means any of this gateway. */
  onChange(heard: (site: Site, nums: Iterable<number> | null) => void): () => void;
}
