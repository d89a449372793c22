// The signals of all gateways in memory: compiled conditions and one track each. Ingest hands it every record within
// T1; what follows is staged, written with the same transaction, and becomes memory only after the commit.
import { evaluate, type Truth } from '../../device-profiles/contract/conditions.ts';
import type { Value } from '../../device-profiles/contract/point.ts';
import { PANEL_CLASSES, type AlarmClass, type PanelClass, type Signal } from '../../device-profiles/contract/signal.ts';
import type { Sample } from '../../device-profiles/contract/wire.ts';
import { payloadsOf, type DueTimer, type NewTimer } from '../timers-store.ts';
import {
  hubDevice,
  momentOf,
  wallOf,
  type HubSignal,
  type Moment,
  type PointEntry,
  type PointView,
  type Program,
  type SignalSink,
  type SignalStage,
  type SiteStage,
} from '../ingest/api.ts';
import type { Tx } from '../db/tx.ts';
import { compileSignals, newestOf, type Compiled, type SignalRun } from './compile.ts';
import { advance, elapse, inRun, remaining, UNKNOWN, type Edge, type Track } from './evaluate.ts';
import { writeStage, type EngineWriter } from './engine-write.ts';
import { ModeSignals, type ModeSignal } from './mode-signals.ts';
import { keyOf, type Raised } from './row.ts';
import { SteadyRuns, SteadyStage } from './steady.ts';
import { activePanels, openAlarms, type PanelRow } from './store.ts';

export const DELAY_TIMER = 'alarm-delay';

/** A signal's edge, with all that an alarm needs to know, or a panel's RESET. `at`: device's or gateway's time, ms. */
export type StagedEdge =
  | {
      readonly to: 'raise' | 'clear';
      readonly key: string;
      readonly at: number;
      readonly raised: Raised;
      readonly note?: string;
    }
  | { readonly to: 'reset'; readonly device: string; readonly at: number };

const NO_RUNS: readonly SignalRun[] = [];
const isPanel = (c: Signal['class']): c is PanelClass => (PANEL_CLASSES as readonly string[]).includes(c);
/** Gateway ids hold no dot, device ids are `{gateway}.{device}`. */
const gatewayOf = (key: string): string => key.slice(0, key.indexOf('.'));
const timerKey = (key: string): string => `${DELAY_TIMER}:${key.replaceAll('\n', '/')}`;

export class AlarmEngine implements SignalSink {
  readonly #writer: EngineWriter;
  readonly #tracks = new Map<string, Track>();
  readonly #compiled = new WeakMap<Program, Compiled>();
  /** Signals of the live birth, by gateway and key. */
  readonly #live = new Map<string, ReadonlyMap<string, SignalRun>>();
  readonly #modes = new ModeSignals();
  /** Signals found active by a snapshot that the lanes have yet to confirm: their records change nothing till then. */
  readonly #frozen = new Map<string, Set<string>>();
  /** Signals with an open alarm → its id, and the n that raised it. May name one too many, never one too few. */
  readonly #open = new Map<string, { readonly id: string; readonly n: number | null }>();
  readonly steady = new SteadyRuns();
  /** What conditions look at while a record is evaluated. */
  view: PointView | undefined;
  /** Signals whose open alarm was read with a condition that this process has not found out itself yet. */
  readonly #stated = new Set<string>();

  constructor(writer: EngineWriter) {
    this.#writer = writer;
  }

