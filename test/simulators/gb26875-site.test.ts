// The simulated transmission device and the real gateway over TCP: what happens behind it becomes points and signals by
// the names that it tells, over a cut line too.
import { expect, test } from 'vitest';
import { fileURLToPath } from 'node:url';
import { panelShapes, readCommunity } from '../../simulators/community.ts';
import { CallingSite } from '../../simulators/gb26875-site.ts';
import { quietTransmission } from '../../simulators/models/transmission.ts';
import { SCENARIOS } from '../../simulators/scenarios/scenarios.ts';
import { World } from '../../simulators/world.ts';
import { listener, undo, type Listener } from '../gateway/gb26875/rig.ts';
import { until } from '../helpers/wait.ts';

const TICK_MS = 10;
const community = readCommunity(
  fileURLToPath(new URL('../../simulators/demo-community/xingfuli.yaml', import.meta.url)),
);

/** The garage of the demo, calling as the device that the rig's site has. */
function garage({ driver }: Listener) {
  const world = new World(community);
  if (!community.transmission) throw new Error('the demo has no transmission device');
  world.transmission = quietTransmission(panelShapes(community.transmission));
  const site = new CallingSite(
    { name: '车库', source: 889, centre: 1, measure: () => 0.42, now: () => Date.now() },
    world.transmission,
  );
  site.call('127.0.0.1', driver.listening);
  const timer = setInterval(() => {
    if (world.transmission) site.tick(world.transmission);
  }, TICK_MS);
  undo.push(async () => {
    clearInterval(timer);
    site.stop();
  });
  /** Every act of a scenario at once. */
  const play = (name: string): void => {
    for (const { act } of SCENARIOS.find((s) => s.name === name)?.acts(world, {}) ?? []) act(world);
  };
  const settled = (): Promise<unknown> =>
    until(() => site.connected && site.device.waiting === 0 && site.device.counters.confirmed > 0, {
      what: 'everything told is confirmed',
    });
  return { world, site, play, settled };
}

test('[S1] five systems and their parts become points by the names they tell, a fire and its linkage signals', async () => {
  const l = await listener();
  const { play, settled, site } = garage(l);
  await settled();
  const named = l.points().map((p) => p.name.zh);
  expect(named).toContain('车库A区1分区3号感烟（点型光电感烟火灾探测器 1-3）');
  expect(l.points().filter((p) => p.template === 'part')).toHaveLength(36);
  expect(l.points().filter((p) => p.template === 'system')).toHaveLength(5);
  expect(l.active()).toEqual([]);
  play('transmission-fire');
  await until(() => l.active().filter((a) => a.startsWith('FIRE part')).length === 3, { what: 'three fires' });
  await settled();
  expect(l.active()).toContain('FIRE system-1-1');
  expect(l.active().filter((a) => a.startsWith('ACTION part') || a.startsWith('FEEDBACK part'))).toHaveLength(4);
  expect(l.values('operation-1-1')).toEqual([32, 0]);
  play('transmission-reset');
  await until(() => !l.active().some((a) => a.startsWith('FIRE')), { what: 'no fire after the reset' });
  expect(site.device.counters.denied).toBe(0);
});

test('what happens while the line is cut is told afterwards, and what is told twice is taken once', async () => {
  const l = await listener();
  const { world, play, settled, site } = garage(l);
  await settled();
  if (!world.transmission) throw new Error('no state');
  world.transmission = { ...world.transmission, cut: true };
  await until(() => !site.connected, { what: 'the line is cut' });
  play('transmission-fault');
  play('transmission-shield');
  world.transmission = { ...world.transmission, cut: false, repeats: world.transmission.repeats + 1 };
  await until(() => l.active().some((a) => a.startsWith('DISABLED part')), { what: 'what is shielded' });
  await settled();
  expect(l.active().some((a) => a.startsWith('FAULT part'))).toBe(true);
  expect(l.counters()['repeated']).toBeGreaterThan(0);
  expect(l.counters()['connections']).toBe(2);
});
