// The SQL of plans that are run.
import type { Tx } from '../db/tx.ts';
import type { PlanBody } from './contract.ts';
import { PLAN_LIMITS } from './limits.ts';
import type { StepState } from './steps.ts';

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;

export interface Run {
  readonly id: string;
  readonly community: string;
  readonly plan: string;
  readonly version: string;
  readonly number: number;
  readonly kind: string;
  readonly body: PlanBody;
  readonly mode: 'real' | 'drill';
  readonly building: string | null;
  readonly floor: number | null;
  readonly place: string;
  readonly alarm: string | null;
  readonly started_at: Date;
  readonly started_by: string;
  readonly started_by_name: string;
  readonly ended_at: Date | null;
  readonly ended_by_name: string | null;
  readonly note: string;
}
const RUN = `select r.id, r.community, r.plan, r.version, v.number, p.kind, v.body, r.mode, r.building, r.floor, r.place,
    r.alarm, r.started_at, r.started_by, r.started_by_name, r.ended_at, r.ended_by_name, r.note
  from plans.run r join plans.version v on v.id = r.version join plans.plan p on p.id = r.plan`;

export interface StepRow {
  readonly run: string;
  readonly step: string;
  readonly state: StepState;
  readonly opened_at: Date | null;
  readonly late_at: Date | null;
  readonly taken_at: Date | null;
  readonly taken_by_name: string | null;
  readonly finished_at: Date | null;
  readonly finished_by_name: string | null;
  readonly note: string;
  readonly photo: string | null;
}

export async function insertRun(
  tx: Tx,
  r: Pick<Run, 'community' | 'plan' | 'version' | 'mode' | 'building' | 'floor' | 'place' | 'alarm'> & {
    readonly by: { readonly id: string; readonly name: string };
    readonly now: number;
    readonly steps: readonly string[];
  },
): Promise<string | undefined> {
  const row = await tx.maybe<{ id: string }>(
    `insert into plans.run (community, plan, version, mode, building, floor, place, alarm, started_at, started_by,
       started_by_name)
     values ($1, $2, $3, $4, $5, $6, $7, $8, ${at(9)}, $10, $11) on conflict do nothing returning id`,
    [r.community, r.plan, r.version, r.mode, r.building, r.floor, r.place, r.alarm, r.now, r.by.id, r.by.name],
  );
  if (!row) return undefined;
  await tx.run(
    `insert into plans.run_step (run, step, place, state)
     select $1, u.step, u.place, 'waiting' from unnest($2::text[]) with ordinality as u (step, place)`,
    [row.id, r.steps],
  );
  return row.id;
}

export const findRun = (tx: Tx, community: string, id: string): Promise<Run | undefined> =>
  tx.maybe<Run>(`${RUN} where r.community = $1 and r.id = $2`, [community, id]);

/** Locked until the end of the transaction. */
export const lockRun = (tx: Tx, community: string, id: string): Promise<Run | undefined> =>
  tx.maybe<Run>(`${RUN} where r.community = $1 and r.id = $2 for update of r`, [community, id]);

export const openRunsOf = (tx: Tx, community: string): Promise<Run[]> =>
  tx.query<Run>(`${RUN} where r.community = $1 and r.ended_at is null order by r.started_at limit $2`, [
    community,
    PLAN_LIMITS.listMax,
  ]);

export const listRuns = (tx: Tx, community: string): Promise<Run[]> =>
  tx.query<Run>(`${RUN} where r.community = $1 order by (r.ended_at is null) desc, r.started_at desc limit $2`, [
    community,
    PLAN_LIMITS.listMax,
  ]);

export const stepsOf = (tx: Tx, runs: readonly string[]): Promise<StepRow[]> =>
  tx.query<StepRow>(
    `select run, step, state, opened_at, late_at, taken_at, taken_by_name, finished_at, finished_by_name, note, photo
     from plans.run_step where run = any ($1::text[]) order by run, place`,
    [runs],
  );

export const openSteps = (tx: Tx, run: string, steps: readonly string[], now: number): Promise<number> =>
  tx.run(
    `update plans.run_step set state = 'open', opened_at = ${at(3)}
     where run = $1 and step = any ($2::text[]) and state = 'waiting'`,
    [run, steps, now],
  );

export async function saveStep(
  tx: Tx,
  of: { readonly run: string; readonly step: string },
  to: StepState,
  by: {
    readonly id: string;
    readonly name: string;
    readonly now: number;
    readonly note: string;
    readonly photo: string | undefined;
  },
): Promise<void> {
  await tx.run(
    `update plans.run_step set state = $3, opened_at = coalesce(opened_at, ${at(4)}),
       taken_at = case when $3 = 'taken' then ${at(4)} else taken_at end,
       taken_by_name = case when $3 = 'taken' then $6 else taken_by_name end,
       finished_at = case when $3 in ('done', 'skipped') then ${at(4)} end,
       finished_by = case when $3 in ('done', 'skipped') then $5 end,
       finished_by_name = case when $3 in ('done', 'skipped') then $6 end,
       note = case when $7 = '' then note else $7 end, photo = coalesce($8, photo)
     where run = $1 and step = $2`,
    [of.run, of.step, to, by.now, by.id, by.name, by.note, by.photo ?? null],
  );
}

export const saveLate = (tx: Tx, run: string, step: string, now: number): Promise<number> =>
  tx.run(`update plans.run_step set late_at = coalesce(late_at, ${at(3)}) where run = $1 and step = $2`, [
    run,
    step,
    now,
  ]);

export const endRunRow = (tx: Tx, id: string, by: string, note: string, now: number): Promise<number> =>
  tx.run(`update plans.run set ended_at = ${at(4)}, ended_by_name = $2, note = $3 where id = $1`, [id, by, note, now]);
