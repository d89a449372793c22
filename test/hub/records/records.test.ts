import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, test } from 'vitest';
import { backup } from '../../../hub/backup.ts';
import { keepRecords } from '../../../hub/records/api.ts';
import type { RecordsState, RecordView } from '../../../hub/records/contract.ts';
import { silentLog } from '../../helpers/database.ts';
import { startTestHub, TEST_COMMUNITY, type Client, type TestHub } from '../../helpers/hub.ts';
import { describeWith } from '../../helpers/needs.ts';
import { readPdf } from '../../helpers/pdf.ts';
import { tempDir } from '../../helpers/temp.ts';
import { join } from 'node:path';

interface Page {
  readonly items: RecordView[];
  readonly next: string | null;
}

const MANY = 10_200;
let site: TestHub;
let operator: Client;
let manager: Client;

const run = (sql: string, values: unknown[] = []): Promise<number> =>
  site.hub.database.db.transaction((tx) => tx.run(sql, values));
const one = <T extends object>(sql: string): Promise<T> => site.hub.database.db.transaction((tx) => tx.one<T>(sql));

/** Alarms as a gateway's flood leaves them, by one statement; the last tells its own number. */
async function alarms(count: number, from = 0): Promise<void> {
  await run(
    `with made as (
       insert into alarms.alarm (id, community, gateway, device, device_kind, device_name, point, point_name, signal,
         class, rank, text, latch, state, condition, active, latched, building, floor, raised_at, received_at,
         recurrences, proved, seq)
       select gen_random_uuid(), $1, 'g1', 'g1.d' || n, 'fire-panel', jsonb_build_object('zh', '烟感' || n, 'en', 'Smoke ' || n),
         'p', '{"zh":"点","en":"point"}', 's', case when n % 2 = 0 then 'FIRE' else 'FAULT' end, 1,
         '{"zh":"感烟火警","en":"Smoke alarm"}', 'none', 'normal', 'false', false, false, 'b1', n % 30 + 1,
         timestamptz '2026-11-01 00:00:00Z' + n * interval '1 second', timestamptz '2026-11-01 00:00:00Z', 0, true, n + 1
       from generate_series($2::int, $2::int + $3::int - 1) n returning id, raised_at, device)
     insert into alarms.act (alarm, act, state, actor_kind, actor, note, at)
     select id, 'raised', 'unacked-active', 'device', device, '', raised_at from made order by raised_at`,
    [TEST_COMMUNITY, from, count],
  );
}

beforeAll(async () => {
  site = await startTestHub();
  operator = await site.as('operator');
  manager = await site.as('manager');
  await alarms(MANY);
}, 180_000);

