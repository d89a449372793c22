// T1: records, alarms, events and cursors of several batches in one transaction. Everything is staged; memory follows
// after the commit. Which record made it fail is found by trials that are rolled back.
import { batchCount, coversLoss, type Batch, type Note, type Sample } from '../../device-profiles/contract/wire.ts';
import { ONLINE_POINT } from '../../device-profiles/contract/profile.ts';
import type { Lane } from '../../device-profiles/contract/point.ts';
import type { Tx } from '../db/tx.ts';
import type { NewEvent } from '../events/api.ts';
import type { AppendEvents, HubSignal, SignalSink, SignalStage } from './api.ts';
import { laterOf, momentAt } from './evidence.ts';
import { hubSignal, noteText, signalOfNote } from './hub-signals.ts';
import { judge, type LaneCursor, type Verdict } from './lanes.ts';
import { INGEST_LIMITS } from './limits.ts';
import { SiteStage, type Program, type Site } from './points.ts';
import { holdLease, insertQuarantine, moveCursors, type Quarantined, type Step } from './store.ts';

/** A decoded batch with the program its indexes mean, on its way into T1. */
export interface BatchJob {
  readonly kind: 'batch';
  readonly site: Site;
  readonly program: Program;
  readonly batch: Batch;
  readonly bytes: Uint8Array;
}

/** Something the hub itself found out about a site. */
export interface FactJob {
  readonly kind: 'fact';
  readonly site: Site;
  readonly stage: (site: SiteStage, signals: SignalStage, events: NewEvent[]) => void;
  /** More to be written in the same transaction. */
  readonly write?: (tx: Tx) => Promise<void>;
}
export type Job = BatchJob | FactJob;

/** Another hub holds the lease, or a cursor is not where this hub thinks it is: what is in memory can't be trusted. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

/** The staging of records threw: their fault, not the database's. */
export class StagingError extends Error {
  override readonly name = 'StagingError';
}

/** Records of a batch that are left out and set aside, by position, each with its reason. */
export type Excluded = ReadonlyMap<number, string>;
const NONE: Excluded = new Map();

export interface T1Deps {
  readonly sink: SignalSink;
  readonly appendEvents: AppendEvents;
}

export interface Outcome {
  readonly job: Job;
  /** Undefined for facts. */
  readonly verdict: Verdict | undefined;
}

/** One attempt at T1 for a group of jobs. */
export class T1 {
  readonly outcomes: Outcome[] = [];
  readonly #deps: T1Deps;
  readonly #now: number;
  readonly #signals: SignalStage;
  readonly #sites = new Map<Site, SiteStage>();
  readonly #before = new Map<Site, Record<Lane, LaneCursor>>();
  readonly #events: NewEvent[] = [];
  readonly #quarantine: Quarantined[] = [];
  readonly #writes: ((tx: Tx) => Promise<void>)[] = [];

  constructor(deps: T1Deps, now: number) {
    this.#deps = deps;
    this.#now = now;
    this.#signals = deps.sink.begin(now);
  }

  get quarantined(): readonly Quarantined[] {
    return this.#quarantine;
  }

