// The alarm book as state: applied at once (sound must not wait), shown once a frame, compared with the hub's digest.
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import type { AlarmFrame, BeatFrame } from '../../../hub/live/contract.ts';
import { AlarmBook, countByClass, type Counts } from '../alarms/book.ts';
import { compareAlarms, firstOfIncidents, resort } from '../alarms/order.ts';
import type { Api } from '../api/client.ts';
import { asProblem, type Problem } from '../api/problem.ts';
import { Flush } from './flush.ts';

export const RESYNC_LIMITS = {
  /** Pause between two resyncs, ms; doubles up to `pauseMaxMs` while they don't help. */
  pauseMs: 1_000,
  pauseMaxMs: 15_000,
  /** Beats in a row that may be older than what this screen knows before it doubts itself. */
  aheadBeats: 3,
} as const;

export class Alarms {
  readonly #book = new AlarmBook();
  readonly #api: Api;
  #sorted = $state.raw<readonly AlarmView[]>([]);
  #counts = $state.raw<Counts>(countByClass([]));
  #firsts = $state.raw<ReadonlySet<string>>(new Set());
  #loaded = $state(false);
  #matches = $state(false);
  #problem = $state.raw<Problem | null>(null);
  #resyncs = $state(0);
  #mismatches = 0;
  #running = false;
  #session = 0;
  #pauseMs: number = RESYNC_LIMITS.pauseMs;
  #notBefore = 0;
  #ahead = 0;
  /** Called at once after every change, before anything is drawn. */
  changed: () => void = () => undefined;
  readonly flush = new Flush(() => this.#show());

  constructor(api: Api) {
    this.#api = api;
  }

  /** All open alarms in the order of the list. */
  get sorted(): readonly AlarmView[] {
    return this.#sorted;
  }
  get counts(): Counts {
    return this.#counts;
  }
  get firsts(): ReadonlySet<string> {
    return this.#firsts;
  }
  /** The open alarms were fetched at least once since signing in. */
  get loaded(): boolean {
    return this.#loaded;
  }
  /** Count and digest equal the hub's, as of the last beat. */
  get matches(): boolean {
    return this.#matches;
  }
  get problem(): Problem | null {
    return this.#problem;
  }
  /** How often this screen had to fetch everything anew. */
  get resyncs(): number {
    return this.#resyncs;
  }

  /** Beats whose count or digest differed from ours. */
  get mismatches(): number {
    return this.#mismatches;
  }
  get seq(): number {
    return this.#book.seq;
  }
  get arrivals(): number {
    return this.#book.arrivals;
  }
  /** Counts at this very moment, not as of the last frame drawn. */
  countsNow(): Counts {
    return this.#book.counts();
  }
  /** An alarm that is open, or was until a while ago. */
  find(id: string): AlarmView | undefined {
    return this.#book.get(id);
  }
  closed(id: string): AlarmView | undefined {
    return this.#book.closed(id);
  }

  apply(frame: AlarmFrame): void {
    const outcome = this.#book.apply(frame);
    this.changed();
    this.flush.request();
    if (outcome === 'gap') void this.resync();
  }

  /** One alarm as an act of this screen left it; the live channel brings the same. */
  put(alarm: AlarmView): void {
    this.#book.put(alarm);
    this.changed();
    this.flush.request();
  }

  /** Compares with what the hub says that it has; resyncs when they differ. */
  check(beat: BeatFrame): void {
    if (!this.#loaded) {
      void this.resync();
      return;
    }
    // What was fetched or done here a moment ago may be newer than what the beat was made from: the next one will tell.
    const held = this.#book.against(beat);
    this.#ahead = held === 'ahead' ? this.#ahead + 1 : 0;
    if (this.#ahead > 0 && this.#ahead <= RESYNC_LIMITS.aheadBeats) return;
    const equal = held === 'equal';
    this.#matches = equal;
    if (!equal) this.#mismatches += 1;
    if (equal) this.#pauseMs = RESYNC_LIMITS.pauseMs;
    else void this.resync();
  }

  /** Fetches the open alarms; frames that arrive meanwhile are laid over. Not more often than the pause allows. */
  async resync(): Promise<void> {
    if (this.#running || performance.now() < this.#notBefore) return;
    this.#running = true;
    const session = this.#session;
    this.#book.startResync();
    try {
      const { items, seq } = await this.#api.allWithSeq<AlarmView>('/api/alarms?state=open&limit=500');
      if (session !== this.#session) return;
      if (this.#book.finishResync(items, seq)) {
        this.#loaded = true;
        this.#resyncs += 1;
      }
      this.#problem = null;
    } catch (error) {
      if (session !== this.#session) return;
      this.#book.abandonResync();
      this.#problem = asProblem(error);
    } finally {
      this.#running = false;
      this.#notBefore = performance.now() + this.#pauseMs;
      this.#pauseMs = Math.min(this.#pauseMs * 2, RESYNC_LIMITS.pauseMaxMs);
    }
    this.changed();
    this.flush.request();
  }

  clear(): void {
    this.#session += 1;
    this.#book.clear();
    this.#loaded = false;
    this.#matches = false;
    this.#problem = null;
    this.#notBefore = 0;
    this.#pauseMs = RESYNC_LIMITS.pauseMs;
    this.#show();
  }

  #show(): void {
    const changed = this.#book.takeChanged();
    this.#sorted =
      changed === null
        ? [...this.#book.open()].sort(compareAlarms)
        : resort(this.#sorted, changed, (id) => this.#book.openOne(id));
    this.#counts = this.#book.counts();
    this.#firsts = firstOfIncidents(this.#sorted);
  }
}
