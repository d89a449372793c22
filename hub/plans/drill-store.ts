// The SQL of drills: who was there, what was found.
import type { Tx } from '../db/tx.ts';
import type { DrillView } from './contract.ts';
import { PLAN_LIMITS } from './limits.ts';
import type { DrillState } from './steps.ts';

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;

export interface Drill {
  readonly id: string;
  readonly community: string;
  readonly plan: string;
  readonly kind: string;
  readonly title: string;
  readonly building: string | null;
  readonly state: DrillState;
  readonly due_at: Date;
  readonly minutes: number;
  readonly goal: string;
  readonly planned_at: Date;
  readonly planned_by_name: string;
  readonly announced_at: Date | null;
  readonly announced_by_name: string | null;
  readonly run: string | null;
  readonly mode: string | null;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly ended_by_name: string | null;
  readonly report: string;
}
const DRILL = `select d.id, d.community, d.plan, p.kind,
    coalesce((select v.body->>'title' from plans.version v where v.plan = d.plan
      order by (v.state = 'in-force') desc, v.number desc limit 1), p.kind) as title,
    d.building, d.state, d.due_at, d.minutes, d.goal, d.planned_at, d.planned_by_name, d.announced_at,
    d.announced_by_name, d.run, d.mode, d.started_at, d.ended_at, d.ended_by_name, d.report
  from plans.drill d join plans.plan p on p.id = d.plan`;

export const findDrill = (tx: Tx, community: string, id: string): Promise<Drill | undefined> =>
  tx.maybe<Drill>(`${DRILL} where d.community = $1 and d.id = $2`, [community, id]);
/** Locked until the end of the transaction. */
export const lockDrill = (tx: Tx, community: string, id: string): Promise<Drill | undefined> =>
  tx.maybe<Drill>(`${DRILL} where d.community = $1 and d.id = $2 for update of d`, [community, id]);
export const listDrills = (tx: Tx, community: string): Promise<Drill[]> =>
  tx.query<Drill>(
    `${DRILL} where d.community = $1
     order by (d.state in ('planned', 'announced', 'running')) desc, d.due_at desc limit $2`,
    [community, PLAN_LIMITS.listMax],
  );

export async function insertDrill(
  tx: Tx,
  d: Pick<Drill, 'community' | 'plan' | 'building' | 'minutes' | 'goal'> & {
    readonly at: number;
    readonly by: string;
    readonly now: number;
  },
): Promise<string> {
  const { id } = await tx.one<{ id: string }>(
    `insert into plans.drill (community, plan, building, state, due_at, minutes, goal, planned_at, planned_by_name)
     values ($1, $2, $3, 'planned', ${at(4)}, $5, $6, ${at(7)}, $8) returning id`,
    [d.community, d.plan, d.building, d.at, d.minutes, d.goal, d.now, d.by],
  );
  return id;
}

export async function saveDrill(tx: Tx, d: Drill): Promise<void> {
  await tx.run(
    `update plans.drill set state = $2, announced_at = $3, announced_by_name = $4, run = $5, mode = $6, started_at = $7,
       ended_at = $8, ended_by_name = $9, report = $10 where id = $1`,
    [
      d.id,
      d.state,
      d.announced_at,
      d.announced_by_name,
      d.run,
      d.mode,
      d.started_at,
      d.ended_at,
      d.ended_by_name,
      d.report,
    ],
  );
}

/** False when the person has signed in already. */
export async function insertAttendance(
  tx: Tx,
  a: {
    readonly drill: string;
    readonly person: string | undefined;
    readonly name: string;
    readonly party: string;
    readonly by: string;
    readonly now: number;
  },
): Promise<boolean> {
  const count = await tx.run(
    `insert into plans.attendance (drill, person, name, party, how, at, by_name)
     values ($1, $2, $3, $4, $5, ${at(6)}, $7) on conflict do nothing`,
    [a.drill, a.person ?? null, a.name, a.party, a.person === undefined ? 'hand' : 'phone', a.now, a.by],
  );
  return count === 1;
}

type Row<T extends { readonly at: string }> = Omit<T, 'at'> & { readonly drill: string; readonly at: Date };
export const attendanceOf = (tx: Tx, drills: readonly string[]): Promise<Row<DrillView['attendance'][number]>[]> =>
  tx.query(
    `select drill, name, party, how, at, by_name as by from plans.attendance where drill = any ($1::text[])
     order by id limit $2`,
    [drills, PLAN_LIMITS.attendanceMax],
  );

export interface FindingRow {
  readonly drill: string;
  readonly id: string;
  readonly text: string;
  readonly step: string | null;
  readonly place: string;
  readonly at: Date;
  readonly name: string;
  readonly work_order: string | null;
  readonly hazard: string | null;
  readonly hazard_number: string | null;
}
export const findingsOf = (tx: Tx, drills: readonly string[]): Promise<FindingRow[]> =>
  tx.query<FindingRow>(
    `select drill, id::text, text, step, place, at, by_name as name, work_order, hazard, hazard_number
     from plans.finding
     where drill = any ($1::text[]) order by id limit $2`,
    [drills, PLAN_LIMITS.findingsMax * Math.max(1, drills.length)],
  );
export async function insertFinding(
  tx: Tx,
  f: {
    readonly drill: string;
    readonly text: string;
    readonly step: string | undefined;
    readonly place: string;
    readonly by: string;
    readonly now: number;
  },
): Promise<string> {
  const { id } = await tx.one<{ id: string }>(
    `insert into plans.finding (drill, text, step, place, at, by_name) values ($1, $2, $3, $4, ${at(5)}, $6)
     returning id::text`,
    [f.drill, f.text, f.step ?? null, f.place, f.now, f.by],
  );
  return id;
}
export const saveFindingOrder = (tx: Tx, id: string, order: string): Promise<number> =>
  tx.run(`update plans.finding set work_order = $2 where id = $1::bigint`, [id, order]);

export const saveFindingHazard = (
  tx: Tx,
  id: string,
  { id: hazard, number }: { readonly id: string; readonly number: string },
): Promise<number> =>
  tx.run(`update plans.finding set hazard = $2, hazard_number = $3 where id = $1::bigint`, [id, hazard, number]);

export interface PlanToExercise {
  readonly plan: string;
  readonly kind: string;
  readonly title: string;
  readonly building: string | null;
  readonly in_force_at: Date;
  readonly last: Date | null;
}
/** Plans in force, each with its last drill that was finished. The first version's date counts where there was none. */
export const plansToExercise = (tx: Tx, community: string): Promise<PlanToExercise[]> =>
  tx.query<PlanToExercise>(
    `select p.id as plan, p.kind, v.body->>'title' as title, p.building,
       (select min(f.in_force_at) from plans.version f where f.plan = p.id) as in_force_at,
       (select max(d.ended_at) from plans.drill d where d.plan = p.id and d.state = 'done') as last
     from plans.plan p join plans.version v on v.plan = p.id and v.state = 'in-force'
     where p.community = $1 order by p.kind, p.building nulls first limit $2`,
    [community, PLAN_LIMITS.plansMax],
  );