describe('the logs', () => {
  test('hold every one of 10,200 signals, page by page, newest first, none twice', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const { status, body } = await operator.get<Page>(`/api/records?log=running&limit=500${cursor}`);
      expect(status).toBe(200);
      seen.push(...body.items.filter((r) => r.code === 'alarm.raised').map((r) => r.deviceName?.zh ?? ''));
      cursor = body.next === null ? '' : `&cursor=${encodeURIComponent(body.next)}`;
    } while (cursor !== '');
    expect(seen).toEqual(Array.from({ length: MANY }, (_, i) => `烟感${MANY - 1 - i}`));
  }, 120_000);

  test('find by time, building, class, device, person and any words, also of what happened', async () => {
    const count = async (query: string): Promise<number> =>
      (await operator.get<Page>(`/api/records?log=running&limit=500&${query}`)).body.items.length;
    expect(await count('from=2026-11-01T00:00:10Z&to=2026-11-01T00:00:20Z')).toBe(10);
    expect(await count('device=g1.d77')).toBe(1);
    expect(await count(`text=${encodeURIComponent('烟感1019')}`)).toBe(11);
    expect(await count('text=SMOKE%2010199')).toBe(1);
    expect(await count('text=100%25')).toBe(0);
    expect(
      await count(`from=2026-11-01T00:00:00Z&to=2026-11-01T00:01:00Z&text=${encodeURIComponent('发出信号')}`),
    ).toBe(60);
    expect(await count('from=2026-11-01T00:00:00Z&to=2026-11-01T00:01:00Z&class=FIRE')).toBe(30);
    expect(await count('building=elsewhere')).toBe(0);
    const access = await operator.get<Page>('/api/records?log=upkeep&person=operator');
    expect(access.body.items.map((r) => r.what.zh)).toContain('登录系统');
    const bad = await operator.get('/api/records?log=running&cursor=nonsense');
    expect(bad.status).toBe(400);
  });

  test('lack nothing against an independent recount of each source', async () => {
    await manager.send('PUT', '/api/rules/duty.shift', { value: { minimum: 3, shiftHoursMax: 8 }, reason: '示例' });
    const { body } = await operator.get<RecordsState>('/api/records/state');
    expect(body.missing).toBe(0);
    const counted = await one<Record<string, string>>(
      `select (select count(*) from alarms.act) as acts, (select count(*) from duty.record) as duty,
         (select count(*) from audit.entry where action !~ '^(alarm|order|check)\\.' and entity <> 'duty-record') as audited,
         (select count(*) from records.entry where source = 'alarm') as kept_acts,
         (select count(*) from records.entry where source = 'duty') as kept_duty,
         (select count(*) from records.entry where source = 'audit') as kept_audited`,
    );
    expect(counted['kept_acts']).toBe(counted['acts']);
    expect(counted['kept_duty']).toBe(counted['duty']);
    expect(counted['kept_audited']).toBe(counted['audited']);
    expect(Number(counted['audited'])).toBeGreaterThan(0);
  });

  test('tell a check once', async () => {
    const body = { item: '压力表', outcome: 'pass', note: '示例', building: 'b1', place: '泵房' };
    expect((await manager.send('POST', '/api/checks', body)).status).toBe(200);
    const told = await one<{ rows: string; audits: string }>(
      `select (select count(*) from records.entry where code like '%check.%') as rows,
         (select count(*) from audit.entry where action like 'check.%') as audits`,
    );
    expect(told).toEqual({ rows: '1', audits: '1' });
  });

  test('are seen by nobody outside the control room, and by no other community', async () => {
    const owner = await site.as('owner');
    expect((await owner.get('/api/records?log=running')).status).toBe(403);
    await site.addCommunity('other');
    const stranger = await site.as('manager@other');
    const theirs = await stranger.get<Page>('/api/records?log=running');
    expect(theirs.body.items.filter((r) => r.code === 'alarm.raised')).toEqual([]);
  });

  test('an alarm is stored though its record cannot be, and the record is made up for', async () => {
    await run(`alter table records.entry add constraint broken check (note <> 'break me') not valid`);
    const alarm = await one<{ id: string }>('select id from alarms.alarm order by seq limit 1');
    const act = `insert into alarms.act (alarm, act, state, actor_kind, actor, note, at)
      values ($1, 'closed', 'normal', 'device', 'd', 'break me', '2026-11-02T00:00:00Z')`;
    expect(await run(act, [alarm.id])).toBe(1);
    // One too many of the same source does not hide the one that is missing.
    await run(
      `insert into records.entry (community, log, at, source, source_id, code, note, search)
       values ($1, 'running', '2026-11-02T00:00:00Z', 'alarm', 'nobody', 'alarm.raised', '', '')`,
      [TEST_COMMUNITY],
    );
    expect((await operator.get<RecordsState>('/api/records/state')).body.missing).toBe(1);
    await run('alter table records.entry drop constraint broken');
    const { mended, missedIn } = await keepRecords(site.hub.database.db, Date.parse('2026-11-22T00:00:00Z'));
    expect([mended, missedIn]).toEqual([1, []]);
    expect((await operator.get<RecordsState>('/api/records/state')).body.missing).toBe(0);
  });
});

