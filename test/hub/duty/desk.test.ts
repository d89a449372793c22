// What the desk does on a real database and a supplied clock: taking over, entries, roll calls, hand-over, certificates.
import { beforeEach, describe, expect, test } from 'vitest';
import { takeOver, relieve } from '../../../hub/duty/attendance.ts';
import {
  answerCall,
  askRollCall,
  currentDuty,
  DUTY_RULES,
  handoverList,
  planShift,
  prepareHandover,
  qualified,
  signHandover,
  writeEntry,
} from '../../../hub/duty/api.ts';
import type { DutyForm } from '../../../hub/duty/form.ts';
import { WATCH_RULE } from '../../../hub/duty/norms.ts';
import { listRecords } from '../../../hub/duty/record-store.ts';
import { ok, type Result } from '../../../hub/errors.ts';
import type { CommandContext } from '../../../hub/events/api.ts';
import { setRule } from '../../../hub/rules/routes.ts';
import { ensureDemoDuty } from '../../../hub/demo/duty.ts';
import { writeDutyHistory } from '../../../hub/demo/duty-history.ts';
import { addCertificate, addPerson, findByUsername } from '../../../hub/staff/api.ts';
import { HOUR, makeSite, MINUTE, NOON, SYSTEM, type PersonName, type Site } from '../t2-site.ts';
import { quietForm } from './form.ts';

const DAY = 24 * HOUR;
let site: Site;
beforeEach(async () => {
  site = await makeSite({ duty: false });
});

const try_ = async <T>(who: PersonName, work: (c: CommandContext) => Promise<Result<T>>): Promise<string> =>
  site.command(site.people[who], work).then(
    () => 'ok',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  );
const roster = async (who: readonly PersonName[], from: number, to: number): Promise<string> => {
  const people = who.map((p) => site.people[p].id);
  const shift = await site.command(SYSTEM, (c) =>
    planShift(c, { community: 'c1', kind: 'control-room', from, to, people }),
  );
  return shift.id;
};
const certify = (who: PersonName, expires: string): Promise<{ id: string }> =>
  site.command(SYSTEM, (c) =>
    addCertificate(
      c,
      { id: site.people[who].id, community: 'c1' },
      { kind: 'fire-control-operator', no: `${who}-${expires}`, expires },
    ),
  );
const isQualified = (who: PersonName): Promise<boolean> =>
  site.database.db.transaction((tx) => qualified(tx, site.people[who], site.clock.now()));
const kinds = async (): Promise<string[]> => {
  const filter = { community: 'c1', from: undefined, to: undefined, person: undefined, shift: undefined };
  const page = await site.database.db.read((tx) => listRecords(tx, { ...filter, kinds: undefined }, undefined, 200));
  return (page?.items ?? []).map((r) => r.kind).toReversed();
};
const pages = async (message: string): Promise<string[]> => {
  const rows = await site.database.db.transaction((tx) =>
    tx.query<{ recipient: string }>(`select recipient from notify.notification where message = $1`, [message]),
  );
  const names = new Map(Object.entries(site.people).map(([name, p]) => [p.id, name]));
  return rows.map((r) => names.get(r.recipient) ?? r.recipient).toSorted();
};
const now = (who: PersonName = 'operator') =>
  site.database.db.read((tx) => currentDuty(tx, site.people[who], site.clock.now()));
const here = async (): Promise<string[]> => (await now()).present.map((p) => p.name).toSorted();
const entry = (who: PersonName, more: Partial<DutyForm> = {}, corrects?: string): Promise<string> =>
  try_(who, (c) =>
    writeEntry(c, { form: { ...quietForm(), ...more }, ...(corrects === undefined ? {} : { corrects }) }),
  );
const list = () =>
  site.database.db.read((tx) =>
    handoverList(tx, { unfinishedOrders: async () => [], linkage: async () => [] }, 'c1', site.clock.now()),
  );

test('[F1] two plans at once do not put a person on two shifts', async () => {
  const plan = (): Promise<string> =>
    roster(['operator'], NOON + HOUR, NOON + 9 * HOUR).then(
      () => 'ok',
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
    );
  expect((await Promise.all([plan(), plan()])).toSorted()).toEqual(['conflict', 'ok']);
});

