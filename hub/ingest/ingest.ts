// Ingest as a whole: messages of gateways in, T1, receipts out; the sites in memory; the lease; silence and lag.
//   message → decode → site, program → queue → T1 (committer) → memory → receipt, history, screens
import type { Logger } from 'pino';
import type { Lane } from '../../device-profiles/contract/point.ts';
import {
  decodeBatch,
  decodeBeat,
  decodeBirth,
  decodeState,
  TOPIC_PATTERN,
  WireError,
  type Batch,
  type Birth,
} from '../../device-profiles/contract/wire.ts';
import type { Clock } from '../clock.ts';
import type { Db, Tx } from '../db/tx.ts';
import type { HistoryWriter } from '../history/api.ts';
import { BirthRefused, type AppendEvents, type LivePoints, type Registry, type SignalSink } from './api.ts';
import { BirthQueue } from './birth-queue.ts';
import { enterBirth, keepBirth, liveBirth } from './births.ts';
import { Committer, isRecordFault, words } from './committer.ts';
import { hubSignal, type HubSignalId } from './hub-signals.ts';
import { Lease } from './lease.ts';
import { INGEST_LIMITS } from './limits.ts';
import { Site, type PointEntry, type Program } from './points.ts';
import { holdLease, listGateways, loadBirth } from './store.ts';
import { Fenced, type FactJob, type Outcome, type T1 } from './t1.ts';
import { Talk } from './talk.ts';
import { Watch } from './watch.ts';

export interface IngestDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sink: SignalSink;
  readonly registry: Registry;
  readonly appendEvents: AppendEvents;
  /** The embedded history, or null when a server keeps it. */
  readonly history: HistoryWriter | null;
  /** Puts a message for a gateway on the wire; may drop it while there is no connection. */
  readonly publish: (topic: string, payload: Buffer) => void;
  /** How long a transaction of T1 took, s. */
  readonly took?: (seconds: number) => void;
}

type Heard = (site: Site, nums: Iterable<number> | null) => void;

export class Ingest implements LivePoints {
  readonly #deps: IngestDeps;
  readonly #sites = new Map<string, Site>();
  readonly #programs = new Map<string, Map<string, Promise<Program | undefined> | Program>>();
  readonly #listeners = new Set<Heard>();
  readonly #committer: Committer;
  readonly #births: BirthQueue;
  readonly #talk: Talk;
  readonly #lease: Lease;
  readonly #watch: Watch;
  #state: 'stopped' | 'standby' | 'reading' | 'active' = 'stopped';
  /** Since when (ms monotonic) another hub has been at work, while memory still holds what this one knew. */
  #standbySince: number | undefined;
  #queuedBytes = 0;
  #drained: (() => void)[] = [];
  readonly counters = {
    messages: 0,
    foreign: 0,
    malformed: 0,
    unknownGateway: 0,
    birthsTaken: 0,
    birthsRefused: 0,
    unexplained: 0,
    refusedGap: 0,
    refusedCrc: 0,
    repeats: 0,
    fenced: 0,
    notActive: 0,
  };

