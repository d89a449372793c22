// The SQL of trainings: the plan, who was there, with what result.
import type { Tx } from '../db/tx.ts';
import type { AUDIENCES, NewHousehold, NewTraining, TEACHERS, TRAINING_STATES } from './contract.ts';
import { FIRE_SAFETY_LIMITS } from './norms.ts';

const at = (n: number): string => `to_timestamp($${n}::float8 / 1000)`;
type Person = { readonly id: string; readonly name: string };

/** Where a page goes on: after this row of the one before. */
export interface After {
  /** ms wall */
  readonly at: number;
  readonly n: string;
}

export interface Training {
  readonly id: string;
  readonly n: string;
  readonly community: string;
  readonly number: string;
  readonly topic: string;
  readonly audience: (typeof AUDIENCES)[number];
  readonly teacher: (typeof TEACHERS)[number];
  readonly trainer: string;
  readonly place: string;
  readonly at: Date;
  readonly minutes: number;
  readonly content: string;
  readonly pass_score: number | null;
  readonly state: (typeof TRAINING_STATES)[number];
  readonly version: number;
  readonly planned_at: Date;
  readonly planned_by_name: string;
  readonly ended_at: Date | null;
  readonly ended_by_name: string | null;
  readonly summary: string;
  readonly files: readonly string[];
}
export interface Counted extends Training {
  readonly attended: number;
  readonly passed: number;
  readonly households: number;
  readonly people: number;
}

/** Being there is enough where there is no test. */
const PASSED = `(t.pass_score is null or exists (select 1 from fire_safety.training_result r
  where r.training = t.id and r.person = e.person and r.passed))`;
const COUNTED = `select t.*,
  (select count(*) from fire_safety.trainee e where e.training = t.id)::integer as attended,
  (select count(*) from fire_safety.trainee e where e.training = t.id and ${PASSED})::integer as passed,
  (select count(*) from fire_safety.household h where h.training = t.id)::integer as households,
  (select coalesce(sum(h.people), 0) from fire_safety.household h where h.training = t.id)::integer as people
  from fire_safety.training t`;

export async function insertTraining(
  tx: Tx,
  t: NewTraining & { readonly community: string; readonly number: string; readonly by: Person; readonly now: number },
): Promise<string> {
  const { id } = await tx.one<{ id: string }>(
    `insert into fire_safety.training (community, number, topic, audience, teacher, trainer, place, at, minutes, content,
       pass_score, state, planned_at, planned_by, planned_by_name)
     values ($1, $2, $3, $4, $5, $6, $7, ${at(8)}, $9, $10, $11, 'planned', ${at(12)}, $13, $14) returning id`,
    [t.community, t.number, ...fieldsOf(t), t.now, t.by.id, t.by.name],
  );
  return id;
}

const fieldsOf = (t: NewTraining): unknown[] => [
  t.topic.trim(),
  t.audience,
  t.teacher,
  t.trainer.trim(),
  t.place.trim(),
  Date.parse(t.at),
  t.minutes,
  t.content?.trim() ?? '',
  t.passScore ?? null,
];

export const changeTrainingRow = (tx: Tx, id: string, t: NewTraining): Promise<number> =>
  tx.run(
    `update fire_safety.training set topic = $2, audience = $3, teacher = $4, trainer = $5, place = $6, at = ${at(7)},
       minutes = $8, content = $9, pass_score = $10, version = version + 1 where id = $1`,
    [id, ...fieldsOf(t)],
  );

export const endTrainingRow = (
  tx: Tx,
  id: string,
  e: {
    readonly state: 'held' | 'cancelled';
    readonly summary: string;
    readonly files: readonly string[];
    readonly by: Person;
    readonly now: number;
  },
): Promise<number> =>
  tx.run(
    `update fire_safety.training set state = $2, summary = $3, files = $4, ended_at = ${at(5)}, ended_by = $6,
       ended_by_name = $7, version = version + 1 where id = $1`,
    [id, e.state, e.summary, e.files, e.now, e.by.id, e.by.name],
  );

/** Locked until the transaction ends: who signs in and who ends it wait for each other. */
export const lockTraining = (tx: Tx, community: string, id: string): Promise<Training | undefined> =>
  tx.maybe<Training>('select * from fire_safety.training where id = $1 and community = $2 for update', [id, community]);

export const findTraining = (tx: Tx, community: string, id: string): Promise<Counted | undefined> =>
  tx.maybe<Counted>(`${COUNTED} where t.id = $1 and t.community = $2`, [id, community]);

