// Hazards on a real database and a supplied clock: from an owner's report to the recheck, orders, escalation, repeats.
import { beforeEach, describe, expect, test } from 'vitest';
import {
  actOnHazard,
  amendHazard,
  assignHazard,
  extendHazard,
  orderForHazard,
  passHazard,
  reportHazard,
} from '../../../hub/fire-safety/api.ts';
import type { HazardView, NewHazard } from '../../../hub/fire-safety/contract.ts';
import { findHazard } from '../../../hub/fire-safety/hazard-store.ts';
import { hazardPage, hazardView } from '../../../hub/fire-safety/hazard-view.ts';
import type { SimpleAct } from '../../../hub/fire-safety/hazards.ts';
import type { Result } from '../../../hub/errors.ts';
import type { CommandContext } from '../../../hub/events/api.ts';
import { finish, HOUR, makeSite, MINUTE, type PersonName, type Site } from '../t2-site.ts';

let site: Site;
beforeEach(async () => {
  site = await makeSite();
});

const try_ = async <T>(who: PersonName, work: (c: CommandContext) => Promise<Result<T>>): Promise<string> =>
  site.command(site.people[who], work).then(
    () => 'ok',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  );
const report = async (who: PersonName = 'owner', more: Partial<NewHazard> = {}): Promise<string> => {
  const body = { kind: 'e-bike', description: '楼道里有电动车充电', building: 'b1', floor: 3, ...more };
  return (await site.command(site.people[who], (c) => reportHazard(c, body))).id;
};
const assign = (id: string, to: PersonName = 'tina', more: { deadline?: string; measures?: string } = {}) =>
  try_('supervisor', (c) =>
    assignHazard(c, id, { responsible: site.people[to].id, grade: 'major', measures: '专人看护', ...more }),
  );
const act = async (who: PersonName, id: string, name: SimpleAct, photo = true, note = '已处理'): Promise<string> => {
  const photos = photo ? [await site.photo(`${name} ${who}`)] : [];
  return try_(who, (c) =>
    name === 'pass' ? passHazard(c, site.ports, id, { note, photos }) : actOnHazard(c, id, name, { note, photos }),
  );
};
const view = (id: string, who: PersonName = 'supervisor'): Promise<HazardView> =>
  site.database.db.read(async (tx) => {
    const found = await findHazard(tx, 'c1', id);
    if (!found) throw new Error(`no hazard ${id}`);
    return hazardView(tx, found, site.people[who], site.clock.now());
  });
/** Who was paged with a message, however often. */
const paged = async (message: string): Promise<string[]> => {
  const rows = await site.database.db.transaction((tx) =>
    tx.query<{ recipient: string }>(`select recipient from notify.notification where message = $1`, [message]),
  );
  const names = new Map(Object.entries(site.people).map(([name, p]) => [p.id, name]));
  return rows.map((r) => names.get(r.recipient) ?? r.recipient).toSorted();
};
const settle = (): Promise<void> => site.pass(1);

describe('[F5] a hazard that an owner reports', () => {
  test('is followed until somebody else than who mended it has seen that it is gone', async () => {
    const id = await report();
    await settle();
    expect(await paged('notify.hazard-reported')).toEqual(['manager', 'supervisor']);
    expect(await assign(id)).toBe('ok');
    await settle();
    expect(await paged('notify.hazard-assigned')).toEqual(['tina']);
    expect(await paged('notify.hazard-taken-up')).toEqual(['owner']);
    expect(await act('otto', id, 'mend')).toBe('not-allowed');
    expect(await act('tina', id, 'mend', false)).toBe('photo-required');
    expect(await act('tina', id, 'mend')).toBe('ok');
    expect(await act('inspector', id, 'fail')).toBe('ok');
    expect(await view(id)).toMatchObject({ state: 'assigned', reopened: 1 });
    expect(await act('tina', id, 'mend')).toBe('ok');
    expect(await act('inspector', id, 'pass')).toBe('ok');
    await settle();
    expect(await paged('notify.hazard-cleared')).toEqual(['owner']);
    const done = await view(id);
    expect(done.state).toBe('cleared');
    expect(done).not.toHaveProperty('overdue');
    expect(done.events.map((e) => e.act)).toEqual(['report', 'assign', 'mend', 'fail', 'mend', 'pass']);
    expect(done.events.every((e) => e.act === 'report' || e.act === 'assign' || e.photos.length === 1)).toBe(true);
  });

  test('keeps what was edited: who, when, what it said before', async () => {
    const id = await report();
    const amend = (description: string): Promise<string> =>
      try_('supervisor', (c) => amendHazard(c, id, { description, kind: 'stored-goods' }));
    expect(await amend('门厅有一辆电动车')).toBe('ok');
    expect(await amend('门厅有一辆电动车')).toBe('bad-request');
    expect((await view(id, 'owner')).events.at(-1)).toMatchObject({
      act: 'amend',
      by: { name: 'supervisor' },
      changes: [
        { field: 'kind', from: 'e-bike', to: 'stored-goods' },
        { field: 'description', from: '楼道里有电动车充电', to: '门厅有一辆电动车' },
      ],
    });
    await expect(
      site.database.db.transaction((tx) => tx.run('update fire_safety.hazard_event set note = $1', ['nothing'])),
    ).rejects.toThrow(/append-only/);
  });

  test('is found again at the same place, but not on another floor', async () => {
    const first = await report();
    await report('owner', { floor: 4 });
    const again = await report('inspector', { place: '电梯厅' });
    expect((await view(again)).earlier.map((e) => e.id)).toEqual([first]);
    await site.pass(181 * 24 * HOUR);
    expect((await view(await report())).earlier).toEqual([]);
  });

  test('is not changed by somebody who read an older version', async () => {
    const id = await report();
    const body = { responsible: site.people.tina.id, grade: 'general', version: 1 } as const;
    expect(await try_('supervisor', (c) => assignHazard(c, id, body))).toBe('ok');
    expect(await try_('manager', (c) => assignHazard(c, id, body))).toBe('conflict');
  });

  test('goes to nobody outside the staff, and to nobody who has left', async () => {
    const id = await report();
    expect(await assign(id, 'owner')).toBe('not-found');
    await site.database.db.transaction((tx) =>
      tx.run('update staff.person set active = false where id = $1', [site.people.otto.id]),
    );
    expect(await assign(id, 'otto')).toBe('not-found');
  });
});

