import type { Static } from 'typebox';
import { beforeEach, describe, expect, test } from 'vitest';
import type { CheckBody, CheckView } from '../../../hub/inspections/contract.ts';
import { enterCheck } from '../../../hub/inspections/check.ts';
import { judge } from '../../../hub/inspections/rules.ts';
import { HOUR, makeSite, NOON, type PersonName, type Site } from '../t2-site.ts';

describe('a check may claim', () => {
  const rows: [string, Parameters<typeof judge>[0], string, string][] = [
    ['a pass within the range', { outcome: 'pass', value: 0.4, range: [0.35, 0.5] }, 'inspector', 'ok'],
    ['a pass at its edge', { outcome: 'pass', value: 0.5, range: [0.35, 0.5] }, 'inspector', 'ok'],
    ['no pass below it', { outcome: 'pass', value: 0.34, range: [0.35, 0.5] }, 'inspector', 'out-of-range'],
    ['no pass above it', { outcome: 'pass', value: 0.51, range: [0.35, 0.5] }, 'inspector', 'out-of-range'],
    ['a fail outside', { outcome: 'fail', value: 0.1, range: [0.35, 0.5] }, 'inspector', 'ok'],
    ['a fail inside (something else is wrong)', { outcome: 'fail', value: 0.4, range: [0.35, 0.5] }, 'inspector', 'ok'],
    ['no range upside down', { outcome: 'pass', value: 1, range: [2, 1] }, 'inspector', 'bad-request'],
    ['a value without a range', { outcome: 'pass', value: 7 }, 'inspector', 'ok'],
    ['a waiver signed by a supervisor', { outcome: 'fail', waiver: 'on order' }, 'supervisor', 'ok'],
    ['no waiver by an inspector', { outcome: 'fail', waiver: 'on order' }, 'inspector', 'not-allowed'],
    ['no waiver of a pass', { outcome: 'pass', waiver: 'on order' }, 'supervisor', 'bad-request'],
  ];
  test.each(rows)('%s', (_, claim, role, expected) => {
    const judged = judge(claim, role);
    expect(judged.ok ? 'ok' : judged.code).toBe(expected);
  });
});

describe('[F4] a failed check', () => {
  let site: Site;
  beforeEach(async () => {
    site = await makeSite();
  });
  const ports = () => ({
    unknownDevices: async (_tx: unknown, _c: string, devices: readonly string[]) =>
      devices.filter((d) => d !== 'gw1.x'),
    missingFiles: site.ports.missingFiles,
  });
  const enter = (body: Static<typeof CheckBody>, who: PersonName = 'inspector'): Promise<CheckView> =>
    site.command(site.people[who], (c) => enterCheck(c, ports(), body));
  const failed = { item: '灭火器压力', outcome: 'fail', value: 0.8, note: 'red', device: 'gw1.x', floor: 4 } as const;

  test('opens exactly one order, with what was found', async () => {
    const check = await enter(failed);
    await site.happen();
    const orders = await site.orders();
    expect(orders).toMatchObject([
      {
        kind: 'inspection-fault',
        source: { kind: 'check', id: check.id },
        title: { zh: '灭火器压力' },
        detail: 'red\n0.8',
        device: 'gw1.x',
        floor: 4,
      },
    ]);
  });

  test('sent twice by a phone is one check and one order, and answers the same with its order', async () => {
    const body = { ...failed, capturedAt: new Date(NOON - HOUR).toISOString() };
    const first = await enter(body);
    await site.happen();
    const again = await enter(body);
    await site.happen();
    const orders = await site.orders();
    expect(orders).toHaveLength(1);
    expect(again).toEqual({ ...first, workOrder: orders[0]?.id });
    await expect(enter({ ...body, outcome: 'pass' })).rejects.toThrow('duplicate');
  });

  test('with a signed waiver opens none', async () => {
    const check = await enter({ ...failed, waiver: 'replacement ordered' }, 'supervisor');
    await site.happen();
    expect(check.waiver).toBe('replacement ordered');
    expect(await site.orders()).toEqual([]);
  });

  test('that names an unknown device or photo is refused and leaves nothing', async () => {
    await expect(enter({ ...failed, device: 'gw9.x' })).rejects.toThrow('not-found: device: gw9.x');
    await expect(enter({ ...failed, photos: ['0'.repeat(64)] })).rejects.toThrow('not-found: photos');
    const { n } = await site.database.db.transaction((tx) =>
      tx.one<{ n: number }>(`select count(*)::integer as n from inspections.check`),
    );
    expect(n).toBe(0);
  });

  test('keeps the time the phone captured, but not one that can’t be right', async () => {
    const at = (iso: string) => enter({ item: 'x', outcome: 'pass', capturedAt: iso }).then((c) => c.at);
    const offline = new Date(NOON - 20 * HOUR).toISOString();
    expect(await at(offline)).toBe(offline);
    expect(await at('2031-01-01T00:00:00Z')).toBe(new Date(NOON).toISOString());
  });
});
