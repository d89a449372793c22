// Everything live in one place: connection, clock, link, alarms, values, sound, and the rules that join them.
import type { BeatFrame } from '../../../hub/live/contract.ts';
import { quiet, type Quiet } from '../alarms/quiet.ts';
import { silence, sounding, type Silence, type Sounding } from '../alarms/sounding.ts';
import type { Api } from '../api/client.ts';
import { Alarms } from './alarms.svelte.ts';
import { Clock } from './clock.svelte.ts';
import { Connection } from './connection.ts';
import { LINK_LIMITS } from './link-state.ts';
import { Link } from './link.svelte.ts';
import { Points } from './points.svelte.ts';
import { Sound } from './sound.svelte.ts';
import { startTicker } from './ticker.ts';
import { TONE_OF_CLASS } from './tones.ts';
import type { Want } from './wants.ts';

/** A socket that stays open and silent this long is dropped and opened anew, ms. */
const RENEW_AFTER_MS = 8_000;

export class Live {
  readonly clock = new Clock();
  readonly link = new Link();
  readonly points = new Points();
  readonly sound = new Sound();
  readonly alarms: Alarms;
  readonly #connection: Connection;
  #sounding = $state.raw<Sounding>({ worst: null, play: null, silencedMs: 0 });
  #orders = $state(0);
  #duty = $state(0);
  #scene = $state(0);
  #silence: Silence | null = null;
  #stopTicker: (() => void) | null = null;
  #seesAlarms = false;
  #reportsDesk = false;
  #reportedAt = 0;
  #renewedAt = 0;
  /** The hub refused the live channel, as when the session is over. */
  refused: (reason: string) => void = () => undefined;

  constructor(api: Api) {
    this.alarms = new Alarms(api);
    this.alarms.changed = () => this.#decideSound();
    this.sound.changed = () => this.#report();
    this.#connection = new Connection({
      alarm: (frame) => this.alarms.apply(frame),
      values: (frame) => this.points.apply(frame),
      beat: (frame) => this.#hear(frame),
      alive: (frame) => {
        this.clock.hear(frame.time, Date.now());
        this.link.hearAlive(frame);
        this.#decideSound();
      },
      order: () => (this.#orders += 1),
      duty: () => (this.#duty += 1),
      scene: () => (this.#scene += 1),
      connected: () => {
        if (this.#seesAlarms) void this.alarms.resync();
        this.#report();
      },
      refused: (reason) => this.refused(reason),
    });
    document.addEventListener('visibilitychange', () => this.#report());
  }

  get running(): boolean {
    return this.#stopTicker !== null;
  }
  get sounding(): Sounding {
    return this.#sounding;
  }
  /** Rises with every change of a work order: what lists orders reads it to know when to fetch anew. */
  get orderChanges(): number {
    return this.#orders;
  }
  /** Rises with every change of duty: roster, who is on, entries, roll calls, hand-overs. */
  get dutyChanges(): number {
    return this.#duty;
  }
  /** Rises with every change of plans, runs, drills, blocked lanes, escorts and held lifts. */
  get sceneChanges(): number {
    return this.#scene;
  }
  /** Another text whenever a panel or pump goes to manual or back, or is no longer known. */
  readonly #linkage = $derived(this.link.alive?.linkage ?? '');
  get linkage(): string {
    return this.#linkage;
  }
  get quiet(): Quiet {
    return quiet({
      link: this.link.state,
      loaded: this.alarms.loaded,
      matches: this.alarms.matches,
      open: this.alarms.sorted.length,
      beat: this.link.beat,
    });
  }

  /** `seesAlarms`: false for roles to whom the channel brings none, they only follow the beat; `desk`: reports itself. */
  start({ seesAlarms, desk }: { readonly seesAlarms: boolean; readonly desk: boolean }): void {
    if (this.#stopTicker) return;
    this.#seesAlarms = seesAlarms;
    this.#reportsDesk = desk;
    this.link.start();
    this.#connection.start();
    this.#stopTicker = startTicker(() => this.#tick());
  }

  stop(): void {
    this.#stopTicker?.();
    this.#stopTicker = null;
    this.#connection.stop();
    this.alarms.clear();
    this.points.clear();
    this.#silence = null;
    this.#decideSound();
    this.sound.loop('frozen', null);
  }

  /** Asks for values while a view needs them; returns how to end it. */
  watch(want: Want): () => void {
    return this.#connection.wants.add(want);
  }

  /** Ends the sound for at most two minutes; a new alarm ends the silence. */
  silence(): void {
    this.#silence = silence(performance.now(), this.alarms.arrivals);
    this.#decideSound();
  }

  unsilence(): void {
    this.#silence = null;
    this.#decideSound();
  }

  #hear(beat: BeatFrame): void {
    this.clock.hear(beat.time, Date.now());
    this.link.hear(beat);
    if (this.#seesAlarms) this.alarms.check(beat);
    this.#decideSound();
  }

  #tick(): void {
    this.clock.tick(Date.now());
    this.link.look();
    this.alarms.flush.now();
    this.points.flush.now();
    this.#decideSound();
    const now = performance.now();
    if (now - this.#reportedAt >= LINK_LIMITS.deskReportEveryMs) this.#report();
    if (this.link.ageMs > RENEW_AFTER_MS && now - this.#renewedAt > RENEW_AFTER_MS) {
      this.#renewedAt = now;
      this.#connection.renew();
    }
  }

  #decideSound(): void {
    const next = sounding(this.alarms.countsNow(), this.alarms.arrivals, this.#silence, performance.now());
    if (next.silencedMs === 0 && next.play !== null) this.#silence = null;
    // Whole seconds, so that only a change that can be seen makes anything redraw.
    const shown = { ...next, silencedMs: Math.ceil(next.silencedMs / 1_000) * 1_000 };
    const old = this.#sounding;
    if (old.worst !== shown.worst || old.play !== shown.play || old.silencedMs !== shown.silencedMs)
      this.#sounding = shown;
    const silenced = this.#silence !== null && performance.now() < this.#silence.until;
    this.sound.loop('alarm', next.play === null ? null : TONE_OF_CLASS[next.play]);
    this.sound.loop('frozen', this.running && this.link.frozen && !silenced ? 'frozen' : null);
  }

  #report(): void {
    this.#reportedAt = performance.now();
    if (!this.#reportsDesk) return;
    this.#connection.desk({
      audio: this.sound.state,
      visible: document.visibilityState === 'visible',
      seq: this.alarms.seq,
      ...(this.link.beat === null ? {} : { beat: this.link.beat.beat }),
      resyncs: this.alarms.resyncs,
      mismatches: this.alarms.mismatches,
    });
  }
}