describe('a hazard that waits', () => {
  test('is told when nobody takes it up, and not a moment before', async () => {
    await report();
    await site.pass(2 * HOUR - MINUTE);
    expect(await paged('notify.hazard-overdue')).toEqual([]);
    await site.pass(MINUTE);
    expect(await paged('notify.hazard-overdue')).toEqual(['supervisor']);
  });

  test('goes from the supervisor to the manager and the committee, day by day, until it is mended', async () => {
    const id = await report();
    const deadline = new Date(site.clock.now() + 10 * HOUR).toISOString();
    await assign(id, 'tina', { deadline });
    await site.pass(10 * HOUR);
    expect(await paged('notify.hazard-overdue')).toEqual(['supervisor', 'tina']);
    expect((await view(id)).overdue).toEqual({ step: 'mend', since: deadline });
    await site.pass(24 * HOUR);
    expect(await paged('notify.hazard-overdue')).toEqual(['manager', 'supervisor', 'supervisor', 'tina', 'tina']);
    for (let day = 0; day < 2; day++) await site.pass(24 * HOUR);
    expect((await paged('notify.hazard-overdue')).filter((who) => who === 'committee')).toEqual(['committee']);
    expect(await act('tina', id, 'mend')).toBe('ok');
    const before = await paged('notify.hazard-overdue');
    await site.pass(24 * HOUR - MINUTE);
    expect(await paged('notify.hazard-overdue')).toEqual(before);
    await site.pass(MINUTE);
    expect(await paged('notify.hazard-overdue')).toEqual([...before, 'inspector', 'supervisor'].toSorted());
  });

  test('waits longer when the manager says why, and only then', async () => {
    const id = await report();
    await assign(id, 'tina', { deadline: new Date(site.clock.now() + 10 * HOUR).toISOString() });
    const later = new Date(site.clock.now() + 30 * HOUR).toISOString();
    expect(await try_('supervisor', (c) => extendHazard(c, id, { deadline: later, note: 'x' }))).toBe('not-allowed');
    expect(await try_('manager', (c) => extendHazard(c, id, { deadline: later, note: ' ' }))).toBe('note-required');
    expect(await try_('manager', (c) => extendHazard(c, id, { deadline: later, note: '等配件' }))).toBe('ok');
    await site.pass(10 * HOUR);
    expect(await paged('notify.hazard-overdue')).toEqual([]);
    expect(await view(id)).toMatchObject({ extended: 1, deadline: later });
    await site.pass(20 * HOUR);
    expect(await paged('notify.hazard-overdue')).toEqual(['supervisor', 'tina']);
  });
});

describe('a hazard that is repaired by a work order', () => {
  const order = (id: string): Promise<string> =>
    try_('supervisor', (c) => orderForHazard(c, site.ports, id, { note: '更换闭门器' }));

  test('is mended when the order is, by whoever worked on it; the recheck verifies and closes both', async () => {
    const id = await report('inspector', { kind: 'equipment' });
    await assign(id, 'supervisor');
    expect(await order(id)).toBe('ok');
    expect(await order(id)).toBe('already-done');
    const [opened] = await site.orders();
    expect(opened).toMatchObject({ source: { kind: 'hazard' }, priority: 'urgent', building: 'b1', floor: 3 });
    const orderId = opened?.id ?? '';
    for (const name of ['accept', 'arrive', 'start'] as const) await site.act('tina', orderId, { act: name });
    await site.act('tina', orderId, finish(await site.photo('closer')));
    await settle();
    const mended = await view(id);
    expect(mended).toMatchObject({ state: 'mended', order: { id: orderId, state: 'done' } });
    expect(mended.events.at(-1)).toMatchObject({ act: 'mend', by: { name: 'tina' }, photos: [expect.any(String)] });
    expect(await act('inspector', id, 'fail')).toBe('ok');
    expect((await site.order(orderId)).state).toBe('dispatched');
    for (const name of ['accept', 'arrive', 'start'] as const) await site.act('otto', orderId, { act: name });
    await site.act('otto', orderId, finish(await site.photo('closer again')));
    await settle();
    expect(await act('inspector', id, 'pass')).toBe('ok');
    expect((await site.order(orderId)).state).toBe('closed');
    expect((await view(id)).state).toBe('cleared');
  });
});

test('counts and the list of what is overdue are those of everything open', async () => {
  const late = await report();
  await report('owner', { kind: 'stored-goods', floor: 5 });
  await site.pass(3 * HOUR);
  const page = await site.database.db.read((tx) =>
    hazardPage(tx, { community: 'c1', overdue: true, limit: 50 }, { role: 'manager' }, site.clock.now()),
  );
  expect(page.items.map((h) => h.id)).toEqual([late]);
  expect(page.counts).toEqual({ open: 2, major: 1, overdue: 1, toRecheck: 0 });
});