describe('[F1] taking over', () => {
  test('is refused to whoever is not rostered or certified at that moment, each with its reason', async () => {
    await certify('inspector', '2026-11-23');
    await roster(['operator', 'inspector'], NOON, NOON + 8 * HOUR);
    expect(await try_('operator2', takeOver)).toBe('not-rostered');
    expect(await try_('tina', takeOver)).toBe('no-certificate');
    expect(await try_('inspector', takeOver)).toBe('ok');
    expect(await try_('inspector', takeOver)).toBe('already-done');
    expect(await now()).toMatchObject({
      present: [{ name: 'inspector', certified: true, over: false }],
      me: { onDuty: false, takeOver: 'ok' },
    });
  });

  test('is refused from the moment a certificate has run out, in the middle of a shift', async () => {
    await certify('inspector', '2026-11-23');
    const midnight = Date.UTC(2026, 10, 23, 16);
    await roster(['inspector'], midnight - HOUR, midnight + HOUR);
    await site.pass(midnight - NOON);
    expect(await try_('inspector', takeOver)).toBe('no-certificate');
  });

  test('of nobody is told: a FAULT of the hub, the supervisor and the manager', async () => {
    await roster(['operator', 'operator2'], NOON + HOUR, NOON + 9 * HOUR);
    await site.pass(HOUR + 15 * MINUTE - 1);
    expect(site.world.faults).toEqual([]);
    await site.pass(1);
    expect(site.world.faults).toMatchObject([{ signal: 'duty', text: { zh: '消防控制室无人值班' } }]);
    expect(await pages('notify.unstaffed-empty')).toEqual(['manager', 'supervisor']);
  });

  test('by too few is told without an alarm', async () => {
    await roster(['operator', 'operator2'], NOON + HOUR, NOON + 9 * HOUR);
    await site.pass(HOUR);
    expect(await try_('operator', takeOver)).toBe('ok');
    await site.pass(15 * MINUTE);
    expect(site.world.faults).toEqual([]);
    expect(await pages('notify.unstaffed')).toEqual(['manager', 'supervisor']);
  });

  test('ends by a supervisor who says why; the room that is empty then is told', async () => {
    await roster(['operator'], NOON, NOON + 8 * HOUR);
    await try_('operator', takeOver);
    const id = (await now()).present[0]?.attendance ?? '';
    expect(await try_('supervisor', (c) => relieve(c, 'c1', id, '突发疾病'))).toBe('ok');
    await site.pass(0);
    expect(site.world.faults).toMatchObject([{ signal: 'duty' }]);
    expect(await isQualified('operator')).toBe(false);
    expect(await kinds()).toEqual(['taken-over', 'relieved', 'unstaffed']);
  });

  test('is open again to whoever was relieved by mistake, and to nobody who has handed over', async () => {
    const value = { ...WATCH_RULE.value, restHoursMin: 8 };
    await site.command(site.people.manager, (c) =>
      setRule(c, DUTY_RULES, WATCH_RULE.id, { value, reason: 'a night between two shifts' }),
    );
    await roster(['operator'], NOON, NOON + 8 * HOUR);
    await try_('operator', takeOver);
    const id = (await now()).present[0]?.attendance ?? '';
    await try_('supervisor', (c) => relieve(c, 'c1', id, '误操作'));
    expect(await try_('operator', takeOver)).toBe('ok');
    expect(await isQualified('operator')).toBe(true);
    expect(await here()).toEqual(['operator']);
  });
});

test('[F1] more than eight hours, and an end of shift without relief, are told; the shift goes on', async () => {
  await roster(['operator'], NOON, NOON + 4 * HOUR);
  await try_('operator', takeOver);
  await site.pass(4 * HOUR + 15 * MINUTE);
  expect(await kinds()).toContain('not-relieved');
  // Nobody came: whoever stays keeps the right to acknowledge.
  expect(await isQualified('operator')).toBe(true);
  expect(await kinds()).not.toContain('over-hours');
  await site.pass(3 * HOUR + 45 * MINUTE);
  expect(await kinds()).toContain('over-hours');
  expect(await pages('notify.duty-overtime')).toEqual(['operator', 'operator', 'supervisor', 'supervisor']);
  expect((await now()).present).toMatchObject([{ over: true }]);
});

