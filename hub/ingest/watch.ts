// Looks each second at what nobody reports: gateways that are silent, lanes that fall behind, the lease.
import { LANES, type Lane } from '../../device-profiles/contract/point.ts';
import type { Beat } from '../../device-profiles/contract/wire.ts';
import type { Clock } from '../clock.ts';
import { BeatClock } from './beat-clock.ts';
import { BeatDisk } from './beat-disk.ts';
import { apart } from './evidence.ts';
import { hubSignal } from './hub-signals.ts';
import { INGEST_LIMITS } from './limits.ts';
import type { Site } from './points.ts';
import { noteSilent } from './store.ts';
import type { FactJob } from './t1.ts';

export interface WatchDeps {
  readonly clock: Clock;
  readonly sites: () => Iterable<Site>;
  readonly ask: (site: Site) => void;
  readonly goBack: (site: Site, lane: Lane) => void;
  /** Puts a fact that was found into T1. */
  readonly found: (fact: FactJob) => void;
  /** Nothing of this lane waits for T1. */
  readonly idle: (lane: Lane) => boolean;
  readonly renew: () => Promise<void>;
  /** Since when (ms monotonic) the oldest work waits for T1; undefined while none waits. */
  readonly waitingSince: () => number | undefined;
  /** What may be believed of these points of a site, or of all (null), is another now. */
  readonly sight: (site: Site, nums: readonly number[] | null) => void;
}

/** What is known of a site's talk; times are monotonic ms. */
interface Seen {
  /** Since when it is looked at: the hub's start, its own enrolment. */
  readonly knownAt: number;
  heardAt: number | undefined;
  /** Since when its beats have been of another epoch or index than the hub's. */
  strangeSince: number | undefined;
  /** Births that have come and are not dealt with. */
  births: number;
  /** Its last live birth was refused: what it tells is not what the hub thinks it is. */
  refused: boolean;
  bornAt: number | undefined;
  progressAt: Record<Lane, number>;
  backAt: Record<Lane, number>;
  behindSince: number | undefined;
  askedAt: number;
  silencing: boolean;
}

export class Watch {
  readonly #deps: WatchDeps;
  readonly #clocks: BeatClock;
  readonly #disks: BeatDisk;
  #seen = new WeakMap<Site, Seen>();
  #startedAt: number;
  #lookedAt: number;
  #timer: NodeJS.Timeout | undefined;
  #renewing = false;
  /** Until when this hub could not store for long, ms monotonic. */
  #deafUntil = -Infinity;
  #overdueAt = -Infinity;
  /** Since when the lease is not renewed. */
  #unrenewedSince: number | undefined;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
    this.#clocks = new BeatClock(deps.clock, deps.found);
    this.#disks = new BeatDisk(deps.clock, deps.found);
    this.#startedAt = deps.clock.monotonic();
    this.#lookedAt = this.#startedAt;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(), INGEST_LIMITS.watchMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Everything was read anew: gateways get their time of grace again. */
  reset(): void {
    this.#seen = new WeakMap();
    this.#startedAt = this.#deps.clock.monotonic();
    this.#lookedAt = this.#startedAt;
  }

  /** It told something that could be read and that fits what the hub knows of it. */
  heard(site: Site): void {
    this.#of(site).heardAt = this.#deps.clock.monotonic();
  }

  beat(site: Site, beat: Beat): void {
    const seen = this.#of(site);
    site.beat = beat;
    if (beat.callIns) site.callIns = beat.callIns;
    this.#clocks.beat(site, beat.at);
    this.#disks.beat(site, beat);
    if (beat.epoch === site.epoch && beat.birth === site.program?.birth) {
      seen.strangeSince = undefined;
      this.heard(site);
    } else seen.strangeSince ??= this.#deps.clock.monotonic();
  }

  /** A birth has come; it can take its time when there are many. */
  birth(site: Site, dealtWith: Promise<void>): void {
    const seen = this.#of(site);
    this.heard(site);
    seen.births++;
    dealtWith.catch(() => undefined).finally(() => seen.births--); // fails only when stopping
  }

