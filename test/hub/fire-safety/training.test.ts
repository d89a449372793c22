// Training and publicity on a real database and a supplied clock: the plan, who was there, results and retakes, who is due
// and who hears of it, and what each role may know.
import { beforeEach, describe, expect, test } from 'vitest';
import { monthsLater } from '../../../hub/clock.ts';
import {
  attendTraining,
  beginTrainingLooks,
  changeTraining,
  countHousehold,
  endTraining,
  enterPublicity,
  enterResult,
  planTraining,
  trainingLook,
  withdrawPublicity,
} from '../../../hub/fire-safety/api.ts';
import type { NewTraining, TrainingView } from '../../../hub/fire-safety/contract.ts';
import { TRAINING_RULE } from '../../../hub/fire-safety/norms.ts';
import { personDue, roundOf, trainingMonths } from '../../../hub/fire-safety/training-due.ts';
import { findTraining } from '../../../hub/fire-safety/training-store.ts';
import { trainingDue, trainingView } from '../../../hub/fire-safety/training-view.ts';
import { ok, type Result } from '../../../hub/errors.ts';
import type { CommandContext } from '../../../hub/events/api.ts';
import { importBuildings } from '../../../hub/property/api.ts';
import { addCertificate } from '../../../hub/staff/api.ts';
import { HOUR, makeSite, NOON, SYSTEM, type PersonName, type Site } from '../t2-site.ts';

const DAY = 24 * HOUR;
const RULE = TRAINING_RULE.value;

describe('who is due for training', () => {
  test.each([
    ['somebody new is due before they take up the post', { role: 'guard', since: NOON }, NOON + 3 * DAY],
    ['so many months after the last one that counts', { role: 'guard', since: 0, last: NOON }, monthsLater(NOON, 6)],
    ['by the role', { role: 'legal', since: 0, last: NOON }, monthsLater(NOON, 12)],
    ['never, where the rule names no such role', { role: 'owner', since: 0 }, undefined],
  ])('%s', (_what, person, due) => {
    expect(personDue(RULE, person)).toBe(due);
  });

  test('in a place of public assembly nobody waits longer than half a year', () => {
    expect(trainingMonths({ ...RULE, crowded: true }, 'legal')).toBe(6);
    expect(trainingMonths({ ...RULE, crowded: true, crowdedMonths: 9 }, 'guard')).toBe(6);
  });

  test.each([
    [-31 * DAY, undefined],
    [-30 * DAY, 0],
    [-1, 0],
    [0, 1],
    [7 * DAY - 1, 1],
    [7 * DAY, 2],
  ])('%d ms from its day it is told in round %s', (from, round) => {
    expect(roundOf(NOON, NOON + from, RULE)).toBe(round);
  });

  test('the 31st of a month without one is its last day', () => {
    expect(new Date(monthsLater(Date.UTC(2026, 7, 31), 6)).toISOString().slice(0, 10)).toBe('2027-02-28');
  });
});

