// What the hub knows of points in memory: a program (what a birth's indexes mean) and a site (what was last heard of
// each point of one gateway). It changes only after commits, through a stage.
//
// Two views. *Shown* is the newest that is known, which a snapshot may bring while older records are still on their way.
// *In lane order* is what conditions are evaluated on: the state at the record being applied. They differ only while a
// gateway's backlog is caught up with; `behind` holds the difference.
import type { PointState } from '../../device-profiles/contract/conditions.ts';
import type { Lane, Text } from '../../device-profiles/contract/point.ts';
import { ONLINE_POINT, type DeviceKind } from '../../device-profiles/contract/profile.ts';
import type { Beat, BirthDevice, BirthModel, Sample } from '../../device-profiles/contract/wire.ts';
import type { SeriesKey } from '../history/api.ts';
import { laterOf, momentOf, type Moment } from './evidence.ts';
import { HeardTimes } from './heard-times.ts';
import { FRESH, type LaneCursor } from './lanes.ts';

export interface DeviceEntry {
  /** `{gateway}.{device}` */
  readonly id: string;
  readonly gateway: string;
  readonly community: string;
  readonly kind: DeviceKind;
  readonly name: Text;
  readonly building: string | undefined;
  readonly floor: number | undefined;
  readonly place: string | undefined;
}

export interface PointEntry {
  /** Lasting number of the point, as the live channel names it. */
  readonly num: number;
  readonly id: string;
  readonly device: DeviceEntry;
  readonly name: Text;
  readonly lane: Lane;
  readonly building: string | undefined;
  readonly floor: number | undefined;
  readonly place: string | undefined;
  /** Id of the device whose state it tells, where that is not its own. */
  readonly about?: string | undefined;
  /** How often it is heard, s, where that is more rarely than a heartbeat. */
  readonly everyS?: number | undefined;
  readonly series: SeriesKey;
}

/** A birth with the register's numbers: what index `i` means. */
export interface Program {
  readonly birth: string;
  readonly gateway: string;
  readonly community: string;
  readonly points: readonly (PointEntry | undefined)[];
  /** By the gateway's own device id, then by point id. */
  readonly devices: ReadonlyMap<string, ReadonlyMap<string, PointEntry>>;
  /** As born, for compiling signals. */
  readonly born: { readonly devices: readonly BirthDevice[]; readonly models: readonly BirthModel[] };
}

/** What conditions see while records are applied. */
export interface PointView {
  /** In lane order; undefined when nothing is known. */
  state(entry: PointEntry): PointState | undefined;
  sample(entry: PointEntry): Sample | undefined;
}

export interface Silence {
  /** ms wall */
  readonly since: number;
  /** Points whose newest record is not above this n are stale. */
  readonly n: number;
  /**
   * The same for conditions, which go by the lanes: what a snapshot knew beyond them is still to be told, and was no
   * silence when it happened.
   */
  readonly toldN: number;
}

/** Why screens must not be green, however well a gateway is heard. */
export interface Blind {
  /** ms wall */
  readonly since: number;
  /**
   * `hub-cannot-store`: nothing newer can be shown, so values are stale. `gateway-cannot-store`: safety records are in
   * the gateway's memory alone; its values are true, but the next may be lost before anybody has seen it.
   */
  readonly reason: 'hub-cannot-store' | 'gateway-cannot-store';
}

/** What one gateway has told; read by screens, changed by `SiteStage.commit` only, save what `Watch` finds out. */
export class Site {
  readonly gateway: string;
  readonly community: string;
  program: Program | undefined;
  epoch: string | undefined;
  lanes: Record<Lane, LaneCursor> = { safety: FRESH, telemetry: FRESH };
  writesHistory = false;
  /** Safety sequence at which the lanes have told everything the snapshot knew. */
  catchUpTo: number | undefined;
  silence: Silence | undefined;
  /** How far the gateway's time has come by what conditions are evaluated on. */
  moment: Moment | undefined;
  /** … and by its newest snapshot. */
  bornAt: Moment | undefined;
  /** Highest n heard by any way. */
  n = -1;
  readonly shown = new Map<number, Sample>();
  readonly behind = new Map<number, Sample | null>();
  /** Device → n of the record that said it is offline: its older values are stale. */
  readonly offline = new Map<string, number>();
  /** The same as far as the lanes have told, while they are behind a snapshot; undefined while they are not. */
  offlineTold: ReadonlyMap<string, number> | undefined;
  /** When its points were last told, where it says how often it tells them. */
  heard: HeardTimes | undefined;
  /** The newest beat, for health and overview. */
  beat: Beat | undefined;
  /** How the devices that call it stood when it last said so. */
  callIns: Beat['callIns'];
  /** Set by `Watch`, outside of T1: the reason may be that T1 can't commit. */
  blind: Blind | undefined;