  /** @throws StagingError when a record makes evaluation throw */
  stage(job: Job, excluded: Excluded = NONE): void {
    try {
      if (job.kind === 'batch') this.#stageBatch(job, excluded);
      else {
        job.stage(this.site(job.site), this.#signals, this.#events);
        if (job.write) this.#writes.push(job.write);
        this.outcomes.push({ job, verdict: undefined });
      }
    } catch (error) {
      throw new StagingError(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  /** The staged form of a site, from now on part of this transaction. */
  site(site: Site): SiteStage {
    const known = this.#sites.get(site);
    if (known) return known;
    const staged = new SiteStage(site);
    this.#sites.set(site, staged);
    this.#before.set(site, { ...site.lanes });
    return staged;
  }

  /** A birth's epoch with its cursors as the database has them. */
  rebase(site: Site, epoch: string, lanes: Record<Lane, LaneCursor>): SiteStage {
    const staged = this.site(site);
    staged.epoch = epoch;
    staged.lanes = { ...lanes };
    this.#before.set(site, { ...lanes });
    return staged;
  }

  get signals(): SignalStage {
    return this.#signals;
  }

  event(event: NewEvent): void {
    this.#events.push(event);
  }

  write(write: (tx: Tx) => Promise<void>): void {
    this.#writes.push(write);
  }

  /** Whether the database need be asked at all. */
  get changes(): boolean {
    return this.outcomes.some(
      (o) => o.verdict === undefined || o.verdict.kind === 'apply' || o.verdict.kind === 'loss',
    );
  }

  /** @throws Fenced when this hub may not commit */
  async run(tx: Tx, token: number): Promise<void> {
    const steps = this.#steps();
    if (steps.length > 0) {
      const moved = await moveCursors(tx, steps, token);
      if (moved !== steps.length) throw new Fenced(`${moved} of ${steps.length} cursors could be moved`);
    } else if (!(await holdLease(tx, token))) throw new Fenced('the lease is held by another hub');
    await this.#signals.write(tx);
    for (const write of this.#writes) await write(tx);
    await insertQuarantine(tx, this.#quarantine, this.#now);
    await this.#deps.appendEvents(tx, this.#events, this.#now);
  }

  /** After the commit, at `mono` (ms monotonic): memory follows. Answers the sites with the numbers of their points that changed. */
  commit(mono: number): { readonly site: Site; readonly nums: readonly number[]; readonly adopted: boolean }[] {
    const changed: { site: Site; nums: readonly number[]; adopted: boolean }[] = [];
    for (const [site, staged] of this.#sites) {
      const adopted = staged.program !== site.program || staged.silence !== site.silence;
      const nums = [...staged.changed];
      staged.commit(mono);
      changed.push({ site, nums, adopted });
    }
    this.#signals.commit();
    return changed;
  }

  #steps(): Step[] {
    const steps: Step[] = [];
    for (const [site, staged] of this.#sites) {
      const before = this.#before.get(site);
      const { epoch } = staged;
      if (!before || epoch === undefined) continue;
      for (const lane of ['safety', 'telemetry'] as const)
        if (staged.lanes[lane] !== before[lane])
          steps.push({ gateway: site.gateway, lane, epoch, before: before[lane], after: staged.lanes[lane] });
    }
    return steps;
  }

  #stageBatch(job: BatchJob, excluded: Excluded): void {
    const { batch, bytes } = job;
    const site = this.site(job.site);
    const cursor = site.lanes[batch.lane];
    const verdict: Verdict =
      batch.epoch === site.epoch ? judge(cursor, batch, bytes) : { kind: 'refuse', why: 'epoch' };
    this.outcomes.push({ job, verdict });
    if (verdict.kind !== 'apply' && verdict.kind !== 'loss') return;
    batch.samples.forEach((s, k) => {
      const reason = excluded.get(k);
      if (reason !== undefined) this.#setAside(job, k, s, reason);
      else this.#sample(job, site, cursor.n, s, k);
    });
    batch.notes.forEach((note, j) => {
      const k = batch.samples.length + j;
      const reason = excluded.get(k);
      if (reason !== undefined) this.#setAside(job, k, note, reason);
      else if (note.n > cursor.n || coversLoss(batch)) this.#note(job.site, note);
    });
    site.lanes = { ...site.lanes, [batch.lane]: verdict.cursor };
    if (batch.lane !== 'safety') return;
    const last = batch.samples.findLast((s) => !s.historical)?.receivedTime ?? batch.notes.at(-1)?.at;
    // The note of a loss is made when it is read: its time is not that of the lane.
    if (last !== undefined && verdict.kind === 'apply')
      site.moment = laterOf(site.moment, momentAt(last, batch.timebase));
    this.#perhapsCaughtUp(site);
  }

  #sample(job: BatchJob, site: SiteStage, appliedN: number, s: Sample, k: number): void {
    const { program } = job;
    const entry = program.points[s.i];
    if (!entry) {
      this.#setAside(job, k, s, `index ${s.i} is not in birth ${program.birth}`);
      return;
    }
    // A repeat under another epoch, or what a device remembered from before: neither says anything about now.
    if (s.n <= appliedN || s.historical) return;
    site.take(entry, s);
    if (entry.id === ONLINE_POINT && s.value === 0 && s.quality === 'good') {
      const own = entry.device.id.slice(program.gateway.length + 1);
      site.deviceOffline(entry.device.id, s.n, program.devices.get(own)?.values() ?? []);
      this.#signals.device(site, program, entry.device.id, s);
    } else this.#signals.sample(site, program, entry, s);
  }

  #note(site: Site, note: Note): void {
    const { gateway, community } = site;
    const text = noteText(note);
    const payload = { gateway, kind: note.kind, text, ...(note.count === undefined ? {} : { count: note.count }) };
    this.#events.push({ type: 'gateway.note', community, subject: gateway, payload });
    // A gateway that starts anew has not looked meanwhile; what was lost was not seen.
    if (note.kind === 'started' || note.kind === 'loss' || note.kind === 'corrupt-segment')
      this.#signals.interrupted(gateway);
    const signal = signalOfNote(note, site);
    if (signal) this.#fact(signal, note.at);
  }

  #fact(signal: HubSignal, at: number): void {
    this.#signals.hubSignal(signal, 'raise', at);
  }

  /** The lanes have told all that the last snapshot knew: every signal is compared with what is known. */
  #perhapsCaughtUp(site: SiteStage): void {
    if (site.catchUpTo === undefined || site.lanes.safety.seq < site.catchUpTo) return;
    const live = site.program;
    site.caughtUp();
    if (live && site.moment) this.#signals.all(site, live, site.moment);
  }

  #setAside(job: BatchJob, k: number, record: Sample | Note, reason: string): void {
    const { batch, site } = job;
    const { gateway, community } = site;
    const seq = batch.first + k;
    const why = reason.slice(0, INGEST_LIMITS.quarantineReasonChars);
    const where = { gateway, lane: batch.lane, seq, reason: why };
    this.#quarantine.push({ ...where, epoch: batch.epoch, birth: batch.birth, record: JSON.stringify(record) });
    this.#events.push({ type: 'ingest.quarantined', community, subject: gateway, payload: where });
    this.#fact(hubSignal('quarantined', site, `${batch.lane} ${seq}: ${why}`), this.#now);
  }
}

/** Every position of a batch. */
export const positions = (batch: Batch): number[] => Array.from({ length: batchCount(batch) }, (_, k) => k);