describe('[F5] training at a site', () => {
  let site: Site;
  beforeEach(async () => {
    site = await makeSite();
    await site.command(SYSTEM, (c) =>
      importBuildings(c, 'c1', { buildings: [{ id: 'b1', name: { zh: '1号楼', en: 'Building 1' }, floors: [] }] }),
    );
  });
  const try_ = <T>(who: PersonName, work: (c: CommandContext) => Promise<Result<T>>): Promise<string> =>
    site.command(site.people[who], work).then(
      () => 'ok',
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
    );
  const COURSE: NewTraining = {
    topic: '灭火器与疏散',
    audience: 'staff',
    teacher: 'authority',
    trainer: '消防大队',
    place: '会议室',
    at: new Date(NOON).toISOString(),
    minutes: 60,
    passScore: 80,
  };
  const plan = async (more: Partial<NewTraining> = {}): Promise<string> =>
    (await site.command(site.people.supervisor, (c) => planTraining(c, { ...COURSE, ...more }))).id;
  const attend = (who: PersonName, id: string): Promise<string> => try_(who, (c) => attendTraining(c, id, undefined));
  const score = (id: string, who: PersonName, points: number, by: PersonName = 'supervisor'): Promise<string> =>
    try_(by, (c) => enterResult(c, id, { person: site.people[who].id, score: points }));
  const hold = (id: string, by: PersonName = 'supervisor'): Promise<string> =>
    try_(by, (c) => endTraining(c, id, 'hold', { summary: '讲解并实操' }));
  const view = (id: string, who: PersonName = 'supervisor'): Promise<TrainingView> =>
    site.database.db.read(async (tx) => {
      const found = await findTraining(tx, 'c1', id);
      if (!found) throw new Error(`no training ${id}`);
      return trainingView(tx, found, site.people[who], site.clock.now());
    });
  const due = (who: PersonName = 'supervisor') =>
    site.database.db.read((tx) => trainingDue(tx, RULE, site.people[who], site.clock.now()));
  const paged = async (message: string): Promise<string[]> => {
    const rows = await site.database.db.read((tx) =>
      tx.query<{ recipient: string }>('select recipient from notify.notification where message = $1', [message]),
    );
    const names = new Map(Object.entries(site.people).map(([name, p]) => [p.id, name]));
    return rows.map((r) => names.get(r.recipient) ?? r.recipient).toSorted();
  };

  test('people sign in, take the test, take it again, and are trained only once they passed', async () => {
    const id = await plan();
    expect(await attend('tina', id)).toBe('ok');
    expect(await attend('tina', id)).toBe('already-done');
    expect(await attend('contractor', id)).toBe('not-allowed');
    expect(await try_('otto', (c) => attendTraining(c, id, site.people.tina.id))).toBe('not-allowed');
    expect(await try_('supervisor', (c) => attendTraining(c, id, site.people.otto.id))).toBe('ok');
    expect(await score(id, 'inspector', 90)).toBe('not-found');
    expect(await score(id, 'tina', 60)).toBe('ok');
    expect(await hold(id, 'inspector')).toBe('not-allowed');
    expect(await hold(id)).toBe('ok');
    expect(await hold(id)).toBe('wrong-state');
    expect((await due()).people.some((p) => p.name === 'tina')).toBe(true);
    expect(await score(id, 'tina', 85)).toBe('ok');
    expect(await score(id, 'tina', 95)).toBe('already-done');
    expect((await due()).people.map((p) => p.name)).not.toContain('tina');
    const seen = await view(id);
    expect(seen).toMatchObject({ state: 'held', attended: 2, passed: 1 });
    expect(seen.trainees.map((t) => [t.name, t.how, t.results.map((r) => [r.attempt, r.score, r.passed])])).toEqual([
      [
        'tina',
        'self',
        [
          [1, 60, false],
          [2, 85, true],
        ],
      ],
      ['otto', 'hand', []],
    ]);
  });

  test('nobody enters their own result, and a certificate is linked only to whose it is', async () => {
    const id = await plan();
    for (const who of ['supervisor', 'tina'] as const) expect(await attend(who, id)).toBe('ok');
    expect(await score(id, 'supervisor', 100)).toBe('own-work');
    expect(await score(id, 'supervisor', 100, 'manager')).toBe('ok');
    const made = await site.command(SYSTEM, (c) =>
      addCertificate(
        c,
        { id: site.people.tina.id, community: 'c1' },
        { kind: 'electrician', no: 'E-1', expires: '2030-01-01' },
      ),
    );
    const of = (who: PersonName): Promise<string> =>
      try_('manager', (c) => enterResult(c, id, { person: site.people[who].id, score: 88, certificate: made.id }));
    await attend('otto', id);
    expect(await of('otto')).toBe('not-found');
    expect(await of('tina')).toBe('ok');
    const tina = (await view(id)).trainees.find((t) => t.name === 'tina');
    expect(tina?.results[0]?.certificate).toMatchObject({ kind: 'electrician', no: 'E-1' });
  });

  test('each sees as much as they may know', async () => {
    const id = await plan();
    for (const who of ['tina', 'otto'] as const) await attend(who, id);
    await score(id, 'tina', 85);
    await score(id, 'otto', 90);
    const results = async (who: PersonName): Promise<string[]> =>
      (await view(id, who)).trainees.filter((t) => t.results.length > 0).map((t) => t.name);
    expect(await results('inspector')).toEqual(['tina', 'otto']);
    expect(await results('tina')).toEqual(['tina']);
    expect(await view(id, 'committee')).toMatchObject({ attended: 2, passed: 2, trainees: [], rooms: [], may: [] });
    expect((await due('otto')).people.map((p) => p.name)).toEqual(['otto']);
    expect((await due('committee')).people).toEqual([]);
    expect((await due('committee')).all).toBeGreaterThan(3);
  });

  test('owners are counted by household, without a name, each household once', async () => {
    const id = await plan({ audience: 'owners', topic: '业主消防课' });
    const count = (who: PersonName, room: string, building = 'b1'): Promise<string> =>
      try_(who, (c) => countHousehold(c, id, { building, room, people: 2 }));
    expect(await count('supervisor', '0302')).toBe('ok');
    expect(await count('supervisor', '0302')).toBe('already-done');
    expect(await count('supervisor', '0301', 'b9')).toBe('not-found');
    expect(await count('tina', '0303')).toBe('not-allowed');
    expect(await attend('tina', id)).toBe('wrong-state');
    expect(await view(id)).toMatchObject({ households: 1, people: 2, rooms: [{ building: 'b1', room: '0302' }] });
    expect((await view(id, 'tina')).rooms).toEqual([]);
    const audited = await site.database.db.read((tx) =>
      tx.one<{ n: number }>(`select count(*)::integer as n from audit.content where content like '%0302%'`),
    );
    expect(audited.n).toBe(0);
  });

  test('is not signed in to before its time, and not changed under somebody who read an older version', async () => {
    const id = await plan({ at: new Date(NOON + 2 * HOUR).toISOString() });
    expect(await attend('tina', id)).toBe('wrong-state');
    expect(await hold(id)).toBe('wrong-state');
    const change = (version: number): Promise<string> =>
      try_('supervisor', (c) => changeTraining(c, id, { ...COURSE, place: '中控室', version }));
    expect(await change(1)).toBe('ok');
    expect(await change(1)).toBe('conflict');
    expect(await view(id)).toMatchObject({ place: '中控室', version: 2 });
    expect(await try_('supervisor', (c) => endTraining(c, id, 'cancel', { summary: '讲师有事' }))).toBe('ok');
    expect(await change(3)).toBe('wrong-state');
  });

  test('keeps what was held as it was', async () => {
    const id = await plan();
    await attend('tina', id);
    await score(id, 'tina', 90);
    await hold(id);
    const run = (sql: string): Promise<unknown> => site.database.db.transaction((tx) => tx.run(sql));
    await expect(run(`update fire_safety.training set topic = 'x'`)).rejects.toThrow(/kept as it is/);
    await expect(run('delete from fire_safety.training_result')).rejects.toThrow(/append-only/);
    await expect(run(`update fire_safety.trainee set name = 'x'`)).rejects.toThrow(/append-only/);
  });

  test('who is overdue hears it once a round, then the manager, then the committee', async () => {
    await site.command(SYSTEM, async (c) => {
      await beginTrainingLooks(c, ['c1']);
      return ok(null);
    });
    await site.pass(DAY);
    expect(await paged('notify.training-due')).toContain('tina');
    expect(await paged('notify.training-overdue')).toEqual([]);
    await site.pass(2 * DAY);
    const first = await paged('notify.training-overdue');
    expect(first.filter((who) => who === 'tina')).toEqual(['tina']);
    expect(first).not.toContain('committee');
    await site.pass(DAY);
    expect(await paged('notify.training-overdue')).toEqual(first);
    await site.pass(7 * DAY);
    const second = await paged('notify.training-overdue');
    expect(second.filter((who) => who === 'tina')).toEqual(['tina', 'tina']);
    expect(second).not.toContain('committee');
    for (const _week of [3, 4]) await site.pass(7 * DAY);
    expect(await paged('notify.training-overdue')).toContain('committee');
  });

  test('a plan tells whoever is to be trained; a look that waits is not put off by another start', async () => {
    await plan();
    await site.pass(1);
    expect(await paged('notify.training-planned')).toEqual(
      expect.arrayContaining(['inspector', 'manager', 'operator', 'operator2', 'otto', 'supervisor', 'tina']),
    );
    expect(await paged('notify.training-planned')).not.toContain('owner');
    const next = (): Promise<{ due: string }> =>
      site.database.db.read((tx) =>
        tx.one<{ due: string }>(`select due from timers.timer where kind = 'fire-safety.training'`),
      );
    const before = await next();
    site.clock.advance(HOUR);
    await site.command(SYSTEM, async (c) => {
      await beginTrainingLooks(c, ['c1']);
      return ok(null);
    });
    expect(await next()).toEqual(before);
    expect(trainingLook('c1', NOON)).toMatchObject({ basis: 'calendar', dueAt: NOON });
  });

  test('publicity is proved by a photo, and a mistaken entry is withdrawn with its reason, never deleted', async () => {
    const photos = [await site.photo('宣传栏')];
    const body = {
      kind: 'board',
      activity: '冬季用火安全',
      place: '各单元大堂',
      from: new Date(NOON - DAY).toISOString(),
      until: new Date(NOON + 30 * DAY).toISOString(),
      photos,
    } as const;
    const enter = (who: PersonName, more: object = {}): Promise<string> =>
      try_(who, (c) => enterPublicity(c, { ...body, ...more }));
    expect(await enter('tina')).toBe('not-allowed');
    expect(await enter('supervisor', { photos: ['0'.repeat(64)] })).toBe('not-found');
    expect(await enter('supervisor', { until: new Date(NOON - 2 * DAY).toISOString() })).toBe('out-of-range');
    expect(await enter('supervisor', { from: new Date(NOON + DAY).toISOString() })).toBe('out-of-range');
    expect((await due()).publicity).not.toHaveProperty('last');
    const one = await site.command(site.people.supervisor, (c) => enterPublicity(c, body));
    expect((await due()).publicity).toMatchObject({ overdue: false, last: body.from });
    const withdraw = (): Promise<string> => try_('manager', (c) => withdrawPublicity(c, one.id, '日期写错'));
    expect(await withdraw()).toBe('ok');
    expect(await withdraw()).toBe('already-done');
    expect((await due()).publicity).not.toHaveProperty('last');
    const run = (sql: string): Promise<unknown> => site.database.db.transaction((tx) => tx.run(sql));
    await expect(run(`update fire_safety.publicity set activity = 'x'`)).rejects.toThrow(/kept as it was/);
    await expect(run('delete from fire_safety.publicity')).rejects.toThrow(/kept as it was/);
  });
});
