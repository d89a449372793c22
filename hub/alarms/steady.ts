// Since when a signal is known to be false without a gap. A repair is verified by it, so it outlives a restart of the
// hub; the time is the hub's own, because a gateway's clock or its backlog must not make a signal look longer gone.
//
// Kept for every signal that was ever raised. A run of "known to be false" ends with any record that says otherwise and
// with any gap: stale or bad data, a device offline, a silent gateway, a gateway that started anew or lost records.
import type { Truth } from '../../device-profiles/contract/conditions.ts';
import type { Tx } from '../db/tx.ts';
import type { SignalKey } from './store.ts';

/** The signals that are kept, in memory: whether their run goes on. The table says since when. */
export class SteadyRuns {
  readonly #going = new Map<string, boolean>();

  /** Reads what is stored. Until their gateways are heard, runs neither end nor count: the truth is unknown. */
  async load(tx: Tx): Promise<void> {
    this.#going.clear();
    const rows = await tx.query<{ key: string; going: boolean }>(
      `select concat_ws(E'\\n', device, point, signal) as key, since is not null as going from alarms.steady`,
    );
    for (const { key, going } of rows) this.#going.set(key, going);
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

/** Writes runs by one statement, in one order whoever writes. */
export async function saveSteady(
  tx: Tx,
  rows: readonly (SignalKey & { readonly since: number | null })[],
): Promise<void> {
  await tx.run(
    `insert into alarms.steady (device, point, signal, since)
     select u.device, u.point, u.signal, u.since
     from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as u (device, point, signal, since)
     order by 1, 2, 3
     on conflict (device, point, signal) do update set since = excluded.since`,
    [
      rows.map((r) => r.device),
      rows.map((r) => r.point),
      rows.map((r) => r.signal),
      rows.map((r) => (r.since === null ? null : Math.trunc(r.since))),
    ],
  );
}

/** Since when a signal is known to be false without a gap, ms wall of the hub; undefined when it is not. */
export async function steadySince(tx: Tx, of: SignalKey): Promise<number | undefined> {
  const row = await tx.maybe<{ since: string | null }>(
    'select since from alarms.steady where device = $1 and point = $2 and signal = $3',
    [of.device, of.point, of.signal],
  );
  return row === undefined || row.since === null ? undefined : Number(row.since);
}

/** Moves the runs with a jump of the wall clock (hard rule 9). Locks first, so that T1 and this never wait in a ring. */
export async function shiftSteady(tx: Tx, jumpMs: number): Promise<void> {
  await tx.run('lock table alarms.steady in exclusive mode');
  await tx.run('update alarms.steady set since = since + $1 where since is not null', [Math.trunc(jumpMs)]);
}
