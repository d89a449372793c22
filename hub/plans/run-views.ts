// A plan that is run, as screens see it: each step with its turn, its time and who did it.
import type { Tx } from '../db/tx.ts';
import type { PlanStep, RunStep, RunView } from './contract.ts';
import { stepsOf, type Run, type StepRow } from './run-store.ts';
import { inOrder } from './versions.ts';

const by = (name: string | null, at: Date | null): { name: string; at: string } | undefined =>
  at === null ? undefined : { name: name ?? '', at: at.toISOString() };

function stepView(step: PlanStep, row: StepRow | undefined): RunStep {
  if (!row) return { ...step, state: 'waiting', note: '' };
  const [taken, finished] = [by(row.taken_by_name, row.taken_at), by(row.finished_by_name, row.finished_at)];
  const opened = row.opened_at?.getTime();
  const due = opened === undefined || step.limitSeconds === undefined ? undefined : opened + step.limitSeconds * 1_000;
  const took = opened === undefined || row.finished_at === null ? undefined : row.finished_at.getTime() - opened;
  return {
    ...step,
    state: row.state,
    ...(row.opened_at === null ? {} : { openedAt: row.opened_at.toISOString() }),
    ...(due === undefined ? {} : { dueAt: new Date(due).toISOString() }),
    ...(row.late_at === null ? {} : { lateAt: row.late_at.toISOString() }),
    ...(taken === undefined ? {} : { taken }),
    ...(finished === undefined ? {} : { finished }),
    ...(took === undefined ? {} : { seconds: Math.round(took / 1_000) }),
    note: row.note,
    ...(row.photo === null ? {} : { photo: row.photo }),
  };
}

export async function runViews(tx: Tx, runs: readonly Run[]): Promise<RunView[]> {
  const rows = await stepsOf(
    tx,
    runs.map((r) => r.id),
  );
  return runs.map((r) => {
    const ended = by(r.ended_by_name, r.ended_at);
    return {
      id: r.id,
      plan: r.plan,
      version: r.version,
      number: r.number,
      kind: r.kind,
      title: r.body.title,
      mode: r.mode,
      ...(r.building === null ? {} : { building: r.building }),
      ...(r.floor === null ? {} : { floor: r.floor }),
      place: r.place,
      ...(r.alarm === null ? {} : { alarm: r.alarm }),
      started: { name: r.started_by_name, at: r.started_at.toISOString() },
      ...(ended === undefined ? {} : { ended: { ...ended, note: r.note } }),
      phones: r.body.phones,
      documents: r.body.documents,
      steps: inOrder(r.body.steps).map((s) =>
        stepView(
          s,
          rows.find((row) => row.run === r.id && row.step === s.id),
        ),
      ),
    };
  });
}