  /** Why its last birth was refused, until one is taken. */
  refused: { readonly at: number; readonly reason: string } | undefined;
  /** When and from where somebody came with its name and a wrong password, until a birth is taken. */
  refusedLogin: { readonly at: number; readonly address: string } | undefined;
  /** Its clock minus the hub's, ms, where that is too much. */
  clockOffMs: number | undefined;

  /** Since when (ms wall) this hub has waited for a gateway that told its points to an earlier one. */
  readonly #missedSince: number | undefined;

  /** @param missedSince undefined for a gateway that has never told anything: there is nothing to miss yet */
  constructor(gateway: string, community: string, missedSince?: number) {
    this.gateway = gateway;
    this.community = community;
    this.#missedSince = missedSince;
  }

  /** It was enrolled and has never told its points: nobody knows yet what stands on it. */
  get awaited(): boolean {
    return this.program === undefined && this.#missedSince === undefined;
  }

  /** Since when (ms wall) this hub has not known the points of a gateway that has some; undefined while it does. */
  get missedSince(): number | undefined {
    return this.program === undefined ? this.#missedSince : undefined;
  }

  /** How far the gateway's time has come, where all it has told is applied, so that time alone may decide. */
  get settled(): Moment | undefined {
    return this.program && this.catchUpTo === undefined && !this.silence ? this.moment : undefined;
  }

  /** What screens may believe of a point now; undefined when nothing was ever heard. */
  read(entry: PointEntry): PointState | undefined {
    const s = this.shown.get(entry.num);
    if (s === undefined) return undefined;
    const state = aged(s, this.offline.get(entry.device.id), this.silence?.n);
    const doubt = this.stuck ?? (this.heard?.isOverdue(entry.num) ? 'not-told' : undefined);
    return doubt && state.quality === 'good' ? { value: s.value, quality: 'stale', reason: doubt } : state;
  }

  /** Why what is shown of it can't change any more, whatever it tells; undefined while it can. */
  get stuck(): 'hub-cannot-store' | undefined {
    return this.blind?.reason === 'hub-cannot-store' ? this.blind.reason : undefined;
  }
}

function aged(s: Sample, offline: number | undefined, silent: number | undefined): PointState {
  if (offline !== undefined && s.n < offline) return { value: s.value, quality: 'stale', reason: 'device-offline' };
  if (silent !== undefined && s.n <= silent) return { value: s.value, quality: 'stale', reason: 'gateway-silent' };
  return s;
}

/** Changes of one site by one T1, kept apart until it has committed. */
export class SiteStage implements PointView {
  readonly site: Site;
  lanes: Record<Lane, LaneCursor>;
  program: Program | undefined;
  epoch: string | undefined;
  writesHistory: boolean;
  catchUpTo: number | undefined;
  silence: Silence | undefined;
  moment: Moment | undefined;
  bornAt: Moment | undefined;
  /** How often the gateway tells what does not change, s; set by a birth that says so. */
  heartbeatS: number | undefined;
  n: number;
  readonly #shown = new Map<number, Sample>();
  readonly #behind = new Map<number, Sample | null | 'caught'>();
  readonly #offline = new Map<string, number>();
  /** Undefined where nothing is behind, else with what this T1 has found out. */
  #offlineTold: Map<string, number> | undefined;
  readonly #aging = new Set<number>();
  #forgetBehind = false;
  #adopted = false;

  constructor(site: Site) {
    this.site = site;
    this.lanes = { ...site.lanes };
    this.program = site.program;
    this.epoch = site.epoch;
    this.writesHistory = site.writesHistory;
    this.catchUpTo = site.catchUpTo;
    this.silence = site.silence;
    this.moment = site.moment;
    this.bornAt = site.bornAt;
    this.n = site.n;
    this.#offlineTold = site.offlineTold && new Map(site.offlineTold);
  }

