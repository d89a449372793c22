// The demo's floor plans: drawings that stay whole when cleaned, a place for everything its lists name, put in by command.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BASEMENT, demoSpot, STANDARD_FLOOR } from '../../../hub/demo/drawings.ts';
import { drawDemoPlans } from '../../../hub/demo/floor-plans.ts';
import { ok } from '../../../hub/errors.ts';
import { cleanSvg } from '../../../hub/files/svg.ts';
import type { FloorPlanItem } from '../../../hub/floor-plans/contract.ts';
import { runCommand } from '../../../hub/http/command.ts';
import { gauges, lifts, panelAddresses, readCommunity } from '../../../simulators/community.ts';
import { REPO } from '../../helpers/processes.ts';
import { panel, startSite } from '../alarms/site.ts';

const community = readCommunity(join(REPO, 'simulators/demo-community/xingfuli.yaml'));

describe('the drawings', () => {
  test.each([
    ['standard floor', STANDARD_FLOOR],
    ['basement', BASEMENT],
  ])('of the %s lose nothing when cleaned', async (_name, svg) => {
    const { bytes, removed } = await cleanSvg(Buffer.from(svg));
    expect(removed).toEqual([]);
    expect(bytes.toString().match(/<rect|<text|<path|<circle/g)?.length).toBe(
      svg.match(/<rect|<text|<path|<circle/g)?.length,
    );
  });

  test('have a place for every detector, module, gauge and lift that the demo lists', () => {
    const names = [
      ...panelAddresses(community, 'notifier').map((a) => [a.floor, a.name.zh] as const),
      ...gauges(community).map((g) => [g.floor, g.name.zh] as const),
      ...lifts(community).map((l) => [1, l.name.zh] as const),
    ];
    expect(names.length).toBeGreaterThan(200);
    expect(names.filter(([floor, name]) => demoSpot(floor, name) === undefined)).toEqual([]);
    expect(demoSpot(12, '12层走道感烟')).toBeUndefined();
  });
});

test('every floor gets its drawing by command, and a second time nothing changes', async () => {
  const site = await startSite([panel('p1'), panel('p2')]);
  const { database, runEffects } = site.hub.hub;
  const draw = () =>
    runCommand(database.db, runEffects, { now: site.clock.now(), actor: { kind: 'system', id: 'test' } }, async (c) =>
      ok(await drawDemoPlans(c, 'test')),
    );
  await draw();
  const items = async () => (await site.operator.get<{ items: FloorPlanItem[] }>('/api/floor-plans')).body.items;
  const first = await items();
  expect(first.map((f) => [f.building, f.floor, f.version])).toEqual([
    ['p1', 12, 1],
    ['p2', 12, 1],
  ]);
  await draw();
  expect(await items()).toEqual(first);
});
