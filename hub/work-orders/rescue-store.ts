// The SQL of what a rescue has beside its order: calls, people inside, steps, the next call, exports.
import type { Tx } from '../db/tx.ts';
import type { CallBody, CallOutcome, CallParty, Condition, PeopleBody, RescueStep } from './contract.ts';

/** Who wrote a row down, and when (ms wall). */
export interface Hand {
  readonly at: number;
  readonly by: string;
  readonly byName: string;
}

export interface Call extends Hand {
  readonly id: string;
  readonly party: CallParty;
  readonly outcome: CallOutcome;
  readonly number?: string;
  readonly note?: string;
}
export interface People extends Hand {
  readonly id: string;
  readonly count?: number;
  readonly elderly?: number;
  readonly children?: number;
  readonly unwell?: boolean;
  readonly note?: string;
}
export interface DoneStep extends Hand {
  readonly step: RescueStep;
  readonly condition?: Condition;
  readonly note?: string;
  readonly round: number;
}
export interface Recall {
  readonly dueAt: number;
  readonly round: number;
  readonly breachedAt?: number;
  readonly unanswered: number;
}
export interface RescueExport extends Hand {
  readonly order: string;
  readonly sha256: string;
  readonly format: string;
  readonly entries: number;
}

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;

interface HandRow {
  readonly at: Date;
  readonly by: string;
  readonly by_name: string;
}
const hand = (r: HandRow): Hand => ({ at: r.at.getTime(), by: r.by, byName: r.by_name });
type Given<T> = { [K in keyof T]?: NonNullable<T[K]> };
/** The row's values without its nulls. */
function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Given<T>;
}

export async function addCall(tx: Tx, order: string, call: CallBody, by: Hand): Promise<void> {
  await tx.run(
    `insert into work_orders.rescue_call (work_order, party, outcome, number, note, at, by, by_name)
     values ($1, $2, $3, $4, $5, ${at(6)}, $7, $8)`,
    [order, call.party, call.outcome, call.number ?? null, call.note ?? null, by.at, by.by, by.byName],
  );
}

export async function addPeople(tx: Tx, order: string, people: PeopleBody, by: Hand): Promise<void> {
  await tx.run(
    `insert into work_orders.rescue_people (work_order, count, elderly, children, unwell, note, at, by, by_name)
     values ($1, $2, $3, $4, $5, $6, ${at(7)}, $8, $9)`,
    [
      order,
      people.count ?? null,
      people.elderly ?? null,
      people.children ?? null,
      people.unwell ?? null,
      people.note ?? null,
      by.at,
      by.by,
      by.byName,
    ],
  );
}

/** Which time round: a rescue begins anew when people are inside again. */
const ROUND = 'coalesce((select round from work_orders.rescue where work_order = $1), 0)';

/** False when the step was on record already. */
export async function addStep(
  tx: Tx,
  order: string,
  done: Omit<DoneStep, keyof Hand | 'round'>,
  by: Hand,
): Promise<boolean> {
  const rows = await tx.run(
    `insert into work_orders.rescue_step (work_order, step, condition, note, at, by, by_name, round)
     values ($1, $2, $3, $4, ${at(5)}, $6, $7, ${ROUND}) on conflict do nothing`,
    [order, done.step, done.condition ?? null, done.note ?? null, by.at, by.by, by.byName],
  );
  return rows === 1;
}

export async function recallOf(tx: Tx, order: string): Promise<Recall | undefined> {
  const row = await tx.maybe<{ due: Date; round: number; breached: Date | null; unanswered: number }>(
    `select recall_due_at as due, recall_round as round, recall_breached_at as breached, unanswered
     from work_orders.rescue where work_order = $1 and recall_due_at is not null`,
    [order],
  );
  return (
    row && {
      dueAt: row.due.getTime(),
      round: row.round,
      unanswered: row.unanswered,
      ...(row.breached ? { breachedAt: row.breached.getTime() } : {}),
    }
  );
}

export async function saveRecall(tx: Tx, order: string, recall: Recall): Promise<void> {
  await tx.run(
    `insert into work_orders.rescue (work_order, recall_due_at, recall_round, recall_breached_at, unanswered)
     values ($1, ${at(2)}, $3, ${at(4)}, $5)
     on conflict (work_order) do update set recall_due_at = excluded.recall_due_at,
       recall_round = excluded.recall_round, recall_breached_at = excluded.recall_breached_at,
       unanswered = excluded.unanswered`,
    [order, recall.dueAt, recall.round, recall.breachedAt ?? null, recall.unanswered],
  );
}