describe('[F1] the entry every two hours', () => {
  beforeEach(async () => {
    await roster(['operator', 'operator2'], NOON, NOON + 8 * HOUR);
    await try_('operator', takeOver);
  });

  test('is due two hours after taking over and after each entry; a missing one is told and kept', async () => {
    expect((await now()).entryDue).toBe(new Date(NOON + 2 * HOUR).toISOString());
    await site.pass(HOUR);
    expect(await entry('operator')).toBe('ok');
    expect((await now()).entryDue).toBe(new Date(NOON + 3 * HOUR).toISOString());
    await site.pass(2 * HOUR - 1);
    expect(await kinds()).toEqual(['taken-over', 'entry']);
    await site.pass(1);
    expect(await kinds()).toEqual(['taken-over', 'entry', 'entry-missed']);
    expect(await pages('notify.entry-missed')).toEqual(['operator', 'supervisor']);
    expect(await now()).toMatchObject({ entriesMissed: 1, entryDue: new Date(NOON + 5 * HOUR).toISOString() });
  });

  test('is signed only by someone on duty, with a note on whatever is not as it should be', async () => {
    expect(await entry('operator2')).toBe('not-on-duty');
    expect(await entry('operator', { panel: 'fault' })).toBe('note-required');
    expect(await entry('operator', { panel: 'fault', note: '主机故障，已报维保' })).toBe('ok');
  });

  test('is never edited: a following one corrects it once, and the database refuses the rest', async () => {
    await entry('operator', { counts: { ...quietForm().counts, supervisory: 2 } });
    const { lastEntry, entryDue } = await now();
    const id = lastEntry?.id ?? '';
    await site.pass(MINUTE);
    expect(await entry('operator', { counts: { ...quietForm().counts, supervisory: 2 } }, id)).toBe('bad-request');
    expect(await entry('operator', {}, id)).toBe('ok');
    expect(await entry('operator', { note: '再改' }, id)).toBe('conflict');
    expect((await now()).entryDue).toBe(entryDue);
    const spoil = (sql: string): Promise<unknown> => site.database.db.transaction((tx) => tx.run(sql));
    await expect(spoil(`update duty.record set body = '{}'`)).rejects.toThrow('append-only');
    await expect(spoil(`delete from duty.record`)).rejects.toThrow('append-only');
  });
});

describe('查岗', () => {
  const ask = (): Promise<string> => try_('supervisor', (c) => askRollCall(c, 'c1', 'supervisor'));
  const callId = async (): Promise<string> => (await now()).rollCall?.id ?? '';
  beforeEach(async () => {
    await roster(['operator', 'operator2'], NOON, NOON + 8 * HOUR);
    await try_('operator', takeOver);
  });

  test('[F1] is answered in time by someone on duty, under their own account', async () => {
    expect(await ask()).toBe('ok');
    expect(await ask()).toBe('already-done');
    const id = await callId();
    await site.pass(179_999);
    expect(await pages('notify.roll-call')).toEqual(['operator']);
    expect(await try_('supervisor', (c) => answerCall(c, id))).toBe('not-on-duty');
    expect(await try_('operator', (c) => answerCall(c, id))).toBe('ok');
    await site.pass(HOUR);
    expect(await kinds()).toEqual(['taken-over', 'roll-call-asked', 'roll-call-answered']);
  });

  test('[F1] unanswered is told to supervisor and manager and stays on record', async () => {
    await ask();
    const id = await callId();
    await site.pass(180_000);
    expect(await kinds()).toContain('roll-call-missed');
    expect(await pages('notify.roll-call-missed')).toEqual(['manager', 'supervisor']);
    expect(await try_('operator', (c) => answerCall(c, id))).toBe('wrong-state');
    expect((await now()).rollCall).toBeNull();
  });

  test('is asked by the hub itself as often as the site’s rule says', async () => {
    const value = { answerSeconds: 60, randomPerShift: 2 };
    await site.command(site.people.manager, (c) =>
      setRule(c, DUTY_RULES, 'duty.roll-call', { value, reason: 'night shifts' }),
    );
    await roster(['operator', 'operator2'], NOON + 8 * HOUR, NOON + 16 * HOUR);
    for (let minute = 0; minute < 16 * 60; minute += 10) await site.pass(10 * MINUTE);
    const asked = (await kinds()).filter((k) => k === 'roll-call-asked');
    expect(asked).toHaveLength(2);
  }, 120_000);
});