  /** Reads where every signal stood. Their truth is unknown until their gateways are heard. */
  async load(tx: Tx): Promise<void> {
    this.#tracks.clear();
    this.#open.clear();
    this.#frozen.clear();
    this.#stated.clear();
    for (const { row } of await openAlarms(tx)) {
      const key = keyOf(row.device, row.point, row.signal);
      this.#open.set(key, { id: row.id, n: row.n });
      this.#tracks.set(key, { ...UNKNOWN, held: row.active, raised: row.active });
      if (row.condition !== 'unknown') this.#stated.add(key);
    }
    const panels = await activePanels(tx);
    for (const p of panels)
      this.#tracks.set(keyOf(p.device, p.point, p.signal), { ...UNKNOWN, held: p.active, raised: p.active });
    this.#modes.load(panels);
    for (const { key, since, run } of await payloadsOf(tx, DELAY_TIMER)) {
      if (typeof key !== 'string' || typeof since !== 'number') continue;
      this.#tracks.set(key, { ...this.track(key), since, run: typeof run === 'number' ? run : 0 });
    }
    await this.steady.load(tx);
  }

  track(key: string): Track {
    return this.#tracks.get(key) ?? UNKNOWN;
  }

  /** @throws RangeError when a condition is nested too deep */
  compile(program: Program): void {
    if (!this.#compiled.has(program))
      this.#compiled.set(
        program,
        compileSignals(program, () => this.view),
      );
  }

  compiled(program: Program): Compiled {
    const compiled = this.#compiled.get(program);
    if (!compiled) throw new Error(`the signals of birth ${program.birth} were not compiled`);
    return compiled;
  }

  begin(now: number): EngineStage {
    return new EngineStage(this, now);
  }

  isOpen(key: string): boolean {
    return this.#open.has(key);
  }

  /** Its open alarm still says of its condition what another hub had found out. */
  isStated(key: string): boolean {
    return this.#stated.has(key);
  }

