// Lists of alarms stand in the order in which the hub received them, whatever the clocks of devices say.
import { beforeAll, describe, expect, test } from 'vitest';
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import { panel, startSite, T0, type Site } from './site.ts';

let site: Site;
/** The panel whose gateway is in 1970 raises second, the one in 2035 third. */
const WRONG: Readonly<Record<string, number>> = { p1: T0, p2: 1_000, p3: Date.UTC(2035, 0, 1), p4: T0 };

beforeAll(async () => {
  site = await startSite(Object.keys(WRONG).map((id) => panel(id)));
  for (const [id, at] of Object.entries(WRONG)) {
    site.clock.advance(1_000);
    const time = at === T0 ? site.clock.now() : at;
    await site.tell(site.gateway.sample(id, 'zone', 1, { sourceTime: time, receivedTime: time }));
  }
});

/** Devices in the order of a list that is read one alarm a page. */
async function paged(query: string): Promise<string[]> {
  const found: string[] = [];
  let cursor = '';
  for (;;) {
    const page = await site.operator.get<{ items: AlarmView[]; next: string | null }>(
      `/api/alarms?class=FIRE&limit=1${query}${cursor}`,
    );
    expect(page.status).toBe(200);
    found.push(...page.body.items.map((a) => a.device));
    if (page.body.next === null) return found;
    cursor = `&cursor=${page.body.next}`;
  }
}

describe('with gateways in 1970 and 2035', () => {
  test('[S2] the fire that came first is first in the open list, page by page', async () => {
    expect(await paged('')).toEqual(['gw.p1', 'gw.p2', 'gw.p3', 'gw.p4']);
  });

  test('the list of all alarms ends with what came first', async () => {
    expect(await paged('&state=all')).toEqual(['gw.p4', 'gw.p3', 'gw.p2', 'gw.p1']);
  });
});
