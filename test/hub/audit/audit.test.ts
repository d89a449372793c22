// The audit in its database: append-only, sealed beside the commits, verified against heads kept outside.
import { appendFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  appendAudit,
  eraseAudit,
  makeHeadsLog,
  makeSealer,
  verifyChain,
  type HeadsLog,
  type LostEntries,
  type Sealer,
} from '../../../hub/audit/api.ts';
import { ManualClock } from '../../../hub/clock.ts';
import { AUDIT_LIMITS } from '../../../hub/config.ts';
import type { Pools } from '../../../hub/db/pool.ts';
import type { Actor } from '../../../hub/events/api.ts';
import { freshDatabase, silentLog } from '../../helpers/database.ts';
import { startTestHub } from '../../helpers/hub.ts';
import { tempDir } from '../../helpers/temp.ts';
import { until } from '../../helpers/wait.ts';

const actor: Actor = { kind: 'user', id: 'u1', name: 'Somebody', role: 'operator', community: 'c' };
const clock = new ManualClock(1_700_000_000_000);
let db: Pools;
let dir: string;
let heads: HeadsLog;
let sealer: Sealer;
let noticedLost: LostEntries[];

beforeEach(async () => {
  ({ db } = await freshDatabase());
  dir = join(tempDir('heads'), 'heads');
  heads = makeHeadsLog(dir);
  noticedLost = [];
  const noticed = async (_tx: unknown, lost: LostEntries): Promise<void> => void noticedLost.push(lost);
  sealer = makeSealer({ db, clock, log: silentLog, heads, noticed });
});
afterEach(() => db.close());

const append = (n: number, community = 'c'): Promise<void> =>
  db.transaction((tx) =>
    appendAudit(
      tx,
      [{ community, action: 'order.closed', entity: 'order', entityId: `o${n}`, before: { n }, after: { n: n + 1 } }],
      { now: clock.now(), actor },
    ),
  );
const appendAll = async (count: number): Promise<void> => {
  for (let n = 1; n <= count; n += 1) await append(n);
};
const verify = (community = 'c') => db.transaction((tx) => verifyChain(tx, heads, community));

/** What a malicious administrator of the database can do. */
const tamper = (sql: string): Promise<void> =>
  db.transaction(async (tx) => {
    await tx.run('SET LOCAL session_replication_role = replica');
    await tx.run(sql);
  });

