// Looks each second at what nobody reports: gateways that are silent, lanes that fall behind, the lease.
import { LANES, type Lane } from '../../device-profiles/contract/point.ts';
import type { Clock } from '../clock.ts';
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
  readonly silent: (fact: FactJob) => void;
  /** Nothing of this lane waits for T1. */
  readonly idle: (lane: Lane) => boolean;
  readonly renew: () => Promise<void>;
  /** Since when (ms monotonic) the oldest work waits for T1; undefined while none waits. */
  readonly waitingSince: () => number | undefined;
  /** What may be believed of all points of a site is another now. */
  readonly sight: (site: Site) => void;
}

/** What is known of a site's talk; times are monotonic ms. */
interface Seen {
  heardAt: number | undefined;
  bornAt: number | undefined;
  progressAt: Record<Lane, number>;
  backAt: Record<Lane, number>;
  behindSince: number | undefined;
  askedAt: number;
  silencing: boolean;
}

export class Watch {
  readonly #deps: WatchDeps;
  #seen = new WeakMap<Site, Seen>();
  #startedAt: number;
  #lookedAt: number;
  #timer: NodeJS.Timeout | undefined;
  #renewing = false;
  /** Since when the lease is not renewed. */
  #unrenewedSince: number | undefined;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
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

  heard(site: Site): void {
    this.#of(site).heardAt = this.#deps.clock.monotonic();
  }

  heardAt(site: Site): number | undefined {
    return this.#seen.get(site)?.heardAt;
  }

  born(site: Site): void {
    const seen = this.#of(site);
    seen.bornAt = this.#deps.clock.monotonic();
    seen.silencing = false;
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
    const now = clock.now();
    const mono = clock.monotonic();
    for (const site of sites()) {
      const before = site.blind;
      const reason = stuckSince === undefined ? undefined : 'hub-cannot-store';
      if (before?.reason === reason) continue;
      site.blind = reason && { since: Math.trunc(now - (mono - (stuckSince ?? mono))), reason };
      sight(site);
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
      heardAt: undefined,
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
    const base = Math.max(seen.heardAt ?? -Infinity, this.#startedAt);
    const patience = seen.heardAt === undefined ? INGEST_LIMITS.startGraceMs : INGEST_LIMITS.silentMs;
    if (now - base <= patience) return;
    seen.silencing = true;
    this.#deps.silent(this.#silentFact(site, this.#deps.clock.now() - (now - (seen.heardAt ?? base))));
  }

  #silentFact(site: Site, since: number): FactJob {
    const { gateway, community } = site;
    const at = Math.trunc(since);
    return {
      kind: 'fact',
      site,
      stage: (staged, signals, events) => {
        staged.silence = { since: at, n: staged.n };
        if (staged.program) signals.all(staged, staged.program, at);
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
