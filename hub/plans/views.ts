// Plans and versions as screens and other domains see them.
import type { PlanInForce, PlanView, VersionView } from './contract.ts';
import type { Plan, Version } from './store.ts';
import { inOrder } from './versions.ts';

const by = (name: string | null, at: Date | null): { name: string; at: string } | undefined =>
  at === null ? undefined : { name: name ?? '', at: at.toISOString() };

export function versionView(v: Version): VersionView {
  const approved = by(v.approved_by_name, v.approved_at);
  const inForce = by(v.in_force_by_name, v.in_force_at);
  return {
    id: v.id,
    plan: v.plan,
    number: v.number,
    state: v.state,
    kind: v.kind,
    ...(v.building === null ? {} : { building: v.building }),
    body: { ...v.body, steps: inOrder(v.body.steps) },
    written: { by: v.written_by, name: v.written_by_name, at: v.written_at.toISOString() },
    ...(approved === undefined ? {} : { approved }),
    ...(inForce === undefined ? {} : { inForce }),
    ...(v.ended_at === null ? {} : { endedAt: v.ended_at.toISOString() }),
    note: v.note,
  };
}

export const planInForceView = (v: Version): PlanInForce => ({
  plan: v.plan,
  version: v.id,
  number: v.number,
  kind: v.kind,
  ...(v.building === null ? {} : { building: v.building }),
  since: (v.in_force_at ?? v.written_at).toISOString(),
  title: v.body.title,
  steps: inOrder(v.body.steps),
  phones: v.body.phones,
  documents: v.body.documents,
});

export function planView(plan: Plan, versions: readonly Version[], lastDrillAt?: Date): PlanView {
  const own = versions.filter((v) => v.plan === plan.id);
  const inForce = own.find((v) => v.state === 'in-force');
  const pending = own.find((v) => v.state === 'draft' || v.state === 'approved');
  return {
    id: plan.id,
    kind: plan.kind,
    ...(plan.building === null ? {} : { building: plan.building }),
    ...(inForce === undefined ? {} : { inForce: versionView(inForce) }),
    ...(pending === undefined ? {} : { pending: versionView(pending) }),
    ...(lastDrillAt === undefined ? {} : { lastDrillAt: lastDrillAt.toISOString() }),
  };
}