describe('entries', () => {
  test('cannot be changed, deleted or truncated by ordinary means', async () => {
    await append(1);
    await sealer.run();
    for (const sql of [
      `UPDATE audit.entry SET action = 'x'`,
      'DELETE FROM audit.entry',
      'TRUNCATE audit.entry CASCADE',
      `UPDATE audit.seal SET seq = 9`,
      'DELETE FROM audit.seal',
      `UPDATE audit.content SET content = '{}'`,
      'TRUNCATE audit.content',
    ]) {
      await expect(db.transaction((tx) => tx.run(sql))).rejects.toThrow('append-only');
    }
    expect(await verify()).toMatchObject({ ok: true, links: 1 });
  });

  test('go with their transaction', async () => {
    const failing = db.transaction(async (tx) => {
      await appendAudit(tx, [{ community: 'c', action: 'a', entity: 'e', entityId: '1' }], { now: 1, actor });
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    await sealer.run();
    expect(await verify()).toEqual({ ok: true, links: 0, heads: 0, findings: [] });
  });

  test('hold nobody by name', async () => {
    await append(1);
    const rows = await db.transaction((tx) =>
      tx.query('SELECT to_jsonb(e) AS e, c.content FROM audit.entry e, audit.content c'),
    );
    expect(JSON.stringify(rows)).not.toContain('Somebody');
    expect(JSON.stringify(rows)).toContain('u1');
  });
});

describe('sealing', () => {
  test('chains each community by itself without a gap, whatever commits at once', async () => {
    const writers = Array.from({ length: 40 }, (_, n) => append(n, n % 2 === 0 ? 'c' : 'd'));
    const sealing = Array.from({ length: 5 }, () => sealer.run());
    await Promise.all([...writers, ...sealing]);
    await sealer.run();
    expect(await verify('c')).toMatchObject({ ok: true, links: 20 });
    expect(await verify('d')).toMatchObject({ ok: true, links: 20 });
  });

  test('never makes a commit wait: entries of a long transaction are sealed later', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const long = db.transaction(async (tx) => {
      await appendAudit(tx, [{ community: 'c', action: 'long', entity: 'e', entityId: '1' }], { now: 1, actor });
      await held;
    });
    await appendAll(3);
    await sealer.run();
    expect(await verify()).toMatchObject({ ok: true, links: 3 });
    release();
    await long;
    await sealer.run();
    expect(await verify()).toMatchObject({ ok: true, links: 4 });
  });

  test('goes on by itself, and what is left is sealed at the end', async () => {
    sealer.start();
    await appendAll(2);
    await until(async () => (await verify()).links === 2, { what: 'two entries are sealed' });
    await append(3);
    await sealer.stop();
    expect(await verify()).toMatchObject({ ok: true, links: 3 });
    expect((await heads.published('c')).at(-1)?.seq).toBe(3);
  });

  test('takes more than a batch', async () => {
    const many = Array.from({ length: AUDIT_LIMITS.sealBatchMax + 5 }, (_, n) => ({
      community: 'c',
      action: 'a',
      entity: 'e',
      entityId: String(n),
    }));
    await db.transaction((tx) => appendAudit(tx, many, { now: 1, actor }));
    await sealer.run();
    expect(await verify()).toMatchObject({ ok: true, links: AUDIT_LIMITS.sealBatchMax + 5 });
  });
});

describe('tampering in the database is found with its place:', () => {
  beforeEach(async () => {
    await appendAll(6);
    await sealer.run();
  });

  test.each([
    [
      'an edited entry',
      `UPDATE audit.entry SET entity_id = 'x' WHERE id = (SELECT entry FROM audit.seal WHERE seq = 4)`,
      4,
      'changed',
    ],
    [
      'a moved time',
      `UPDATE audit.entry SET at = at + interval '1 ms' WHERE id = (SELECT entry FROM audit.seal WHERE seq = 2)`,
      2,
      'changed',
    ],
    [
      'an edited content',
      `UPDATE audit.content SET content = replace(content, '"n":3', '"n":9') WHERE entry = (SELECT entry FROM audit.seal WHERE seq = 3)`,
      3,
      'content-changed',
    ],
    [
      'a deleted content',
      `DELETE FROM audit.content WHERE entry = (SELECT entry FROM audit.seal WHERE seq = 5)`,
      5,
      'content-missing',
    ],
    [
      'a deleted entry',
      `DELETE FROM audit.entry WHERE id = (SELECT entry FROM audit.seal WHERE seq = 5)`,
      5,
      'entry-missing',
    ],
    ['a deleted link', 'DELETE FROM audit.seal WHERE seq = 3', 3, 'missing'],
    ['a flipped hash', `UPDATE audit.seal SET hash = sha256(hash) WHERE seq = 2`, 2, 'changed'],
    ['a cut tail', 'DELETE FROM audit.seal WHERE seq >= 5', 5, 'truncated'],
  ] as const)('%s', async (_what, sql, seq, kind) => {
    await tamper(sql);
    const { ok, findings } = await verify();
    expect(ok).toBe(false);
    expect(findings[0]).toEqual({ seq, kind });
  });

  test('two entries that changed places', async () => {
    await tamper(`UPDATE audit.seal SET entry = -entry WHERE seq IN (2, 5)`);
    await tamper(
      `UPDATE audit.seal s SET entry = -o.entry FROM audit.seal o WHERE s.seq IN (2, 5) AND o.seq = 7 - s.seq`,
    );
    expect((await verify()).findings.map((f) => f.seq)).toEqual([2, 5]);
  });

  test('a tail cut together with its entries, by the published head', async () => {
    await tamper('DELETE FROM audit.content WHERE entry IN (SELECT entry FROM audit.seal WHERE seq > 4)');
    await tamper('DELETE FROM audit.entry WHERE id IN (SELECT entry FROM audit.seal WHERE seq > 4)');
    await tamper('DELETE FROM audit.seal WHERE seq > 4');
    expect((await verify()).findings).toEqual([{ seq: 5, kind: 'truncated' }]);
  });

  test('an entry whose link and place in the queue were taken', async () => {
    await append(7);
    await tamper('DELETE FROM audit.unsealed');
    expect((await verify()).findings).toEqual([{ seq: 7, kind: 'unsealed' }]);
  });
});

describe('an entry deleted by the owner of the database before it was sealed', () => {
  const deleteOf = async (entity: string): Promise<void> => {
    const which = `SELECT id FROM audit.entry WHERE entity_id = '${entity}'`;
    await tamper(`DELETE FROM audit.unsealed WHERE entry IN (${which})`);
    await tamper(`DELETE FROM audit.content WHERE entry IN (${which})`);
    await tamper(`DELETE FROM audit.entry WHERE entity_id = '${entity}'`);
  };

  test.each([
    ['the only one', 1, ['o1']],
    ['the last one', 3, ['o3']],
    ['the first and one between', 4, ['o1', 'o3']],
    ['all of them', 3, ['o1', 'o2', 'o3']],
  ])('%s: is found at once, noticed by the sealer once, and stays on record', async (_what, count, deleted) => {
    await append(0);
    await sealer.run();
    await appendAll(count);
    for (const entity of deleted) await deleteOf(entity);
    expect((await verify()).findings).toEqual([{ seq: 2, kind: 'deleted' }]);
    await sealer.run();
    await sealer.run();
    expect(noticedLost).toEqual([{ community: 'c', count: deleted.length }]);
    await append(9);
    await sealer.run();
    const links = 2 + count - deleted.length;
    expect(await verify()).toMatchObject({ ok: false, links, findings: [{ seq: links + 1, kind: 'deleted' }] });
    expect(noticedLost).toHaveLength(1);
    expect(await verify('another')).toMatchObject({ ok: true });
  });

  test('is not confused with what was rolled back, whatever ran at once', async () => {
    const tries = Array.from({ length: 30 }, (_, n) =>
      db.transaction(async (tx) => {
        const entry = { community: 'c', action: 'a', entity: 'e', entityId: `t${n}` };
        await appendAudit(tx, [entry, entry], { now: 1, actor });
        if (n % 3 === 0) throw new Error('rolled back');
      }),
    );
    const sealing = Array.from({ length: 5 }, () => sealer.run());
    expect((await Promise.allSettled(tries)).filter((t) => t.status === 'rejected')).toHaveLength(10);
    await Promise.all(sealing);
    await sealer.run();
    expect(await verify()).toMatchObject({ ok: true, links: 40 });
    expect(noticedLost).toEqual([]);
  });

  test('leaves its number behind: numbers are not taken back by ordinary means', async () => {
    await append(1);
    for (const sql of ['UPDATE audit.counter SET n = n - 1', 'DELETE FROM audit.counter'])
      await expect(db.transaction((tx) => tx.run(sql))).rejects.toThrow('only rise');
  });
});

test('erasing a person leaves a chain that verifies, and says that it was done', async () => {
  const person = { community: 'c', entity: 'person', entityId: 'p1' };
  await db.transaction((tx) =>
    appendAudit(tx, [{ ...person, action: 'person.added', after: { name: 'Somebody' } }], { now: clock.now(), actor }),
  );
  await append(1);
  await sealer.run();
  const erased = await db.transaction((tx) =>
    eraseAudit(tx, { ...person, reason: 'asked for' }, { now: clock.now(), actor }),
  );
  await sealer.run();
  expect(erased).toBe(1);
  expect(await verify()).toMatchObject({ ok: true, links: 3, findings: [] });
  const rest = await db.transaction((tx) => tx.query('SELECT content FROM audit.content'));
  expect(JSON.stringify(rest)).not.toContain('Somebody');
});

describe('published heads', () => {
  test('are lines of a file that only grows; a torn last line is left out', async () => {
    await appendAll(2);
    await sealer.run();
    await append(3);
    await sealer.run();
    const [file] = readdirSync(dir);
    const path = join(dir, file ?? '');
    expect(file).toBe('c.2023-11.jsonl');
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(2);
    appendFileSync(path, '{"community":"c","seq":4,"ha');
    expect((await heads.published('c')).map((h) => h.seq)).toEqual([2, 3]);
  });

  test('that cannot be written stop privileged writes after a while, until they can be again', async () => {
    await append(1);
    writeFileSync(dir, 'in the way');
    sealer.start();
    await until(
      () => {
        clock.advance(AUDIT_LIMITS.failingMsMax);
        return sealer.blocked();
      },
      { what: 'privileged writes are stopped' },
    );
    rmSync(dir);
    mkdirSync(dir);
    await until(
      () => {
        clock.advance(AUDIT_LIMITS.publishEveryMs);
        return sealer.blocked() === undefined;
      },
      { what: 'privileged writes go on' },
    );
    expect((await heads.published('c')).map((h) => h.seq)).toEqual([1]);
    await sealer.stop();
  });
});

describe('over HTTP', () => {
  test('auditors page through entries, see heads and verify; the committee sees deeds, not papers', async () => {
    const hub = await startTestHub();
    const admin = await hub.as('admin');
    await admin.send('PATCH', '/api/communities/current', { name: { zh: '甲', en: 'A' } });
    await admin.send('PATCH', '/api/communities/current', { name: { zh: '乙', en: 'B' } });
    const committee = await hub.as('committee');
    type Page = {
      items: { id: string; entity: string; action: string; content: string | null; seq: number | null }[];
      next: string;
    };
    const first = await committee.get<Page>('/api/audit?entity=community&limit=1');
    expect(first.body.items.map((i) => i.action)).toEqual(['community.changed']);
    expect(JSON.parse(first.body.items[0]?.content ?? '')).toMatchObject({ after: { name: { zh: '乙' } } });
    const second = await committee.get<Page>(`/api/audit?entity=community&limit=1&before=${first.body.next}`);
    expect(JSON.parse(second.body.items[0]?.content ?? '')).toMatchObject({ after: { name: { zh: '甲' } } });
    const people = await committee.get<Page>('/api/audit?entity=person');
    expect(people.body.items.length).toBeGreaterThan(0);
    expect(people.body.items.every((i) => i.content === null)).toBe(true);
    const own = await admin.get<Page>('/api/audit?entity=person');
    expect(own.body.items.every((i) => i.content !== null)).toBe(true);

    await until(async () => (await admin.get<Page>('/api/audit?limit=1')).body.items[0]?.seq !== null, {
      what: 'all is sealed',
    });
    const { body: heads } = await committee.get<{ items: { seq: number }[] }>('/api/audit/heads');
    const { body: verification } = await committee.get<{ ok: boolean; links: number }>('/api/audit/verification');
    expect(verification).toMatchObject({ ok: true, links: heads.items[0]?.seq });
  });

  test('while the audit fails, privileged writes are refused and reading goes on', async () => {
    const dataDir = tempDir('hub-audit');
    writeFileSync(join(dataDir, 'heads'), 'in the way');
    const moving = new ManualClock(Date.now());
    const hub = await startTestHub({ dataDir, clock: moving });
    const operator = await hub.as('operator');
    const admin = await hub.as('admin');
    const rename = () => admin.send('PATCH', '/api/communities/current', { name: { zh: '甲', en: 'A' } });
    await until(
      async () => {
        moving.advance(1_000);
        return (await rename()).status === 503;
      },
      { what: 'writes are refused' },
    );
    expect((await rename()).body).toMatchObject({ code: 'unavailable', detail: 'audit' });
    expect((await operator.get('/api/buildings')).status).toBe(200);
    moving.advance(2_000);
    expect((await hub.anonymous.get('/api/health')).body).toMatchObject({
      status: 'degraded',
      components: { audit: { status: 'degraded' } },
    });
  });
});
