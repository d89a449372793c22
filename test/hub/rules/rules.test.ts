import { beforeEach, describe, expect, test } from 'vitest';
import { DUTY_RULES } from '../../../hub/duty/api.ts';
import { NOTIFY_RULES } from '../../../hub/notify/api.ts';
import { ruleInForce } from '../../../hub/rules/api.ts';
import { resetRule, setRule } from '../../../hub/rules/routes.ts';
import { versionsOf } from '../../../hub/rules/store.ts';
import { ORDER_RULES } from '../../../hub/work-orders/api.ts';
import { PATIENCE } from '../../../hub/work-orders/norms.ts';
import { alarm, makeSite, MINUTE, raised, type Site } from '../t2-site.ts';
import { Value } from 'typebox/value';
import type { RuleView } from '../../../hub/rules/contract.ts';
import { addVersion } from '../../../hub/rules/store.ts';
import { startTestHub, TEST_COMMUNITY } from '../../helpers/hub.ts';
import { until } from '../../helpers/wait.ts';

const ALL = [...ORDER_RULES, ...DUTY_RULES, ...NOTIFY_RULES];

test('every rule set has a source, a version and a default that fits its own schema', () => {
  expect(ALL.length).toBeGreaterThanOrEqual(8);
  expect(new Set(ALL.map((r) => r.id)).size).toBe(ALL.length);
  for (const rule of ALL) {
    expect(rule.source.length, rule.id).toBeGreaterThan(3);
    expect(rule.version, rule.id).toMatch(/^\d{4}-\d+$/);
    expect(Value.Check(rule.schema, rule.value), rule.id).toBe(true);
  }
});

describe('a site', () => {
  let site: Site;
  beforeEach(async () => {
    site = await makeSite();
  });
  const set = (value: unknown, id = PATIENCE.id): Promise<unknown> =>
    site.command(site.people.manager, (c) => setRule(c, ALL, id, { value, reason: 'long lines' }));
  const inForce = (community = 'c1') => site.database.db.transaction((tx) => ruleInForce(tx, community, PATIENCE));

  test('puts its own numbers in place of the default, version by version, for itself alone', async () => {
    expect(await inForce()).toEqual({ value: PATIENCE.value, version: '2026-1' });
    await set({ COMMS: 60_000, DISABLED: 60_000 });
    await set({ COMMS: 2 * MINUTE, DISABLED: 60_000 });
    expect(await inForce()).toEqual({ value: { COMMS: 2 * MINUTE, DISABLED: 60_000 }, version: 'site-2' });
    expect(await inForce('c2')).toMatchObject({ version: '2026-1' });
    const a = alarm({ class: 'COMMS' });
    site.world.active.add(a.alarm);
    await site.happen(raised(a));
    await site.pass(2 * MINUTE);
    expect(await site.orders()).toHaveLength(1);
  });

  test('is refused numbers that do not fit, by name, and rules that are not there', async () => {
    await expect(set({ COMMS: -5, DISABLED: 60_000 })).rejects.toThrow('bad-request: value/COMMS');
    await expect(set({ COMMS: 60_000 })).rejects.toThrow('bad-request: value');
    await expect(set({}, 'no-such-rule')).rejects.toThrow('not-found');
    expect(await inForce()).toMatchObject({ version: '2026-1' });
  });

  test('goes back to the default, which is on record, and can set its own again', async () => {
    await expect(
      site.command(site.people.manager, (c) => resetRule(c, ALL, PATIENCE.id, 'nothing to undo')),
    ).rejects.toThrow('wrong-state');
    await set({ COMMS: 60_000, DISABLED: 60_000 });
    const back = await site.command(site.people.manager, (c) => resetRule(c, ALL, PATIENCE.id, 'lines mended'));
    expect(back).toMatchObject({ value: PATIENCE.value, version: '2026-1' });
    expect(back).not.toHaveProperty('set');
    expect(await inForce()).toEqual({ value: PATIENCE.value, version: '2026-1' });
    const again = await set({ COMMS: 90_000, DISABLED: 60_000 });
    expect(again).toMatchObject({ version: 'site-3', set: { reason: 'long lines' } });
    const told = await site.database.db.transaction((tx) => versionsOf(tx, 'c1', PATIENCE.id, 10));
    expect(told.map((v) => [v.version, v.value === null, v.reason])).toEqual([
      ['site-3', false, 'long lines'],
      ['site-2', true, 'lines mended'],
      ['site-1', false, 'long lines'],
    ]);
  });
});

test('numbers of a site that fit no longer are a fault that names them; the default holds until they are set anew', async () => {
  const before = await startTestHub();
  const { database } = before;
  const old = { COMMS: 'ten minutes', DISABLED: 60_000 };
  await database.db.transaction((tx) =>
    addVersion(tx, {
      community: TEST_COMMUNITY,
      rule: PATIENCE.id,
      value: old,
      reason: 'fitted once',
      by: 'admin',
      byName: 'admin',
      at: Date.now(),
    }),
  );
  await before.stop();

  const hub = await startTestHub({ database });
  const [admin, operator] = [await hub.as('admin'), await hub.as('operator')];
  const rule = async (): Promise<RuleView | undefined> =>
    (await admin.get<{ items: RuleView[] }>('/api/rules')).body.items.find(({ id }) => id === PATIENCE.id);
  const shown = await rule();
  expect(shown).toMatchObject({ version: PATIENCE.version, value: PATIENCE.value });
  expect(shown?.unfit).toMatchObject({ version: 'site-1', value: old });
  expect(shown?.unfit?.why).toContain('value/COMMS');
  const faults = async (): Promise<{ signal: string; text: { zh: string; en: string } }[]> =>
    (await operator.get<{ items: { signal: string; text: { zh: string; en: string } }[] }>('/api/alarms?class=FAULT'))
      .body.items;
  const fault = await until(async () => (await faults()).find(({ signal }) => signal === 'rules'), {
    what: 'the fault is told',
  });
  for (const text of Object.values(fault.text)) expect(text).toContain(`${PATIENCE.id} (site-1) value/COMMS`);

  const value = { COMMS: 60_000, DISABLED: 60_000 };
  expect((await admin.send('PUT', `/api/rules/${PATIENCE.id}`, { value, reason: 'set anew' })).status).toBe(200);
  expect(await rule()).toMatchObject({ version: 'site-2', value });
  expect(await rule()).not.toHaveProperty('unfit');
}, 180_000);
