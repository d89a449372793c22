// Since when a signal is known to be false without a gap. A repair is verified by it, so it outlives a restart of the
// hub; the time is the hub's own, because a gateway's clock or its backlog must not make a signal look longer gone.
//
// Kept for every signal that was ever raised. A run of "known to be false" ends with any record that says otherwise and
// with any gap: stale or bad data, a device offline, a silent gateway, a gateway that started anew or lost records.
import type { Truth } from '../../device-profiles/contract/conditions.ts';
import type { Tx } from '../db/tx.ts';
import { keyOf } from './row.ts';
import { allRuns } from './steady-store.ts';

/** The signals that are kept, in memory: whether their run goes on. The table says since when. */
export class SteadyRuns {
  readonly #going = new Map<string, boolean>();

  /** Reads what is stored. Until their gateways are heard, runs neither end nor count: the truth is unknown. */
  async load(tx: Tx): Promise<void> {
    this.#going.clear();
    for (const { device, point, signal, going } of await allRuns(tx))
      this.#going.set(keyOf(device, point, signal), going);
  }

  /** Undefined for a signal that was never raised. */
  going(key: string): boolean | undefined {
    return this.#going.get(key);
  }

  /** Keys of a gateway's signals whose run goes on. */
  ofGateway(gateway: string): string[] {
    const prefix = `${gateway}.`;
    return [...this.#going].filter(([key, going]) => going && key.startsWith(prefix)).map(([key]) => key);
  }

  adopt(changes: ReadonlyMap<string, number | null>): void {
    for (const [key, since] of changes) this.#going.set(key, since !== null);
  }
}

/** Changes of runs by one T1. */
export class SteadyStage {
  /** Since when (ms wall), or null: no run. */
  readonly changes = new Map<string, number | null>();
  readonly #runs: SteadyRuns;
  readonly #now: number;

  constructor(runs: SteadyRuns, now: number) {
    this.#runs = runs;
    this.#now = now;
  }

  /** What is known of a condition now: a run goes on only while that is "false". */
  known(key: string, truth: Truth): void {
    const going = this.#going(key);
    const gone = truth === 'false';
    if (going !== undefined && going !== gone) this.changes.set(key, gone ? this.#now : null);
  }

  raised(key: string): void {
    this.changes.set(key, null);
  }

  /** What was known before proves nothing any more; the run, if there is one, starts anew. */
  restart(key: string): void {
    if (this.#going(key) === true) this.changes.set(key, this.#now);
  }

  restartOf(gateway: string): void {
    for (const key of this.#runs.ofGateway(gateway)) this.restart(key);
  }

  /** Ends the runs of a gateway's signals but those that `keep` names. */
  endOf(gateway: string, keep: (key: string) => boolean): void {
    for (const key of this.#runs.ofGateway(gateway)) if (!keep(key)) this.changes.set(key, null);
  }

  #going(key: string): boolean | undefined {
    const staged = this.changes.get(key);
    return staged === undefined ? this.#runs.going(key) : staged !== null;
  }
}