/** Moves the calls that are due with a jump of the wall clock, as the timer table does. */
export const shiftRecalls = (tx: Tx, jumpMs: number): Promise<number> =>
  tx.run(
    `update work_orders.rescue set recall_due_at = recall_due_at + $1 * interval '1 millisecond'
     where recall_breached_at is null`,
    [jumpMs],
  );

/** People are inside again: what was told so far stays on record, counts no more, and no call is due. */
export async function beginAnew(tx: Tx, order: string, now: number): Promise<void> {
  await tx.run(
    `insert into work_orders.rescue (work_order, round, began_at) values ($1, 1, ${at(2)})
     on conflict (work_order) do update set round = rescue.round + 1, began_at = excluded.began_at,
       recall_due_at = null, recall_round = rescue.recall_round + 1, recall_breached_at = null, unanswered = 0`,
    [order, now],
  );
}

export interface RescueRecord {
  /** When it began anew; absent: it did not, the order's opening counts. */
  readonly beganAt?: number;
  readonly round: number;
  readonly calls: readonly Call[];
  /** Oldest first: the last one is what is known. */
  readonly people: readonly People[];
  readonly steps: readonly DoneStep[];
  readonly recall?: Recall;
  readonly exports: readonly RescueExport[];
}

type CallRow = HandRow & {
  readonly id: string;
  readonly party: CallParty;
  readonly outcome: CallOutcome;
  readonly number: string | null;
  readonly note: string | null;
};
type PeopleRow = HandRow & {
  readonly id: string;
  readonly count: number | null;
  readonly elderly: number | null;
  readonly children: number | null;
  readonly unwell: boolean | null;
  readonly note: string | null;
};
type StepRow = HandRow & {
  readonly step: RescueStep;
  readonly condition: Condition | null;
  readonly note: string | null;
  readonly round: number;
};
type ExportRow = HandRow & { readonly sha256: string; readonly format: string; readonly entries: number };

/** Everything on record of a rescue beside its order, oldest first. */
export async function rescueRecord(tx: Tx, order: string): Promise<RescueRecord> {
  const calls = await tx.query<CallRow>(
    `select id, party, outcome, number, note, at, by, by_name from work_orders.rescue_call
     where work_order = $1 order by id`,
    [order],
  );
  const people = await tx.query<PeopleRow>(
    `select id, count, elderly, children, unwell, note, at, by, by_name from work_orders.rescue_people
     where work_order = $1 order by id`,
    [order],
  );
  const steps = await tx.query<StepRow>(
    `select step, condition, note, round, at, by, by_name from work_orders.rescue_step
     where work_order = $1 order by at, step`,
    [order],
  );
  const exports = await tx.query<ExportRow>(
    `select sha256, format, entries, at, by, by_name from work_orders.rescue_export where work_order = $1 order by at`,
    [order],
  );
  const recall = await recallOf(tx, order);
  const anew = await tx.maybe<{ round: number; began: Date | null }>(
    `select round, began_at as began from work_orders.rescue where work_order = $1`,
    [order],
  );
  return {
    round: anew?.round ?? 0,
    ...(anew?.began ? { beganAt: anew.began.getTime() } : {}),
    calls: calls.map(({ number, note, ...r }) => ({
      id: r.id,
      party: r.party,
      outcome: r.outcome,
      ...given({ number, note }),
      ...hand(r),
    })),
    people: people.map(({ id, count, elderly, children, unwell, note, ...r }) => ({
      id,
      ...given({ count, elderly, children, unwell, note }),
      ...hand(r),
    })),
    steps: steps.map(({ step, condition, note, round, ...r }) => ({
      step,
      round,
      ...given({ condition, note }),
      ...hand(r),
    })),
    exports: exports.map((r) => ({ order, sha256: r.sha256, format: r.format, entries: r.entries, ...hand(r) })),
    ...(recall === undefined ? {} : { recall }),
  };
}

/** False when this very export is on record already. */
export async function addExport(tx: Tx, made: RescueExport): Promise<boolean> {
  const rows = await tx.run(
    `insert into work_orders.rescue_export (work_order, sha256, format, entries, at, by, by_name)
     values ($1, $2, $3, $4, ${at(5)}, $6, $7) on conflict do nothing`,
    [made.order, made.sha256, made.format, made.entries, made.at, made.by, made.byName],
  );
  return rows === 1;
}
