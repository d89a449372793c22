// An alarm for a life that nobody acknowledges, on a whole hub and a supplied clock: whom it is told, when, in which
// words, what becomes of a page that nobody sees, and what ends it.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ESCALATION } from '../../hub/escalation.ts';
import type { UndeliveredView } from '../../hub/notify/contract.ts';
import { SEEN_WITHIN } from '../../hub/notify/norms.ts';
import { textOf } from '../../hub/messages/text.ts';
import { until } from '../helpers/wait.ts';
import { panel, startSite, type Site } from './alarms/site.ts';

const { secondDeskMs, phoneMs, managerMs, againMs } = ESCALATION.value;
const IDS = Array.from({ length: 6 }, (_, k) => `p${k}`);
let site: Site;
let p = '';
const unused = [...IDS];

beforeAll(async () => {
  site = await startSite([...IDS.map((id) => panel(id)), panel('q0', 'q'), panel('q1', 'q'), panel('q2', 'q')]);
});
beforeEach(() => {
  p = unused.shift() ?? '';
});

interface Told {
  readonly to: string;
  readonly step: string;
  readonly zh: string;
  readonly en: string;
}

/** Pages of the ladder about an alarm, in order. */
async function told(alarm: string): Promise<Told[]> {
  const rows = await site.hub.database.db.read((tx) =>
    tx.query<{ username: string; message: string; args: Record<string, string | number> }>(
      `select p.username, n.message, n.args from notify.notification n join staff.person p on p.id = n.recipient
       where n.channel = 'in-app' and n.key like 'unattended:' || $1 || ':%' order by n.id`,
      [alarm],
    ),
  );
  return rows.map((r) => ({
    to: r.username,
    step: r.message.replace('notify.unattended-', ''),
    ...textOf(r.message, r.args),
  }));
}
const steps = async (alarm: string): Promise<string[]> => (await told(alarm)).map((t) => `${t.step} → ${t.to}`);

const ladder = (building: string): Promise<readonly { due: string }[]> =>
  site.hub.database.db.read((tx) =>
    tx.query<{ due: string }>('select due from timers.timer where key = $1', [
      `alarm.unattended:test:FIRE:${building}`,
    ]),
  );
/** A fire, and its ladder on the timer table. */
async function fire(device: string, building = device): Promise<string> {
  const before = (await ladder(building)).length;
  await site.tell(site.gateway.sample(device, 'zone', 1));
  const { id } = await site.alarm(device, 'fire');
  if (before === 0) await until(async () => (await ladder(building)).length === 1, { what: 'the ladder is set' });
  return id;
}
const passes = async (alarm: string, ms: number, pages: number): Promise<string[]> => {
  await site.pass(ms);
  return until(async () => [await steps(alarm)].find((found) => found.length >= pages), {
    what: () => `${pages} pages`,
  });
};

describe('[S2] a fire that nobody acknowledges', () => {
  test('is told those on duty after 30 s, supervisors after 60 s, the manager after 120 s and again', async () => {
    expect([secondDeskMs, phoneMs, managerMs]).toEqual([30_000, 60_000, 120_000]);
    const id = await fire(p);
    await site.pass(secondDeskMs - 1);
    expect(await steps(id)).toEqual([]);
    expect(await passes(id, 1, 1)).toEqual(['second-desk → operator']);
    expect((await passes(id, phoneMs - secondDeskMs, 3)).slice(1)).toEqual(['phone → operator', 'phone → supervisor']);
    expect((await passes(id, managerMs - phoneMs, 4)).slice(3)).toEqual(['manager → manager']);
    expect((await passes(id, againMs, 5)).slice(4)).toEqual(['manager → manager']);
  });

  test('is told in words: what, where, what to do, and never by the id of a device', async () => {
    const id = await fire(p);
    await passes(id, secondDeskMs, 1);
    const [page] = await told(id);
    expect(page?.zh).toBe(`fire：${p} 12层 zone，30 秒无人确认（共 1 条）。请立即到值班屏确认并核实`);
    expect(page?.en).toContain(`fire: ${p} Floor 12 zone, not acknowledged for 30 s`);
    expect(`${page?.zh} ${page?.en}`).not.toContain('gw.');
  });

  test('and pages that nobody sees stand as undelivered, with the reason in the reader’s language', async () => {
    const id = await fire(p);
    await passes(id, secondDeskMs, 1);
    await site.pass(SEEN_WITHIN.value.life);
    const lost = await until(
      async () =>
        (
          await site.operator.get<{ items: UndeliveredView[] }>('/api/notifications/undelivered?limit=200')
        ).body.items.find((n) => n.link === `/?alarm=${id}`),
      { what: 'the page is undelivered' },
    );
    expect(lost).toMatchObject({ recipient: 'operator', why: { zh: '规定时间内没有人查看' } });
    const fault = await until(
      async () => (await site.open('?state=open&class=FAULT&limit=500')).find((a) => a.signal === 'page'),
      { what: 'the FAULT of the hub' },
    );
    expect(fault.text.zh).toMatch(/^紧急通知没有送达任何人.*规定时间内没有人查看/);
  });
});

describe('the ladder', () => {
  test('ends when it is acknowledged', async () => {
    const id = await fire(p);
    await passes(id, secondDeskMs, 1);
    await site.operator.post(`/api/alarms/${id}/ack`, {});
    await site.pass(phoneMs - secondDeskMs);
    await until(async () => (await ladder(p)).length === 0, { what: 'the ladder is gone' });
    expect(await steps(id)).toHaveLength(1);
  });

  test('pages people, not every detector of a building', async () => {
    const first = await fire('q0', 'q');
    site.clock.advance(1_000);
    const others = [await fire('q1', 'q'), await fire('q2', 'q')];
    await passes(first, secondDeskMs - 1_000, 1);
    expect((await told(first))[0]?.zh).toContain('共 3 条');
    for (const id of others) expect(await steps(id)).toEqual([]);
  });

  test('goes on with the alarms that are left when the first is acknowledged', async () => {
    const first = await site.alarm('q0', 'fire');
    const left = [await site.alarm('q1', 'fire'), await site.alarm('q2', 'fire')];
    await site.operator.post(`/api/alarms/${first.id}/ack`, {});
    await site.pass(phoneMs - secondDeskMs);
    await until(async () => (await Promise.all(left.map((a) => steps(a.id)))).flat().length === 2, {
      what: 'the pages about what is left',
    });
    expect(await steps(first.id)).toEqual(['second-desk → operator']);
    const about = (await Promise.all(left.map((a) => told(a.id)))).flat();
    expect(about.map((t) => t.step)).toEqual(['phone', 'phone']);
    expect(about[0]?.zh).toContain('共 2 条');
  });
});