  /** A live birth was refused: the gateway lives, and not as the hub knows it. */
  refused(site: Site, reason: string): void {
    site.refused = { at: this.#deps.clock.now(), reason };
    this.#of(site).refused = true;
  }

  heardAt(site: Site): number | undefined {
    return this.#seen.get(site)?.heardAt;
  }

  born(site: Site): void {
    const seen = this.#of(site);
    seen.bornAt = this.#deps.clock.monotonic();
    seen.strangeSince = undefined;
    seen.refused = false;
    site.refused = undefined;
    site.refusedLogin = undefined;
    seen.silencing = false;
    this.heard(site);
  }

  progress(site: Site, lane: Lane): void {
    this.#of(site).progressAt[lane] = this.#deps.clock.monotonic();
  }

  /** One look; called each second. */
  look(): void {
    const now = this.#deps.clock.monotonic();
    const paused = now - this.#lookedAt - INGEST_LIMITS.watchMs;
    this.#lookedAt = now;
    this.#renew();
    // While this process slept nobody could be heard; what they sent meanwhile is read first.
    if (paused > INGEST_LIMITS.ownPauseMs) this.#startedAt = now;
    for (const site of this.#deps.sites()) {
      this.#lookForSilence(site, now);
      this.#lookForLag(site, now);
    }
    this.lookForSight();
    this.#lookForOverdue(now);
  }

  /** Points that a living gateway does not tell any more. */
  #lookForOverdue(now: number): void {
    const { stuckSince } = this;
    if (stuckSince !== undefined && now - stuckSince > INGEST_LIMITS.overdueDeafMs) this.#deafUntil = now;
    if (stuckSince !== undefined || now - this.#overdueAt < INGEST_LIMITS.overdueLookMs) return;
    this.#overdueAt = now;
    const since = Math.max(this.#startedAt, this.#deafUntil);
    for (const site of this.#deps.sites()) {
      const nums = site.silence ? [] : (site.heard?.look(now, since) ?? []);
      if (nums.length > 0) this.#deps.sight(site, nums);
    }
  }

  /**
   * Since when (ms monotonic) this hub has not been able to store; undefined while it can. Beyond the limit, whatever
   * screens show is the past: an alarm may wait that nobody sees.
   */
  get stuckSince(): number | undefined {
    const since = Math.min(this.#deps.waitingSince() ?? Infinity, this.#unrenewedSince ?? Infinity);
    return this.#deps.clock.monotonic() - since > INGEST_LIMITS.storeMs ? since : undefined;
  }

  /** Whether what gateways tell can reach screens; looked at each second, and as soon as something was stored. */
  lookForSight(): void {
    const { clock, sites, sight } = this.#deps;
    const { stuckSince } = this;
    const ago = clock.now() - clock.monotonic();
    for (const site of sites()) {
      const refusingSince = this.#disks.refusingSince(site);
      const since = stuckSince ?? refusingSince;
      const reason = stuckSince === undefined ? 'gateway-cannot-store' : 'hub-cannot-store';
      if (site.blind?.reason === (since === undefined ? undefined : reason)) continue;
      site.blind = since === undefined ? undefined : { since: Math.trunc(ago + since), reason };
      sight(site, null);
    }
  }

  #renew(): void {
    if (this.#renewing) return;
    this.#renewing = true;
    this.#unrenewedSince ??= this.#deps.clock.monotonic();
    this.#deps
      .renew()
      .then(
        () => (this.#unrenewedSince = undefined),
        () => undefined, // tried again with the next look
      )
      .finally(() => (this.#renewing = false));
  }

  #of(site: Site): Seen {
    const known = this.#seen.get(site);
    if (known) return known;
    const seen: Seen = {
      knownAt: this.#deps.clock.monotonic(),
      heardAt: undefined,
      strangeSince: undefined,
      births: 0,
      refused: false,
      bornAt: undefined,
      progressAt: { safety: 0, telemetry: 0 },
      backAt: { safety: -Infinity, telemetry: -Infinity },
      behindSince: undefined,
      askedAt: -Infinity,
      silencing: false,
    };
    this.#seen.set(site, seen);
    return seen;
  }

  #lookForSilence(site: Site, now: number): void {
    const seen = this.#of(site);
    // A gateway that no community is known for has never been heard at all: there is nothing to miss yet.
    if (site.silence || seen.silencing || site.community === '') return;
    const since = this.#silentSince(site, seen, now);
    if (since === undefined) return;
    seen.silencing = true;
    this.#deps.found(this.#silentFact(site, this.#deps.clock.now() - (now - since)));
  }

  /** Since when (ms monotonic) it has told nothing that can be believed; undefined while patience lasts. */
  #silentSince(site: Site, seen: Seen, now: number): number | undefined {
    const { silentMs, startGraceMs, strangeMs } = INGEST_LIMITS;
    if (seen.refused) return now;
    if (seen.strangeSince !== undefined) {
      const patience = site.program === undefined ? startGraceMs : strangeMs;
      const late = now - Math.max(seen.strangeSince, this.#startedAt) > patience;
      return late && seen.births === 0 ? seen.strangeSince : undefined;
    }
    // Enrolled and not yet installed: whoever enrolled it is told by the screen, not by an alarm.
    if (site.awaited && seen.heardAt === undefined) return undefined;
    const base = Math.max(seen.heardAt ?? -Infinity, this.#startedAt, seen.knownAt);
    const patience = seen.heardAt === undefined ? startGraceMs : silentMs;
    return now - base > patience ? (seen.heardAt ?? base) : undefined;
  }

  #silentFact(site: Site, since: number): FactJob {
    const { gateway, community } = site;
    const at = Math.trunc(since);
    return {
      kind: 'fact',
      site,
      stage: (staged, signals, events) => {
        staged.silence = { since: at, n: staged.n, toldN: staged.lanes.safety.n };
        // What was running ran on until the gateway was last heard, by its own time: the hub's may be another.
        // One that fell silent between its snapshot and the first record after it has no such time.
        const { program, moment, bornAt } = staged;
        const heard = moment ?? (bornAt && apart(bornAt));
        if (program && heard) signals.all(staged, program, heard);
        signals.hubSignal(hubSignal('silent', site), 'raise', at);
        events.push({ type: 'gateway.silent', community, subject: gateway, payload: { gateway, since: at } });
      },
      write: (tx) => noteSilent(tx, gateway, at),
    };
  }

  #lookForLag(site: Site, now: number): void {
    const seen = this.#of(site);
    if (site.catchUpTo === undefined) seen.behindSince = undefined;
    else seen.behindSince ??= now;
    const long = seen.behindSince !== undefined && now - seen.behindSince > INGEST_LIMITS.behindMs;
    // What burns now must be seen now, not when a day's backlog has been told: a fresh snapshot shows it.
    if (long && now - Math.max(seen.askedAt, seen.bornAt ?? -Infinity) >= INGEST_LIMITS.askBehindMs) {
      seen.askedAt = now;
      this.#deps.ask(site);
    }
    for (const lane of LANES) this.#lookForHead(site, lane, now);
  }

  /** A beat tells of records that never came. */
  #lookForHead(site: Site, lane: Lane, now: number): void {
    const seen = this.#of(site);
    const { beat } = site;
    if (!beat || beat.epoch !== site.epoch || beat.head[lane] <= site.lanes[lane].seq) {
      seen.progressAt[lane] = now;
      return;
    }
    const waited = now - Math.max(seen.progressAt[lane], seen.backAt[lane]);
    if (waited < INGEST_LIMITS.unreachedMs || !this.#deps.idle(lane) || site.silence) return;
    seen.backAt[lane] = now;
    this.#deps.goBack(site, lane);
  }
}