  constructor(deps: IngestDeps) {
    this.#deps = deps;
    this.#talk = new Talk(deps);
    this.#lease = new Lease(deps.db);
    this.#committer = new Committer({
      ...deps,
      token: () => this.#lease.token,
      done: (t1, committed) => this.#done(t1, committed),
      worked: () => this.#watch.lookForSight(),
      fenced: (error) => this.#fenced(error),
    });
    this.#births = new BirthQueue(this.#committer, (site, born) => this.#birth(site, born));
    this.#watch = new Watch({
      clock: deps.clock,
      sites: () => this.#sites.values(),
      ask: (site) => this.#talk.ask(site),
      goBack: (site, lane) => this.#talk.receipt(site, lane, true),
      found: (fact) => this.#committer.push(fact),
      idle: (lane) => this.#committer.waiting[lane] === 0,
      renew: () => this.#renew(),
      waitingSince: () => this.#standbySince ?? this.#committer.waitingSince,
      sight: (site, nums) => this.#tell(site, nums),
    });
  }

  get state(): 'stopped' | 'standby' | 'reading' | 'active' {
    return this.#state;
  }

  /** Takes the lease as soon as it is free, reads what is stored, and asks every gateway for its birth. */
  async start(): Promise<void> {
    this.#state = 'standby';
    await this.#activate();
    this.#watch.start();
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#watch.stop();
    this.#talk.stop();
    await this.#committer.stop();
    this.#release();
    await this.#lease.release().catch(() => undefined);
  }

  /** Messages of gateways, in order of their arrival. @returns a promise while no more should be read from the wire */
  receive(topic: string, payload: Buffer): Promise<void> | undefined {
    this.counters.messages++;
    const match = TOPIC_PATTERN.exec(topic);
    const [, gateway = '', kind = ''] = match ?? [];
    if (!match) {
      this.counters.foreign++;
      return undefined;
    }
    const site = this.#sites.get(gateway);
    if (this.#state !== 'active' || !site) {
      if (this.#state === 'active') this.counters.unknownGateway++;
      else this.counters.notActive++;
      return undefined;
    }
    try {
      this.#message(site, kind, payload);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.counters.malformed++;
      this.#deps.log.warn({ gateway, kind, error: error.message }, 'a message of a gateway could not be read');
    }
    if (this.#queuedBytes <= INGEST_LIMITS.queuedBytes) return undefined;
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** A gateway was enrolled: it may speak from now on. @param before it has told its points before */
  enrolled(gateway: string, community: string | null, before = false): void {
    if (this.#sites.has(gateway)) return;
    this.#sites.set(gateway, new Site(gateway, community ?? '', before ? this.#deps.clock.now() : undefined));
  }

  /** A gateway is no longer one of ours: it is not heard any more, and nothing will clear its alarms but people. */
  revoked(gateway: string): void {
    const site = this.#sites.get(gateway);
    if (!site) return;
    this.#sites.delete(gateway);
    this.#programs.delete(gateway);
    const at = this.#deps.clock.now();
    this.#committer.push({
      kind: 'fact',
      site,
      stage: (_site, signals) => {
        signals.retire(gateway);
        signals.hubSignal(hubSignal('silent', site), 'clear', at);
      },
    });
  }

  /** Asks again for what was not heard while there was no connection to the broker. */
  connected(): void {
    for (const site of this.#sites.values()) this.#talk.ask(site);
  }

  /** One look at silence, lag and the lease; taken each second by itself. */
  look(): void {
    this.#watch.look();
  }

  /** Runs work that shares the memory of T1, alone; its transaction may only commit while this hub holds the lease. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#committer.exclusive(work);
  }

  /** @throws Fenced */
  async assertLease(tx: Tx): Promise<void> {
    const { token } = this.#lease;
    if (token === undefined || !(await holdLease(tx, token))) throw new Fenced('the lease is held by another hub');
  }

  sites(): Iterable<Site> {
    return this.#sites.values();
  }
  site(gateway: string): Site | undefined {
    return this.#sites.get(gateway);
  }
  entries(device: string): ReadonlyMap<string, PointEntry> | undefined {
    const dot = device.indexOf('.');
    return this.#sites.get(device.slice(0, dot))?.program?.devices.get(device.slice(dot + 1));
  }
  entry(device: string, point: string): PointEntry | undefined {
    return this.entries(device)?.get(point);
  }
  onChange(heard: Heard): () => void {
    this.#listeners.add(heard);
    return () => this.#listeners.delete(heard);
  }

  /** When a gateway was last heard by this process, ms on the monotonic clock. */
  heardAt(site: Site): number | undefined {
    return this.#watch.heardAt(site);
  }

  /** Since when (ms monotonic) nothing could be stored; undefined while all is well. */
  get stuckSince(): number | undefined {
    return this.#watch.stuckSince;
  }

  allCounters(): Readonly<Record<string, number>> {
    return { ...this.counters, ...this.#committer.counters, ...this.#talk.counters, ...this.#births.counters };
  }

  waiting(): { readonly safety: number; readonly telemetry: number; readonly bytes: number } {
    return { ...this.#committer.waiting, bytes: this.#queuedBytes };
  }

  async #activate(): Promise<void> {
    const { db, sink, log, clock } = this.#deps;
    if (!(await this.#lease.tryTake())) return;
    this.#state = 'reading';
    await db.ingest(async (tx) => {
      await sink.load(tx);
      this.#sites.clear();
      this.#programs.clear();
      for (const g of await listGateways(tx)) {
        if (g.revoked_at !== null) {
          sink.retired(g.id);
          continue;
        }
        const site = new Site(g.id, g.community ?? '', g.epoch === null ? undefined : clock.now());
        if (g.silent_since !== null)
          site.silence = {
            since: g.silent_since.getTime(),
            n: Number.MAX_SAFE_INTEGER,
            toldN: Number.MAX_SAFE_INTEGER,
          };
        this.#sites.set(g.id, site);
      }
    });
    if (this.#state !== 'reading') return;
    this.#state = 'active';
    this.#standbySince = undefined;
    this.#watch.reset();
    log.info({ gateways: this.#sites.size }, 'ingest is active');
    this.connected();
  }

  async #renew(): Promise<void> {
    if (this.#state === 'standby') {
      await this.#activate();
      return;
    }
    if (this.#state === 'active' && !(await this.#lease.renew())) this.#fenced(new Fenced('the lease was taken'));
  }

  /** Another hub is at work, or memory is wrong: everything is read anew once the lease can be had. */
  #fenced(error: Fenced): void {
    if (this.#state !== 'active') return;
    this.counters.fenced++;
    this.#deps.log.error({ error: error.message }, 'ingest stands by and will read everything anew');
    this.#state = 'standby';
    this.#standbySince = this.#deps.clock.monotonic();
    this.#lease.lost();
    this.#committer.clear();
    this.#release();
  }

  #release(): void {
    this.#queuedBytes = 0;
    for (const drained of this.#drained.splice(0)) drained();
  }

  #message(site: Site, kind: string, payload: Buffer): void {
    if (kind === 'birth') {
      const born = decodeBirth(payload);
      if (born.gateway !== site.gateway)
        throw new WireError(`birth of ${born.gateway} on the topic of ${site.gateway}`);
      const dealtWith = this.#births.take(site, born);
      if (dealtWith) this.#watch.birth(site, dealtWith);
    } else if (kind === 'beat') {
      const beat = decodeBeat(payload);
      this.#watch.beat(site, beat);
      if (!site.program || site.silence || beat.epoch !== site.epoch || beat.birth !== site.program.birth)
        this.#talk.ask(site);
    } else if (kind === 'state') {
      if (decodeState(payload).online && !site.program) this.#talk.ask(site);
    } else this.#batch(site, kind === 'up/safety' ? 'safety' : 'telemetry', payload);
  }

  #batch(site: Site, lane: Lane, bytes: Buffer): void {
    const batch = decodeBatch(bytes);
    if (batch.gateway !== site.gateway || batch.lane !== lane)
      throw new WireError(`batch of ${batch.gateway} ${batch.lane} on the topic of ${site.gateway} ${lane}`);
    if (!site.program || batch.epoch !== site.epoch) {
      this.counters.unexplained++;
      this.#talk.ask(site);
      return;
    }
    const program = this.#program(site, batch.birth);
    if ('points' in program) this.#enqueue(site, program, batch, bytes);
    else
      void program.then((loaded) => {
        if (loaded) this.#enqueue(site, loaded, batch, bytes);
        else this.#unexplained(site, batch.birth);
      });
  }

  #enqueue(site: Site, program: Program, batch: Batch, bytes: Buffer): void {
    if (this.#sites.get(site.gateway) !== site) return;
    this.#watch.heard(site);
    this.#queuedBytes += bytes.length;
    this.#committer.push({ kind: 'batch', site, program, batch, bytes });
  }

  #unexplained(site: Site, birth: string): void {
    this.counters.unexplained++;
    this.#programs.get(site.gateway)?.delete(birth);
    this.#talk.ask(site, birth);
  }

  /** What a birth's indexes mean: from memory, else as it was stored. */
  #program(site: Site, birth: string): Program | Promise<Program | undefined> {
    const ofSite = this.#programs.get(site.gateway) ?? new Map<string, Promise<Program | undefined> | Program>();
    this.#programs.set(site.gateway, ofSite);
    const known = ofSite.get(birth);
    if (known) return known;
    const loading = this.#committer
      .exclusive(() => this.#loadProgram(site, birth))
      .catch((error: unknown) => {
        this.#deps.log.error({ gateway: site.gateway, birth, error: words(error) }, 'a stored birth could not be used');
        return undefined;
      });
    ofSite.set(birth, loading);
    return loading;
  }

  async #loadProgram(site: Site, birth: string): Promise<Program | undefined> {
    const { db, clock } = this.#deps;
    const program = await db.ingest(async (tx) => {
      await this.assertLease(tx);
      const content = await loadBirth(tx, site.gateway, birth);
      return content && enterBirth(tx, this.#deps, decodeBirth(content), clock.now());
    });
    if (program) this.#remember(program);
    return program;
  }

  #remember(program: Program): void {
    const ofSite = this.#programs.get(program.gateway) ?? new Map<string, Promise<Program | undefined> | Program>();
    ofSite.delete(program.birth);
    ofSite.set(program.birth, program);
    for (const oldest of ofSite.keys()) {
      if (ofSite.size <= INGEST_LIMITS.programs) break;
      ofSite.delete(oldest);
    }
    this.#programs.set(program.gateway, ofSite);
  }

  async #birth(site: Site, born: Birth): Promise<void> {
    if (this.#state !== 'active' || this.#sites.get(site.gateway) !== site) return;
    const { db, clock, log } = this.#deps;
    const now = clock.now();
    try {
      if (born.snapshot === undefined) {
        const program = await db.ingest(async (tx) => {
          await this.assertLease(tx);
          const entered = await enterBirth(tx, this.#deps, born, now);
          await keepBirth(tx, born, now);
          return entered;
        });
        this.#remember(program);
      } else {
        const token = this.#lease.token;
        if (token === undefined) throw new Fenced('this hub does not hold the lease');
        const { t1, program } = await db.ingest((tx) => liveBirth(tx, this.#deps, { site, born, token, now }));
        this.#remember(program);
        this.#done(t1, true);
        this.#watch.born(site);
        this.#talk.receipts(site);
      }
      this.counters.birthsTaken++;
    } catch (error) {
      if (error instanceof Fenced) this.#fenced(error);
      else if (error instanceof BirthRefused || isRecordFault(error)) this.#refuseBirth(site, born, words(error));
      // The gateway sends its birth again until it is answered.
      else log.error({ gateway: site.gateway, error: words(error) }, 'a birth waits for the database');
    }
  }

  #refuseBirth(site: Site, born: Birth, reason: string): void {
    this.counters.birthsRefused++;
    this.#deps.log.error({ gateway: site.gateway, birth: born.birth, reason }, 'a birth was refused');
    if (site.community === '') return;
    if (born.snapshot !== undefined) this.#watch.refused(site, reason);
    this.#committer.push(this.fact(site, 'birth-refused', reason));
  }

  /** A fact about a gateway that stays until a person closes it. */
  fact(site: Site, signal: HubSignalId, note: string): FactJob {
    const at = this.#deps.clock.now();
    return {
      kind: 'fact',
      site,
      stage: (_s, signals) => signals.hubSignal(hubSignal(signal, site, note), 'raise', at),
    };
  }

  /** After T1: memory, then receipts, history and screens. */
  #done(t1: T1, committed: boolean): void {
    const changed = committed ? t1.commit(this.#deps.clock.monotonic()) : [];
    for (const outcome of t1.outcomes) this.#answer(outcome);
    for (const { site, nums, adopted } of changed)
      if (adopted || nums.length > 0) this.#tell(site, adopted ? null : nums);
  }

  #tell(site: Site, nums: Iterable<number> | null): void {
    for (const heard of this.#listeners) heard(site, nums);
  }

  #answer({ job, verdict }: Outcome): void {
    if (job.kind !== 'batch' || !verdict) return;
    const { site, batch, program } = job;
    this.#queuedBytes = Math.max(0, this.#queuedBytes - job.bytes.byteLength);
    if (this.#queuedBytes <= INGEST_LIMITS.queuedBytes / 2) for (const drained of this.#drained.splice(0)) drained();
    if (verdict.kind === 'refuse') {
      if (verdict.why === 'crc') this.counters.refusedCrc++;
      else this.counters.refusedGap++;
      if (verdict.why === 'epoch') this.#talk.ask(site);
      else this.#talk.receipt(site, batch.lane, true);
      return;
    }
    if (verdict.kind === 'repeat') this.counters.repeats++;
    this.#talk.receipt(site, batch.lane);
    this.#talk.keep(site, program, batch);
    this.#watch.progress(site, batch.lane);
  }
}
