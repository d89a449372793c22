// The SQL of plans and their versions.
import type { Tx } from '../db/tx.ts';
import type { PlanBody, VersionState } from './contract.ts';
import { PLAN_LIMITS } from './limits.ts';

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;

export interface Plan {
  readonly id: string;
  readonly community: string;
  readonly kind: string;
  readonly building: string | null;
}

interface VersionRow {
  readonly id: string;
  readonly plan: string;
  readonly community: string;
  readonly kind: string;
  readonly building: string | null;
  readonly number: number;
  readonly state: VersionState;
  readonly body: PlanBody;
  readonly written_at: Date;
  readonly written_by: string;
  readonly written_by_name: string;
  readonly approved_at: Date | null;
  readonly approved_by_name: string | null;
  readonly in_force_at: Date | null;
  readonly in_force_by_name: string | null;
  readonly ended_at: Date | null;
  readonly note: string;
}
export type Version = VersionRow;

const VERSION = `select v.id, v.plan, v.community, p.kind, p.building, v.number, v.state, v.body, v.written_at,
    v.written_by, v.written_by_name, v.approved_at, v.approved_by_name, v.in_force_at, v.in_force_by_name, v.ended_at,
    v.note
  from plans.version v join plans.plan p on p.id = v.plan`;

/** The plan of a kind and building, made where there is none; held until the end of the transaction. */
export async function ensurePlan(
  tx: Tx,
  of: { readonly community: string; readonly kind: string; readonly building: string | undefined },
  now: number,
): Promise<Plan> {
  await tx.run(
    `insert into plans.plan (community, kind, building, created_at) values ($1, $2, $3, ${at(4)})
     on conflict do nothing`,
    [of.community, of.kind, of.building ?? null, now],
  );
  return tx.one<Plan>(
    `select id, community, kind, building from plans.plan
     where community = $1 and kind = $2 and building is not distinct from $3 for update`,
    [of.community, of.kind, of.building ?? null],
  );
}

export const listPlans = (tx: Tx, community: string): Promise<Plan[]> =>
  tx.query<Plan>(
    `select id, community, kind, building from plans.plan where community = $1 order by kind, building nulls first
     limit $2`,
    [community, PLAN_LIMITS.plansMax],
  );

/** The versions that count now: in force, or being made. */
export const currentVersions = (tx: Tx, community: string): Promise<Version[]> =>
  tx.query<Version>(
    `${VERSION} where v.community = $1 and v.state in ('draft', 'approved', 'in-force') order by v.number`,
    [community],
  );

export const versionsOf = (tx: Tx, community: string, plan: string): Promise<Version[]> =>
  tx.query<Version>(`${VERSION} where v.community = $1 and v.plan = $2 order by v.number desc limit $3`, [
    community,
    plan,
    PLAN_LIMITS.versionsMax,
  ]);

export const findVersion = (tx: Tx, community: string, id: string): Promise<Version | undefined> =>
  tx.maybe<Version>(`${VERSION} where v.community = $1 and v.id = $2`, [community, id]);

/** Locked until the end of the transaction, with its plan. */
export const lockVersion = (tx: Tx, community: string, id: string): Promise<Version | undefined> =>
  tx.maybe<Version>(`${VERSION} where v.community = $1 and v.id = $2 for update`, [community, id]);

/** What is in force: the building's own plan before the community's. */
export const versionInForce = (
  tx: Tx,
  community: string,
  building: string | undefined,
  kind: string,
): Promise<Version | undefined> =>
  tx.maybe<Version>(
    `${VERSION} where v.community = $1 and p.kind = $2 and v.state = 'in-force'
       and (p.building is null or p.building = $3)
     order by p.building nulls last limit 1`,
    [community, kind, building ?? null],
  );

export async function insertVersion(
  tx: Tx,
  plan: Plan,
  v: { readonly body: PlanBody; readonly by: { readonly id: string; readonly name: string }; readonly now: number },
): Promise<string> {
  const { id } = await tx.one<{ id: string }>(
    `insert into plans.version (plan, community, number, state, body, written_at, written_by, written_by_name)
     select $1, $2, coalesce(max(number), 0) + 1, 'draft', $3, ${at(4)}, $5, $6 from plans.version where plan = $1
     returning id`,
    [plan.id, plan.community, JSON.stringify(v.body), v.now, v.by.id, v.by.name],
  );
  return id;
}

export async function saveDraft(
  tx: Tx,
  id: string,
  v: { readonly body: PlanBody; readonly by: { readonly id: string; readonly name: string }; readonly now: number },
): Promise<void> {
  await tx.run(
    `update plans.version set body = $2, written_at = ${at(3)}, written_by = $4, written_by_name = $5 where id = $1`,
    [id, JSON.stringify(v.body), v.now, v.by.id, v.by.name],
  );
}

export async function saveState(
  tx: Tx,
  id: string,
  to: VersionState,
  by: { readonly id: string; readonly name: string; readonly now: number; readonly note: string },
): Promise<void> {
  await tx.run(
    `update plans.version set state = $2, note = case when $6 = '' then note else $6 end,
       approved_at = case when $2 = 'approved' then ${at(3)} when $2 = 'draft' then null else approved_at end,
       approved_by = case when $2 = 'approved' then $4 when $2 = 'draft' then null else approved_by end,
       approved_by_name = case when $2 = 'approved' then $5 when $2 = 'draft' then null else approved_by_name end,
       in_force_at = case when $2 = 'in-force' then ${at(3)} else in_force_at end,
       in_force_by_name = case when $2 = 'in-force' then $5 else in_force_by_name end,
       ended_at = case when $2 in ('retired', 'dropped') then ${at(3)} else ended_at end
     where id = $1`,
    [id, to, by.now, by.id, by.name, by.note],
  );
}

/** The version that the next one takes the place of. */
export async function retireOthers(tx: Tx, plan: string, but: string, now: number): Promise<void> {
  await tx.run(
    `update plans.version set state = 'retired', ended_at = ${at(3)}
     where plan = $1 and id <> $2 and state = 'in-force'`,
    [plan, but, now],
  );
}

export const hasPending = async (tx: Tx, plan: string): Promise<boolean> =>
  (await tx.query(`select 1 from plans.version where plan = $1 and state in ('draft', 'approved')`, [plan])).length > 0;
