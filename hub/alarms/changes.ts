// Changes of alarms within one transaction: steps of episodes, gathered, then written set-based with their change
// numbers, journal, events and timers. Ingest, routes, timers and modes all change alarms through this.
import { randomUUID } from 'node:crypto';
import type { Truth } from '../../device-profiles/contract/conditions.ts';
import type { Tx } from '../db/tx.ts';
import type { Result } from '../errors.ts';
import { ok } from '../errors.ts';
import type { Actor, NewEvent } from '../events/api.ts';
import { step, type AlarmAct, type AlarmEvent, type Mode, type StepRules } from './machine.ts';
import { episodeColumns, episodeOf, factOf, newRow, type AlarmRow, type Raised } from './row.ts';
import { insertActs, insertAlarms, notifyChanged, takeSeqs, updateAlarms, type NewAct } from './store.ts';

/** What an act of the machine tells other domains. `returned` asks for attention again. */
const EVENT_OF: Partial<
  Record<AlarmAct, 'alarm.raised' | 'alarm.recurred' | 'alarm.cleared' | 'alarm.acknowledged' | 'alarm.closed'>
> = {
  raised: 'alarm.raised',
  recurred: 'alarm.recurred',
  cleared: 'alarm.cleared',
  acknowledged: 'alarm.acknowledged',
  closed: 'alarm.closed',
};

const GROUPING_ERROR_CHARS = 300;

/** Gives raised alarms their incidents: alarm id → incident id. Must not throw for want of data. */
export type GroupIncidents = (tx: Tx, raised: readonly AlarmRow[], now: number) => Promise<ReadonlyMap<string, string>>;

export interface ChangePorts {
  readonly appendEvents: (tx: Tx, events: readonly NewEvent[], now: number) => Promise<void>;
  readonly group: GroupIncidents;
}

export class AlarmChanges {
  readonly #rows = new Map<string, AlarmRow>();
  readonly #new = new Set<string>();
  readonly #touched = new Set<string>();
  readonly #acts: NewAct[] = [];
  readonly #events: NewEvent[] = [];
  readonly #now: number;

  constructor(now: number) {
    this.#now = now;
  }