export const listTrainings = (
  tx: Tx,
  f: {
    readonly community: string;
    readonly state: string | undefined;
    readonly audience: string | undefined;
    readonly from: number | undefined;
    readonly to: number | undefined;
    readonly after: After | undefined;
    readonly limit: number;
  },
): Promise<Counted[]> =>
  tx.query<Counted>(
    `${COUNTED} where t.community = $1 and ($2::text is null or t.state = $2) and ($3::text is null or t.audience = $3)
       and ($4::float8 is null or t.at >= ${at(4)}) and ($5::float8 is null or t.at < ${at(5)})
       and ($6::float8 is null or (t.at, t.n) < (${at(6)}, $7::bigint))
     order by t.at desc, t.n desc limit $8`,
    [
      f.community,
      f.state ?? null,
      f.audience ?? null,
      f.from ?? null,
      f.to ?? null,
      f.after?.at ?? null,
      f.after?.n ?? null,
      f.limit,
    ],
  );

export interface TraineeRow {
  readonly person: string;
  readonly name: string;
  readonly role: string;
  readonly how: 'self' | 'hand';
  readonly at: Date;
}

/** False when the person is in the list already. */
export async function insertTrainee(
  tx: Tx,
  e: Omit<TraineeRow, 'at'> & { readonly training: string; readonly by: Person; readonly now: number },
): Promise<boolean> {
  const count = await tx.run(
    `insert into fire_safety.trainee (training, person, name, role, how, at, by, by_name)
     values ($1, $2, $3, $4, $5, ${at(6)}, $7, $8) on conflict do nothing`,
    [e.training, e.person, e.name, e.role, e.how, e.now, e.by.id, e.by.name],
  );
  return count === 1;
}

export const traineesOf = (tx: Tx, training: string): Promise<TraineeRow[]> =>
  tx.query<TraineeRow>(
    'select person, name, role, how, at from fire_safety.trainee where training = $1 order by id limit $2',
    [training, FIRE_SAFETY_LIMITS.traineesMax],
  );

export const countTrainees = async (tx: Tx, training: string): Promise<number> =>
  (
    await tx.one<{ n: number }>('select count(*)::integer as n from fire_safety.trainee where training = $1', [
      training,
    ])
  ).n;

export interface ResultRow {
  readonly person: string;
  readonly attempt: number;
  readonly score: number;
  readonly passed: boolean;
  readonly certificate: string | null;
  readonly note: string;
  readonly at: Date;
  readonly by_name: string;
}

export const resultsOf = (tx: Tx, training: string): Promise<ResultRow[]> =>
  tx.query<ResultRow>(
    `select person, attempt, score, passed, certificate, note, at, by_name from fire_safety.training_result
     where training = $1 order by id`,
    [training],
  );

export const insertResult = (
  tx: Tx,
  r: Omit<ResultRow, 'at' | 'by_name'> & { readonly training: string; readonly by: Person; readonly now: number },
): Promise<number> =>
  tx.run(
    `insert into fire_safety.training_result (training, person, attempt, score, passed, certificate, note, at, by, by_name)
     values ($1, $2, $3, $4, $5, $6, $7, ${at(8)}, $9, $10)`,
    [r.training, r.person, r.attempt, r.score, r.passed, r.certificate, r.note, r.now, r.by.id, r.by.name],
  );

/** False when the household is in the list already. */
export async function insertHousehold(
  tx: Tx,
  h: NewHousehold & { readonly training: string; readonly by: Person; readonly now: number },
): Promise<boolean> {
  const count = await tx.run(
    `insert into fire_safety.household (training, building, room, people, at, by, by_name)
     values ($1, $2, $3, $4, ${at(5)}, $6, $7) on conflict do nothing`,
    [h.training, h.building, h.room, h.people, h.now, h.by.id, h.by.name],
  );
  return count === 1;
}

export const householdsOf = (
  tx: Tx,
  training: string,
): Promise<{ readonly building: string; readonly room: string; readonly people: number }[]> =>
  tx.query(
    'select building, room, people from fire_safety.household where training = $1 order by building, room limit $2',
    [training, FIRE_SAFETY_LIMITS.householdsMax],
  );

/** The last training that counts of each of these people. */
export async function lastTrained(tx: Tx, people: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await tx.query<{ person: string; last: Date }>(
    `select e.person, max(t.at) as last from fire_safety.trainee e join fire_safety.training t on t.id = e.training
     where e.person = any ($1::text[]) and t.state = 'held' and t.audience = 'staff' and ${PASSED} group by e.person`,
    [people],
  );
  return new Map(rows.map((r) => [r.person, r.last.getTime()]));
}

/** When owners were last trained, and until when publicity was last shown. */
export async function lastShown(
  tx: Tx,
  community: string,
): Promise<{ readonly owners: Date | null; readonly publicity: Date | null }> {
  return tx.one(
    `select
       (select max(at) from fire_safety.training where community = $1 and audience = 'owners' and state = 'held') as owners,
       (select max(from_at) from fire_safety.publicity where community = $1 and withdrawn_at is null) as publicity`,
    [community],
  );
}