  /** Numbers of the points whose shown value changed, or whose value can't be believed any more. */
  get changed(): Iterable<number> {
    return new Set([...this.#shown.keys(), ...this.#aging]);
  }

  /** The newest sample of a point, whether or not the lanes have come that far. */
  newest(entry: PointEntry): Sample | undefined {
    return this.#shown.get(entry.num) ?? this.site.shown.get(entry.num);
  }

  sample(entry: PointEntry): Sample | undefined {
    const staged = this.#behind.get(entry.num);
    if (staged === 'caught') return this.newest(entry);
    if (staged !== undefined) return staged ?? undefined;
    if (this.#forgetBehind || this.site.behind.size === 0) return this.newest(entry);
    const held = this.site.behind.get(entry.num);
    return held === undefined ? this.newest(entry) : (held ?? undefined);
  }

  state(entry: PointEntry): PointState | undefined {
    const s = this.sample(entry);
    const device = entry.device.id;
    const offline = this.#offlineTold ? this.#offlineTold.get(device) : this.#offlineOf(device);
    return s && aged(s, offline, this.silence?.toldN);
  }

  /** A record of a lane, in order. */
  take(entry: PointEntry, s: Sample): void {
    const newest = this.newest(entry);
    if (newest !== undefined && s.n < newest.n) {
      this.#behind.set(entry.num, s);
      return;
    }
    this.#shown.set(entry.num, s);
    if (this.catchUpTo !== undefined) this.#behind.set(entry.num, 'caught');
    if (s.n > this.n) this.n = s.n;
  }

  /** `online` said 0 at n: what the device told before is stale. */
  deviceOffline(device: string, n: number, points: Iterable<PointEntry>): void {
    this.#offlineTold?.set(device, n);
    // A snapshot may know of a later one.
    this.#offline.set(device, Math.max(n, this.#offlineOf(device) ?? n));
    for (const entry of points) this.#aging.add(entry.num);
  }

  /**
   * A snapshot: every value is shown at once. Where the lanes have not told it yet, the value before stays in force for
   * conditions: the one known so far, or, after a restart, unknown.
   */
  adopt(snapshot: Iterable<readonly [PointEntry, Sample]>, behind: boolean): void {
    if (behind) this.#offlineTold ??= new Map([...this.site.offline, ...this.#offline]);
    else this.caughtUp();
    for (const [entry, s] of snapshot) {
      const known = this.newest(entry);
      if (known !== undefined && known.n > s.n) continue;
      if (behind && s.n > this.lanes[entry.lane].n && !this.#isHeld(entry)) this.#behind.set(entry.num, known ?? null);
      this.#shown.set(entry.num, s);
      if (s.n > this.n) this.n = s.n;
      if (entry.id === ONLINE_POINT && s.value === 0) this.#offline.set(entry.device.id, s.n);
    }
    this.silence = undefined;
    this.#adopted = true;
  }

  /** The lanes have told all that the snapshot knew. */
  caughtUp(): void {
    this.catchUpTo = undefined;
    this.#offlineTold = undefined;
    if (this.bornAt) this.moment = laterOf(this.moment, this.bornAt);
    this.#behind.clear();
    this.#forgetBehind = true;
  }

  /** After the commit. @param mono ms monotonic */
  commit(mono: number): void {
    const { site } = this;
    this.#noteHeard(mono);
    site.lanes = this.lanes;
    site.program = this.program;
    site.epoch = this.epoch;
    site.writesHistory = this.writesHistory;
    site.catchUpTo = this.catchUpTo;
    site.silence = this.silence;
    site.moment = this.moment;
    site.bornAt = this.bornAt;
    site.n = this.n;
    if (this.#forgetBehind) site.behind.clear();
    for (const [num, s] of this.#shown) site.shown.set(num, s);
    for (const [num, s] of this.#behind) {
      if (s === 'caught') site.behind.delete(num);
      else site.behind.set(num, s);
    }
    for (const [device, n] of this.#offline) site.offline.set(device, n);
    site.offlineTold = this.#offlineTold;
    if (this.#adopted) this.#dropUnknown();
  }

  /** A snapshot tells what was told before: how long before, and only what was not known, counts. */
  #noteHeard(mono: number): void {
    const { site, program, bornAt, heartbeatS } = this;
    if (this.#adopted && heartbeatS === undefined) site.heard = undefined;
    else if (this.#adopted && program && heartbeatS !== undefined && site.heard?.program !== program)
      site.heard = new HeardTimes(program, heartbeatS, site.heard);
    if (!site.heard) return;
    for (const [num, s] of this.#shown) {
      if (!this.#adopted || !bornAt) site.heard.told(num, mono);
      else if (site.shown.get(num)?.n !== s.n) site.heard.told(num, mono - Math.max(0, bornAt.ms - momentOf(s).ms));
    }
  }

  /** Points that the live birth no longer has are forgotten. */
  #dropUnknown(): void {
    const known = new Set<number>();
    for (const entry of this.program?.points ?? []) if (entry) known.add(entry.num);
    for (const num of this.site.shown.keys()) if (!known.has(num)) this.site.shown.delete(num);
  }

  #isHeld(entry: PointEntry): boolean {
    const staged = this.#behind.get(entry.num);
    if (staged !== undefined) return staged !== 'caught';
    return !this.#forgetBehind && this.site.behind.has(entry.num);
  }

  #offlineOf(device: string): number | undefined {
    return this.#offline.get(device) ?? this.site.offline.get(device);
  }
}