  /** Rows that were changed or made, as they are now. */
  get rows(): AlarmRow[] {
    return [...this.#touched].map((id) => this.#row(id));
  }

  get acts(): readonly NewAct[] {
    return this.#acts;
  }

  has(id: string): boolean {
    return this.#rows.has(id);
  }

  /** Takes a locked row in. */
  hold(row: AlarmRow): void {
    if (!this.#rows.has(row.id)) this.#rows.set(row.id, row);
  }

  row(id: string): AlarmRow {
    return this.#row(id);
  }

  /** A new episode. */
  begin(of: Raised, mode: Mode | null, actor: Actor, note?: string): AlarmRow {
    const row = newRow(randomUUID(), of, mode, this.#now);
    this.#rows.set(row.id, row);
    this.#new.add(row.id);
    this.#touched.add(row.id);
    this.#note(row, row.state === 'suppressed' ? ['raised', 'suppressed'] : ['raised'], actor, of.at, note);
    return row;
  }

  /**
   * One event on an episode.
   * @param more columns that change with it; they are written even where the state stays
   */
  step(
    id: string,
    event: AlarmEvent,
    by: { readonly actor: Actor; readonly at: number; readonly rules: StepRules; readonly note?: string },
    more: Partial<AlarmRow> = {},
  ): Result<AlarmRow> {
    const before = this.#row(id);
    const done = step(episodeOf(before), event, by.rules);
    if (!done.ok) return done;
    const { episode, acts } = done.value;
    const changed = acts.length > 0 || episode.mode !== before.mode || Object.keys(more).length > 0;
    if (!changed) return ok(before);
    const row: AlarmRow = {
      ...before,
      ...more,
      ...episodeColumns(episode),
      cleared_at: acts.includes('cleared') ? by.at : acts.includes('recurred') ? null : before.cleared_at,
      closed_at: acts.includes('closed') ? by.at : before.closed_at,
      acked: acts.includes('recurred') || acts.includes('returned') ? null : (more.acked ?? before.acked),
    };
    this.#set(row);
    this.#note(row, acts, by.actor, by.at, by.note);
    return ok(row);
  }

  /** The condition of an open alarm became known, unknown, true or false. */
  condition(id: string, condition: Truth): void {
    const row = this.#row(id);
    if (row.condition !== condition) this.#set({ ...row, condition });
  }

  /** Columns that people or other domains change without a step of the life cycle. */
  patch(id: string, columns: Partial<AlarmRow>): AlarmRow {
    const row = { ...this.#row(id), ...columns };
    this.#set(row);
    return row;
  }

  /** Counts as changed, so that screens get it again (something beside the row changed). */
  touch(id: string): void {
    this.#touched.add(id);
  }

  event(event: NewEvent): void {
    this.#events.push(event);
  }

  act(id: string, act: string, by: { readonly actor: Actor; readonly at: number; readonly note?: string }): void {
    const { state } = this.#row(id);
    this.#acts.push({ alarm: id, act, state, actor: by.actor, note: by.note, at: by.at });
  }

  /** Writes everything. Answers the rows as written, with their change numbers. */
  async write(tx: Tx, ports: ChangePorts): Promise<AlarmRow[]> {
    if (this.#touched.size > 0) {
      await this.#groupIncidents(tx, ports.group);
      await this.#number(tx);
      const rows = this.rows;
      await updateAlarms(
        tx,
        rows.filter((r) => !this.#new.has(r.id)),
      );
      await insertAlarms(
        tx,
        rows.filter((r) => this.#new.has(r.id)),
      );
      await notifyChanged(tx, new Set(rows.map((r) => r.community)));
    }
    await insertActs(tx, this.#acts);
    await ports.appendEvents(tx, this.#events, this.#now);
    return this.rows;
  }

  /** Grouping is a convenience: if it fails, the alarms stand without an incident, and the hub says so. */
  async #groupIncidents(tx: Tx, group: GroupIncidents): Promise<void> {
    if (this.#new.size === 0) return;
    const raised = [...this.#new].map((id) => this.#row(id));
    await tx.run('savepoint incidents');
    try {
      for (const [id, incident] of await group(tx, raised, this.#now))
        this.#rows.set(id, { ...this.#row(id), incident });
      await tx.run('release savepoint incidents');
    } catch (error) {
      await tx.run('rollback to savepoint incidents');
      const words = (error instanceof Error ? error.message : String(error)).slice(0, GROUPING_ERROR_CHARS);
      for (const community of new Set(raised.map((r) => r.community)))
        this.event({ type: 'incidents.failed', community, subject: 'incidents', payload: { error: words } });
    }
  }

  async #number(tx: Tx): Promise<void> {
    const counts = new Map<string, number>();
    for (const { community } of this.rows) counts.set(community, (counts.get(community) ?? 0) + 1);
    const next = await takeSeqs(tx, counts);
    for (const row of this.rows) {
      const seq = next.get(row.community) ?? 0;
      next.set(row.community, seq + 1);
      this.#rows.set(row.id, { ...row, seq });
    }
  }

  #row(id: string): AlarmRow {
    const row = this.#rows.get(id);
    if (!row) throw new Error(`alarm ${id} was not locked before it was changed`);
    return row;
  }

  #set(row: AlarmRow): void {
    this.#rows.set(row.id, row);
    this.#touched.add(row.id);
  }

  #note(row: AlarmRow, acts: readonly AlarmAct[], actor: Actor, at: number, note?: string): void {
    for (const act of acts) {
      this.#acts.push({ alarm: row.id, act, state: row.state, actor, note, at });
      // A suppressed alarm was told with its mode's mark; now that it counts, it is told as new.
      const type = act === 'returned' ? (row.raised_mode ? 'alarm.raised' : 'alarm.recurred') : EVENT_OF[act];
      if (type) this.#events.push({ type, community: row.community, subject: row.id, payload: factOf(row, at) });
    }
  }
}