  readonly raisedAfter = (key: string, n: number): boolean => (this.#open.get(key)?.n ?? -1) > n;

  frozen(gateway: string): ReadonlySet<string> | undefined {
    return this.#frozen.get(gateway);
  }

  /** The signal of a key, as the live birth of its gateway has it; null when that birth has none of that key. */
  run(key: string): SignalRun | null | undefined {
    const live = this.#live.get(gatewayOf(key));
    return live && (live.get(key) ?? null);
  }

  /** What a gateway's live birth says of manual or automatic, as the last record left it. */
  modeSignals(gateway: string): ModeSignal[] {
    return this.#modes.of(gateway, (key) => this.track(key).truth);
  }

  retired(gateway: string): void {
    this.#live.set(gateway, new Map());
    this.#modes.born(gateway, NO_RUNS);
  }

  /** Signals of a gateway that have an open alarm. */
  openOf(gateway: string): string[] {
    const prefix = `${gateway}.`;
    return [...this.#open.keys()].filter((k) => k.startsWith(prefix));
  }

  /** The gateway was heard and its configuration has no such signal any more: nothing will ever clear its alarm. */
  orphaned(device: string, point: string, signal: string): boolean {
    const key = keyOf(device, point, signal);
    return device !== hubDevice(gatewayOf(key)) && this.run(key) === null;
  }

  /** Open alarms of a gateway whose signals a program does not have. */
  orphans(program: Program): string[] {
    return this.openOf(program.gateway).filter((k) => !this.isPartOf(program, k));
  }

  /** A signal that a program has, or that the hub itself tells of its gateway. */
  isPartOf(program: Program, key: string): boolean {
    return key.startsWith(`${hubDevice(program.gateway)}\n`) || this.compiled(program).keys.has(key);
  }

  get writer(): EngineWriter {
    return this.#writer;
  }

  /**
   * An alarm was closed, wherever: its signal has none open any more. One that a person closed while its signal was
   * raised (its point was gone) is forgotten: should the point come back, it begins anew.
   */
  closed(key: string, id: string): void {
    if (this.#open.get(key)?.id !== id) return;
    this.#open.delete(key);
    if (this.#tracks.get(key)?.raised) this.#tracks.delete(key);
  }

  /** After the commit of a stage. */
  adopt(stage: EngineStage): void {
    for (const [key, track] of stage.tracks) this.#tracks.set(key, track);
    if (this.#stated.size > 0) for (const key of stage.conditions.keys()) this.#stated.delete(key);
    for (const [gateway, keys] of stage.frozen) {
      if (keys.size > 0) this.#frozen.set(gateway, keys);
      else this.#frozen.delete(gateway);
    }
    this.#modes.changed(stage.panels);
    for (const program of stage.programs) {
      const { runs } = this.compiled(program);
      this.#live.set(program.gateway, new Map(runs.map((r) => [r.key, r])));
      this.#modes.born(program.gateway, runs);
    }
    for (const gateway of stage.gone) this.retired(gateway);
    this.steady.adopt(stage.steady.changes);
    for (const row of stage.written) {
      const key = keyOf(row.device, row.point, row.signal);
      if (row.state === 'normal') this.closed(key, row.id);
      else this.#open.set(key, { id: row.id, n: row.n });
    }
  }
}

/** Since when what a record says was so: another run's time says nothing of this one's. */
function sinceOf(newest: Sample | undefined, now: Moment): number {
  const at = newest && momentOf(newest);
  return at?.base.run === now.base.run ? at.ms : now.ms;
}

/** What one T1 finds out about signals. */
export class EngineStage implements SignalStage {
  readonly tracks = new Map<string, Track>();
  readonly frozen = new Map<string, Set<string>>();
  readonly programs: Program[] = [];
  readonly gone: string[] = [];
  readonly edges: StagedEdge[] = [];
  /** Truths that changed, of signals that may have an open alarm. */
  readonly conditions = new Map<string, Truth>();
  readonly timers = new Map<string, NewTimer | null>();
  readonly panels = new Map<string, PanelRow>();
  written: Awaited<ReturnType<typeof writeStage>> = [];
  readonly steady: SteadyStage;
  readonly #engine: AlarmEngine;
  readonly now: number;

  constructor(engine: AlarmEngine, now: number) {
    this.#engine = engine;
    this.steady = new SteadyStage(engine.steady, now);
    this.now = now;
  }

  sample(site: SiteStage, program: Program, entry: PointEntry, s: Sample): void {
    const runs = this.#engine.compiled(program).readers.get(entry.num);
    if (runs) this.#evaluateAll(site, runs, s, s.quality === 'good');
  }

  device(site: SiteStage, program: Program, device: string, s: Sample): void {
    this.#evaluateAll(site, this.#engine.compiled(program).ofDevice.get(device) ?? NO_RUNS, s, false);
  }

  /** Every signal is compared with what is known. Amid a backlog, records from before a snapshot are still to come. */
  all(site: SiteStage, program: Program, at: Moment): void {
    this.programs.push(program);
    if (site.catchUpTo === undefined) this.frozen.set(program.gateway, new Set());
    this.#engine.view = site;
    for (const run of this.#engine.compiled(program).runs) this.#compare(site, run, at);
    for (const key of this.#engine.orphans(program)) this.conditions.set(key, 'unknown');
    this.steady.endOf(program.gateway, (key) => this.#engine.isPartOf(program, key));
  }

  /**
   * A live birth with records still to come: what it shows as active is raised at once, the rest waits for them. What an
   * earlier snapshot raised beyond the records applied so far stays frozen, though the hub was started anew since.
   */
  foundActive(site: SiteStage, program: Program, at: Moment): void {
    this.programs.push(program);
    const frozen = new Set(this.#engine.frozen(program.gateway));
    // As it was told last: also of a panel that is not heard any more, whose fire the records are still to tell.
    this.#engine.view = { state: (e) => site.newest(e), sample: (e) => site.newest(e) };
    for (const run of this.#engine.compiled(program).runs) {
      const before = this.#track(run.key);
      if (before.raised && this.#engine.raisedAfter(run.key, site.lanes.safety.n)) frozen.add(run.key);
      if (before.raised || isPanel(run.def.class) || evaluate(run.when, run.lookup, before.held) !== 'true') continue;
      const newest = newestOf(run.reads, (e) => site.newest(e));
      const { track, edges } = advance(inRun(before, at.base.run), 'true', at.ms, run.def, sinceOf(newest, at));
      if (edges.length === 0) continue;
      frozen.add(run.key);
      this.#follow(run, before, track, edges, at, newest);
    }
    this.frozen.set(program.gateway, frozen);
  }

  /** A fact that the hub itself finds out about a gateway. */
  hubSignal(of: HubSignal, to: 'raise' | 'clear', at: number): void {
    const key = keyOf(of.device, of.point, of.signal);
    const before = this.#track(key);
    const raised = to === 'raise';
    const truth = raised ? 'true' : 'false';
    if (of.latch === 'none') {
      // Not known since the hub started: what was before it stopped proves nothing.
      if (before.truth === 'unknown') this.steady.restart(key);
      this.steady.known(key, truth);
      if (before.truth !== truth) this.tracks.set(key, { truth, held: raised, raised, since: null });
      if (before.raised === raised) return;
      if (raised) this.steady.raised(key);
    }
    const { note, ...rest } = of;
    const fact: Raised = { ...rest, at, proved: true, n: null };
    this.edges.push({ key, to, at, raised: fact, ...(note === undefined ? {} : { note }) });
    // What has no end of its own happens and is over: its latch keeps it until a person closes it.
    if (of.latch !== 'none' && raised) this.edges.push({ key, to: 'clear', at, raised: fact });
  }

  interrupted(gateway: string): void {
    this.steady.restartOf(gateway);
  }

  retire(gateway: string): void {
    this.gone.push(gateway);
    this.steady.endOf(gateway, () => false);
    for (const key of this.#engine.openOf(gateway)) this.conditions.set(key, 'unknown');
  }

  /** A delay is over and nothing new was heard. Answers false when it must be looked at again later. */
  elapsed(timer: DueTimer, settled: (gateway: string) => Moment | undefined): boolean {
    const { key, since, ms } = timer.payload as { key?: string; since?: number; ms?: number };
    if (key === undefined || since === undefined || ms === undefined) return true;
    const run = this.#engine.run(key);
    if (run === null) return true;
    const now = run && settled(run.entry.device.gateway);
    if (!now) return false;
    const before = this.#track(key);
    if (before.since !== since || before.run !== now.base.run) return true;
    const { track, edges } = elapse(before, since + ms, run.def);
    this.#follow(run, before, track, edges, { ms: since + ms, base: now.base });
    return true;
  }

  async write(tx: Tx): Promise<void> {
    this.written = await writeStage(tx, this, this.#engine);
  }

  commit(): void {
    this.#engine.adopt(this);
  }

  #track(key: string): Track {
    return this.tracks.get(key) ?? this.#engine.track(key);
  }

  #evaluateAll(site: SiteStage, runs: readonly SignalRun[], s: Sample, good: boolean): void {
    this.#engine.view = site;
    const at = momentOf(s);
    for (const run of runs) {
      const before = this.#track(run.key);
      const truth = evaluate(run.when, run.lookup, before.held);
      this.steady.known(run.key, truth);
      // Nothing new, which is what nearly all records say.
      if (
        truth === before.truth &&
        before.since === null &&
        (truth === 'unknown' || (truth === 'true') === before.raised)
      )
        continue;
      if (this.#isFrozen(run)) continue;
      // A delay that ran when the hub stopped (else it would be known): what was not told again yet is no gap.
      const loaded = before.truth === 'unknown' && before.since !== null;
      if (loaded && good && truth === 'unknown' && run.reads.some((e) => site.sample(e) === undefined)) continue;
      const { track, edges } = advance(inRun(before, at.base.run), truth, at.ms, run.def);
      this.#follow(run, before, track, edges, at, s);
    }
  }

  #compare(site: SiteStage, run: SignalRun, at: Moment): void {
    const before = this.#track(run.key);
    const truth = evaluate(run.when, run.lookup, before.held);
    this.steady.known(run.key, truth);
    const newest = newestOf(run.reads, (e) => site.sample(e));
    const { track, edges } = advance(inRun(before, at.base.run), truth, at.ms, run.def, sinceOf(newest, at));
    this.#follow(run, before, track, edges, at, newest);
    // Set by a record of a backlog, perhaps: what remains of it counts from now.
    if (track.since !== null) this.#timer(run, track, at);
  }

  /** Also an alarm that is raised in this very T1, whose row is not written yet. */
  #isOpen(key: string): boolean {
    return this.conditions.has(key) || this.#engine.isOpen(key);
  }

  #isFrozen(run: SignalRun): boolean {
    const { gateway } = run.entry.device;
    return (this.frozen.get(gateway) ?? this.#engine.frozen(gateway))?.has(run.key) ?? false;
  }

  /** Takes over what a step of a track at a moment means. `s`: the record that caused it. */
  #follow(run: SignalRun, before: Track, track: Track, edges: readonly Edge[], now: Moment, s?: Sample): void {
    if (track !== before) this.tracks.set(run.key, track.since === null ? track : { ...track, run: now.base.run });
    if (track.truth === before.truth ? this.#engine.isStated(run.key) : edges.length > 0 || this.#isOpen(run.key))
      this.conditions.set(run.key, track.truth);
    if (track.since !== before.since) this.#timer(run, track, now);
    const { class: is } = run.def;
    // Edges go by evidence; people want the gateway's clock, or the device's own time where it has one.
    const own = s && momentOf(s).base.run === now.base.run ? s.sourceTime - s.receivedTime : 0;
    for (const edge of edges) {
      const at = wallOf({ ms: edge.at, base: now.base }) + own;
      if (isPanel(is)) this.#panel(run, is, edge.to === 'raise', at);
      else this.edges.push({ key: run.key, to: edge.to, at, raised: this.#raised(run, is, at, s) });
      if (edge.to === 'raise' && !isPanel(is)) this.steady.raised(run.key);
    }
  }

  #timer(run: SignalRun, track: Track, at: Moment): void {
    const key = timerKey(run.key);
    const left = remaining(track, at.ms, run.def);
    if (left === undefined) {
      this.timers.set(key, null);
      return;
    }
    const ms = (track.raised ? run.def.offDelayMs : run.def.onDelayMs) ?? 0;
    this.timers.set(key, {
      key,
      kind: DELAY_TIMER,
      community: run.entry.device.community,
      dueAt: this.now + left,
      basis: 'duration',
      payload: { key: run.key, since: track.since, run: at.base.run, ms },
    });
  }

  #panel(run: SignalRun, is: PanelClass, active: boolean, at: number): void {
    const device = run.entry.device;
    const row = { device: device.id, point: run.entry.id, signal: run.def.id };
    this.panels.set(run.key, { ...row, community: device.community, class: is, active, at });
    if (is === 'RESET' && active) this.edges.push({ to: 'reset', device: device.id, at });
  }

  #raised(run: SignalRun, is: AlarmClass, at: number, s: Sample | undefined): Raised {
    const { entry, def } = run;
    const { device } = entry;
    return {
      community: device.community,
      gateway: device.gateway,
      device: device.id,
      deviceKind: device.kind,
      deviceName: device.name,
      point: entry.id,
      pointName: entry.name,
      signal: def.id,
      class: is,
      latch: def.latch ?? 'none',
      text: def.text,
      advice: def.advice,
      building: entry.building ?? device.building,
      floor: entry.floor ?? device.floor,
      place: entry.place,
      proved: this.#engine.writer.proved(entry.num),
      value: this.#value(entry),
      n: s?.n ?? null,
      at,
    };
  }

  #value(entry: PointEntry): Value {
    return this.#engine.view?.sample(entry)?.value ?? null;
  }
}
