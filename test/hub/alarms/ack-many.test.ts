// Acknowledging many alarms by one command: each judged alone, each with its own act, actor and time.
import { beforeAll, describe, expect, test } from 'vitest';
import type { AckManyAnswer, AlarmView } from '../../../hub/alarms/contract.ts';
import { ALARM_LIMITS } from '../../../hub/alarms/limits.ts';
import { ACK_TOGETHER, readyToAck } from '../../../dashboard/src/alarms/ack-many.ts';
import { panel, startSite, type Site } from './site.ts';

let site: Site;
const IDS = Array.from({ length: 8 }, (_, k) => `p${k}`);

beforeAll(async () => {
  site = await startSite(IDS.map((id) => panel(id)));
});

const fault = async (p: string, value = 2): Promise<AlarmView> => {
  await site.tell(site.gateway.sample(p, 'zone', value));
  return site.alarm(p, value === 1 ? 'fire' : 'fault');
};
const seen = ({ id, seq, recurrences }: AlarmView): { id: string; seq: number; recurrences: number } => ({
  id,
  seq,
  recurrences,
});
const journal = async (id: string): Promise<string[]> =>
  (
    await site.operator.get<{ items: { act: string; name?: string; at: string }[] }>(`/api/alarms/${id}/acts`)
  ).body.items
    .filter((a) => a.act === 'acknowledged')
    .map((a) => `${a.name} ${a.at}`);

describe('acknowledging many', () => {
  test('[S2] answers for each alone, and each keeps who and when', async () => {
    const faults = [await fault('p0'), await fault('p1'), await fault('p2'), await fault('p3')];
    const fire = await fault('p4', 1);
    const [first, done, changed, gone] = faults as [AlarmView, AlarmView, AlarmView, AlarmView];
    const supervisor = await site.hub.as('supervisor');
    await supervisor.post(`/api/alarms/${done.id}/ack`, {});
    await site.tell(site.gateway.sample('p2', 'zone', 0));
    await fault('p2');
    await supervisor.post(`/api/alarms/${gone.id}/ack`, {});
    await site.tell(site.gateway.sample('p3', 'zone', 0));
    const unknown = { id: '00000000-0000-4000-8000-000000000000', seq: 1 };
    site.clock.advance(5_000);
    const at = new Date(site.clock.now()).toISOString();
    const items = [...faults, fire].map(seen);
    const answer = await site.operator.post<AckManyAnswer>('/api/alarms/ack', { items: [...items, unknown] });
    expect(answer.status).toBe(200);
    const outcome = new Map(answer.body.items.map((i) => [i.id, i.outcome]));
    expect(outcome).toEqual(
      new Map([
        [first.id, 'acknowledged'],
        [done.id, 'already'],
        [changed.id, 'changed'],
        [gone.id, 'gone'],
        [fire.id, 'singly'],
        [unknown.id, 'gone'],
      ]),
    );
    expect(answer.body.items[0]?.alarm).toMatchObject({ state: 'acked-active', acked: { name: 'operator', at } });
    expect(await journal(first.id)).toEqual([`operator ${at}`]);
    expect((await site.alarm('p2', 'fault')).state).toBe('unacked-active');
    expect((await site.alarm('p4', 'fire')).state).toBe('unacked-active');
  });

  test('is audited alarm by alarm', async () => {
    const alarms = [await fault('p5'), await fault('p6')];
    await site.operator.post('/api/alarms/ack', { items: alarms.map(seen), note: 'dust' });
    const entries = await site.hub.database.db.read((tx) =>
      tx.query<{ entity_id: string }>(
        `select entity_id from audit.entry where action = 'alarm.acknowledged' and entity_id = any ($1)`,
        [alarms.map((a) => a.id)],
      ),
    );
    expect(entries.map((e) => e.entity_id).toSorted()).toEqual(alarms.map((a) => a.id).toSorted());
  });

  test('with the same key twice is one act each and one answer', async () => {
    const alarm = await fault('p7');
    const key = { 'idempotency-key': 'many-1' };
    const first = await site.operator.post('/api/alarms/ack', { items: [seen(alarm)] }, key);
    const second = await site.operator.post('/api/alarms/ack', { items: [seen(alarm)] }, key);
    expect(second.body).toEqual(first.body);
    expect(await journal(alarm.id)).toHaveLength(1);
  });

  test('is refused whole to whoever is not qualified, and beyond the limit', async () => {
    await site.tell(site.gateway.sample('p7', 'zone', 0), site.gateway.sample('p7', 'mains', 1));
    const alarm = await site.alarm('p7', 'mains');
    expect(await site.admin.post('/api/alarms/ack', { items: [seen(alarm)] })).toMatchObject({
      status: 403,
      body: { code: 'not-qualified' },
    });
    const items = Array.from({ length: ALARM_LIMITS.ackManyMax + 1 }, () => seen(alarm));
    expect((await site.operator.post('/api/alarms/ack', { items })).status).toBe(400);
    // Without saying how often it had come back, it must be exactly the change that was seen.
    const old = { id: alarm.id, seq: alarm.seq - 1 };
    const strict = await site.operator.post<AckManyAnswer>('/api/alarms/ack', { items: [old] });
    expect(strict.body.items[0]?.outcome).toBe('changed');
    expect((await site.alarm('p7', 'mains')).state).toBe('unacked-active');
  });
});

describe('the screen', () => {
  test('sends what is still as it was shown, with its newest change, and shows the rest again', () => {
    const of = (id: string, more: Partial<AlarmView>): AlarmView =>
      ({ id, state: 'unacked-active', recurrences: 0, seq: 1, ...more }) as AlarmView;
    const shown = ['a', 'b', 'c', 'd'].map((id) => of(id, {}));
    const now = new Map([
      ['a', of('a', { seq: 9, workOrder: 'o-1' })],
      ['b', of('b', { seq: 10, recurrences: 1 })],
      ['c', of('c', { seq: 11, state: 'acked-active' })],
    ]);
    const { ready, changed } = readyToAck(shown, (id) => now.get(id));
    expect(ready).toEqual([
      { id: 'a', seq: 9, recurrences: 0 },
      { id: 'd', seq: 1, recurrences: 0 },
    ]);
    expect(changed.map((a) => a.id)).toEqual(['b']);
    expect(ACK_TOGETHER).toBeLessThanOrEqual(ALARM_LIMITS.ackManyMax);
  });
});