describe('[F1] the hand-over', () => {
  const prepare = async (who: PersonName, leaving: readonly PersonName[]) =>
    site.command(site.people[who], async (c) =>
      prepareHandover(c, { leaving: leaving.map((p) => site.people[p].id), note: ' 2号泵检修 ' }, await list()),
    );
  const sign = (who: PersonName, id: string, sha256: string): Promise<string> =>
    try_(who, (c) => signHandover(c, id, sha256));
  beforeEach(async () => {
    for (const who of ['supervisor', 'manager', 'inspector'] as const) await certify(who, '2027-12-31');
    await roster(['operator', 'operator2'], NOON, NOON + 8 * HOUR);
    await roster(['supervisor', 'manager'], NOON + 8 * HOUR, NOON + 16 * HOUR);
    await try_('operator', takeOver);
    await try_('operator2', takeOver);
    site.clock.advance(7 * HOUR + 50 * MINUTE);
  });

  test('releases who leaves once enough who come have signed the very list', async () => {
    const open = await prepare('operator', ['operator', 'operator2']);
    expect(open).toMatchObject({ state: 'open', note: '2号泵检修' });
    expect(await try_('supervisor', takeOver)).toBe('handover-open');
    expect(await sign('operator', open.id, open.sha256)).toBe('own-handover');
    expect(await sign('inspector', open.id, open.sha256)).toBe('not-rostered');
    expect(await sign('tina', open.id, open.sha256)).toBe('no-certificate');
    expect(await sign('supervisor', open.id, '0'.repeat(64))).toBe('conflict');
    expect(await sign('supervisor', open.id, open.sha256)).toBe('ok');
    expect(await isQualified('operator')).toBe(true);
    expect(await here()).toEqual(['operator', 'operator2', 'supervisor']);
    expect(await sign('manager', open.id, open.sha256)).toBe('ok');
    expect(await here()).toEqual(['manager', 'supervisor']);
    // Gone, though the roster has them for ten minutes more.
    expect(await isQualified('operator')).toBe(false);
    expect(await isQualified('supervisor')).toBe(true);
    expect(await try_('operator', takeOver)).toBe('not-rostered');
    expect((await kinds()).slice(-4)).toEqual(['handover-signed', 'released', 'released', 'handover-done']);
  });

  test('is refused with a list that is too old, and prepared anew', async () => {
    const old = await prepare('operator', ['operator']);
    await site.pass(31 * MINUTE);
    expect(await sign('supervisor', old.id, old.sha256)).toBe('list-too-old');
    const fresh = await prepare('operator', ['operator']);
    expect(await sign('supervisor', old.id, old.sha256)).toBe('wrong-state');
    expect(await sign('supervisor', fresh.id, fresh.sha256)).toBe('ok');
    expect(await here()).toEqual(['operator2', 'supervisor']);
  });

  test('that nobody is left to renew keeps nobody out for ever', async () => {
    const open = await prepare('operator', ['operator', 'operator2']);
    for (const { attendance } of (await now()).present)
      expect(await try_('supervisor', (c) => relieve(c, 'c1', attendance, '突发疾病'))).toBe('ok');
    await site.pass(10 * MINUTE);
    expect((await now('supervisor')).me.takeOver).toBe('handover-open');
    expect(await try_('supervisor', takeOver)).toBe('handover-open');
    await site.pass(21 * MINUTE);
    expect(await sign('supervisor', open.id, open.sha256)).toBe('list-too-old');
    expect((await now('supervisor')).me.takeOver).toBe('ok');
    expect(await try_('supervisor', takeOver)).toBe('ok');
    expect(await here()).toEqual(['supervisor']);
    expect((await now()).handover).toBeNull();
    expect((await kinds()).slice(-2)).toEqual(['handover-withdrawn', 'taken-over']);
  });

  test('that is too old keeps waiting while somebody on duty can prepare it anew', async () => {
    await prepare('operator', ['operator', 'operator2']);
    await site.pass(31 * MINUTE);
    expect(await try_('supervisor', takeOver)).toBe('handover-open');
  });

  test('is prepared only by someone on duty, for people on duty', async () => {
    const by = (who: PersonName, leaving: PersonName): Promise<string> =>
      try_(who, async (c) => {
        const made = await prepareHandover(c, { leaving: [site.people[leaving].id], note: '' }, await list());
        return made.ok ? ok(null) : made;
      });
    expect(await by('supervisor', 'supervisor')).toBe('not-on-duty');
    expect(await by('operator', 'supervisor')).toBe('not-found');
    expect(await by('operator', 'operator')).toBe('ok');
  });
});