describe('an export', () => {
  test('to CSV has every row, begins with a byte-order mark and holds no formula', async () => {
    await run(
      `insert into alarms.act (alarm, act, state, actor_kind, actor, actor_name, note, at)
       select id, 'closed', 'normal', 'user', 'x', '=cmd()', '+1,"x"', '2026-11-03T00:00:00Z' from alarms.alarm
       order by seq limit 1`,
    );
    const answer = await operator.get<string>('/api/records/export?log=running&format=csv&language=zh');
    const text = String(answer.body);
    expect(text.startsWith('\uFEFF')).toBe(true);
    const rows = parse(text, { bom: true }) as string[][];
    const { kept } = await one<{ kept: string }>(
      `select count(*) as kept from records.entry where log = 'running' and community = '${TEST_COMMUNITY}'`,
    );
    expect(rows.length - 1).toBe(Number(kept));
    expect(rows[0]).toContain('说明与处理');
    expect(rows.flat()).toContain(`'=cmd()`);
    expect(rows.flat()).toContain(`'+1,"x"`);
    expect(rows.flat().filter((cell) => /^[=@]/.test(cell))).toEqual([]);
  }, 60_000);

  test('is itself an entry of the access log', async () => {
    const { body } = await operator.get<Page>(`/api/records?log=upkeep&text=${encodeURIComponent('导出记录')}`);
    expect(body.items[0]?.name).toBe('operator');
  });
});

describeWith(['poppler'], 'a printed log', () => {
  test('says in Chinese what the search found, row by row', async () => {
    const query = 'from=2026-11-01T00:00:00Z&to=2026-11-01T00:02:00Z';
    const response = await site.hub.app.inject({
      url: `/api/records/export?log=running&format=pdf&language=zh&${query}`,
      headers: { cookie: operator.cookie },
    });
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('application/pdf');
    const { text, fonts } = readPdf(response.rawPayload);
    const { body } = await operator.get<Page>(`/api/records?log=running&limit=500&${query}`);
    const printed = [...text.matchAll(/烟感(\d+)/g)].map((m) => m[0]);
    expect(printed).toEqual(body.items.map((r) => r.deviceName?.zh));
    expect(text).toContain('消防控制室运行记录');
    expect(text).toMatch(/2026-11-01 08:01:59/);
    expect(text).toContain(String(response.headers['x-content-sha256']));
    expect(fonts.every((f) => f.embedded)).toBe(true);
  }, 120_000);
});

describe('[S4] keeping', () => {
  const row = `(select id from records.entry where log = 'running' order by at limit 1)`;

  test('nobody changes an entry, and none goes that no backup holds', async () => {
    await expect(run(`update records.entry set note = 'x' where id = ${row}`)).rejects.toThrow(/append-only/);
    await expect(run('truncate records.entry')).rejects.toThrow(/append-only/);
    await expect(run(`delete from records.entry where id = ${row}`)).rejects.toThrow(/in no backup yet/);
  });

  test('over its limit a log keeps all until a backup holds the oldest, and then at least the limit', async () => {
    const db = site.hub.database.db;
    const set = await (
      await site.as('admin')
    ).send('PUT', '/api/rules/records.keep', { value: { entries: 10_000 }, reason: '存储有限' });
    expect(set.status).toBe(200);
    const before = await keepRecords(db, Date.parse('2026-11-22T00:00:00Z'));
    expect(before.dropped).toBe(0);
    expect(before.blocked).toMatchObject([{ community: TEST_COMMUNITY, log: 'running', keep: 10_000 }]);
    expect(before.blocked[0]?.unsaved).toBeGreaterThanOrEqual(200);

    const file = join(tempDir('records'), 'whole.backup');
    await backup({ ...site.config, dataDir: tempDir('records-data') }, file, silentLog);
    // What came after the backup stays, whatever its age.
    await alarms(1, MANY);
    await run(
      `insert into alarms.act (alarm, act, state, actor_kind, actor, note, at)
       select id, 'cleared', 'normal', 'device', 'd', 'oldest of all', '2020-01-01T00:00:00Z' from alarms.alarm limit 1`,
    );
    const after = await keepRecords(db, Date.parse('2026-11-22T00:00:00Z'));
    expect(after.dropped).toBeGreaterThanOrEqual(200);
    expect(after.blocked).toMatchObject([{ log: 'running', unsaved: 1 }]);
    const state = (await operator.get<RecordsState>('/api/records/state')).body;
    expect(state.logs.find((l) => l.log === 'running')?.entries).toBe(10_001);
    expect(state.missing).toBe(0);
    expect(state.lastBackup).not.toBeNull();
    const { body } = await operator.get<Page>('/api/records?log=running&text=oldest%20of%20all');
    expect(body.items).toHaveLength(1);
  }, 120_000);
});
