// Trainings as screens see them, each as much as who asks may know; and who is due.
import type { Tx } from '../db/tx.ts';
import { certificatesOf } from '../staff/api.ts';
import type { TrainingDue, TrainingSummary, TrainingView } from './contract.ts';
import type { Asker } from './hazard-view.ts';
import { LEADS } from './machine.ts';
import type { TrainingRule } from './norms.ts';
import { DOOR, trainingActs } from './training-acts.ts';
import { roundOf } from './training-due.ts';
import { householdsOf, resultsOf, traineesOf, type Counted, type ResultRow } from './training-store.ts';
import { watchTraining, type Watched } from './training-watch.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

export const trainingSummary = (t: Counted): TrainingSummary => ({
  id: t.id,
  number: t.number,
  topic: t.topic,
  audience: t.audience,
  teacher: t.teacher,
  trainer: t.trainer,
  place: t.place,
  at: t.at.toISOString(),
  minutes: t.minutes,
  state: t.state,
  attended: t.attended,
  passed: t.passed,
  households: t.households,
  people: t.people,
  ...(t.pass_score === null ? {} : { passScore: t.pass_score }),
});

/** Who sees what others reached: whoever leads, and the inspector. */
const seesResults = (who: Asker): boolean =>
  LEADS.includes(who.role) || who.role === 'inspector' || who.role === 'authority';
const seesRooms = (who: Asker): boolean => LEADS.includes(who.role) || DOOR.includes(who.role);
/** Who was there is told to colleagues, not to the committee: that sees how many. */
const seesNames = (who: Asker): boolean => who.role !== 'committee';

async function certificateNames(
  tx: Tx,
  results: readonly ResultRow[],
): Promise<ReadonlyMap<string, { id: string; kind: string; no: string }>> {
  const people = [...new Set(results.filter((r) => r.certificate !== null).map((r) => r.person))];
  const found = new Map<string, { id: string; kind: string; no: string }>();
  for (const person of people)
    for (const { id, kind, no } of await certificatesOf(tx, person)) found.set(id, { id, kind, no });
  return found;
}

export async function trainingView(tx: Tx, t: Counted, who: Asker, now: number): Promise<TrainingView> {
  const trainees = await traineesOf(tx, t.id);
  const results = (await resultsOf(tx, t.id)).filter((r) => seesResults(who) || r.person === who.id);
  const certificates = await certificateNames(tx, results);
  const mine = trainees.some((e) => e.person === who.id);
  return {
    ...trainingSummary(t),
    version: t.version,
    content: t.content,
    planned: { by: t.planned_by_name, at: t.planned_at.toISOString() },
    ...(t.ended_at === null ? {} : { ended: { by: t.ended_by_name ?? '', at: t.ended_at.toISOString() } }),
    summary: t.summary,
    files: [...t.files],
    trainees: (seesNames(who) ? trainees : []).map((e) => ({
      person: e.person,
      name: e.name,
      role: e.role,
      how: e.how,
      at: e.at.toISOString(),
      results: results
        .filter((r) => r.person === e.person)
        .map((r) => {
          const certificate = r.certificate === null ? undefined : certificates.get(r.certificate);
          return {
            attempt: r.attempt,
            score: r.score,
            passed: r.passed,
            ...(certificate === undefined ? {} : { certificate }),
            note: r.note,
            at: r.at.toISOString(),
            by: r.by_name,
          };
        }),
    })),
    rooms: seesRooms(who) ? await householdsOf(tx, t.id) : [],
    mine,
    may: trainingActs(t, who, mine, now),
  };
}

export async function trainingDue(tx: Tx, rule: TrainingRule, who: Asker, now: number): Promise<TrainingDue> {
  const { people, owners, publicity } = await watchTraining(tx, who.community, rule);
  const waits = people.filter((p) => roundOf(p.dueAt, now, rule) !== undefined);
  const shown = waits.filter((p) => seesResults(who) || p.person === who.id).toSorted((a, b) => a.dueAt - b.dueAt);
  const due = ({ last, dueAt }: Watched['owners']): TrainingDue['owners'] => ({
    ...(last === undefined ? {} : { last: iso(last) }),
    ...(dueAt === undefined ? {} : { dueAt: iso(dueAt) }),
    overdue: dueAt !== undefined && dueAt <= now,
  });
  return {
    all: people.length,
    overdue: people.filter((p) => p.dueAt <= now).length,
    soon: waits.filter((p) => p.dueAt > now).length,
    people: shown.map((p) => ({
      person: p.person,
      name: p.name,
      role: p.role,
      ...(p.last === undefined ? {} : { last: iso(p.last) }),
      dueAt: iso(p.dueAt),
      overdue: p.dueAt <= now,
    })),
    owners: due(owners),
    publicity: due(publicity),
  };
}