test('[F1] a certificate is warned of 90, 30 and 7 days ahead, each once, to the person and the supervisor', async () => {
  // Its last day is 100 days ahead; it ends at midnight of the community.
  await certify('inspector', '2027-03-03');
  await site.pass(0);
  const count = async (): Promise<number> => (await pages('notify.certificate-expiring')).length;
  const end = Date.UTC(2027, 2, 3, 16);
  expect(await count()).toBe(0);
  for (const [days, told] of [
    [90, 2],
    [30, 4],
    [7, 6],
  ] as const) {
    await site.pass(end - days * DAY - 1 - site.clock.now());
    expect(await count()).toBe(told - 2);
    await site.pass(1);
    expect(await count()).toBe(told);
    await certify('tina', `203${days % 10}-01-0${days === 90 ? 1 : days === 30 ? 2 : 3}`);
    await site.pass(0);
    expect(await count()).toBe(told);
  }
  expect(await pages('notify.certificate-expiring')).toEqual([
    ...Array.from({ length: 3 }, () => 'inspector'),
    ...Array.from({ length: 3 }, () => 'supervisor'),
  ]);
});

test('[F1] the demo’s first day has shifts, hand-overs, entries and roll calls of the days before, and a crew on duty', async () => {
  const username = 'guard';
  await site.command(SYSTEM, (c) => addPerson(c, 'c1', { username, name: username, role: 'guard' }, 'no password'));
  await certify('supervisor', '2030-01-01');
  const guard = await site.database.db.transaction((tx) => findByUsername(tx, 'guard'));
  const certificate = { kind: 'fire-control-operator', no: 'guard', expires: '2030-01-01' } as const;
  await site.command(SYSTEM, (c) => addCertificate(c, { id: guard?.id ?? '', community: 'c1' }, certificate));
  await site.command(SYSTEM, async (c) => {
    await writeDutyHistory(c, 'c1');
    await ensureDemoDuty(c, 'c1');
    return ok(null);
  });
  await site.pass(0);
  expect(await here()).toEqual(['operator', 'operator2']);
  const { entryDue, lastEntry, minimum, qualified: fit } = await now();
  expect({ fit, minimum }).toEqual({ fit: 2, minimum: 2 });
  expect(Date.parse(entryDue ?? '')).toBeGreaterThan(NOON);
  expect(Date.parse(lastEntry?.at ?? '')).toBeLessThan(NOON);
  const count = (kind: string, all: readonly string[]): number => all.filter((k) => k === kind).length;
  const all = await kinds();
  expect([count('handover-done', all), count('roll-call-answered', all), count('entry-missed', all)]).toEqual([
    6, 3, 0,
  ]);
  // Nothing of the past is told as if it were now.
  expect(site.world.faults).toEqual([]);
  const told = await site.database.db.transaction((tx) =>
    tx.query(`select distinct message from notify.notification where message <> 'notify.roll-call'`),
  );
  expect(told).toEqual([]);
});
