// Backup and restore: wiped and restored, a hub is the same again; a damaged or foreign backup changes nothing.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { appendAudit, makeHeadsLog, makeSealer, verifyChain } from '../../../hub/audit/api.ts';
import { backup, type Manifest } from '../../../hub/backup.ts';
import { systemClock } from '../../../hub/clock.ts';
import { readConfig, type Config } from '../../../hub/config.ts';
import { createArchive, readArchive, type SectionHeader } from '../../../hub/db/archive.ts';
import { digestOf, tablesOf } from '../../../hub/db/dump.ts';
import { openDatabase } from '../../../hub/db/open.ts';
import { openHistory } from '../../../hub/history/open.ts';
import { restore } from '../../../hub/restore.ts';
import { Client } from 'pg';
import { freshDatabase, preparedData, silentLog } from '../../helpers/database.ts';
import { startTestHub } from '../../helpers/hub.ts';
import { tempDir } from '../../helpers/temp.ts';

const configOf = (dataDir: string, databaseUrl?: string): Config => ({
  ...readConfig({ HTTP_PORT: '0', MQTT_PORT: '0', FENGSUI_DATA: dataDir }),
  ...(databaseUrl === undefined ? {} : { databaseUrl }),
});

/** What every table of a database holds, by name. */
async function contents(connection: object): Promise<Record<string, string>> {
  const client = new Client(connection);
  await client.connect();
  try {
    await client.query(`SET timezone = 'UTC'`);
    const sums: Record<string, string> = {};
    for (const table of await tablesOf(client)) sums[table.name] = (await digestOf(client, table)).text;
    return sums;
  } finally {
    await client.end();
  }
}

const SERIES = { community: 'c', kind: 'fire-panel', device: 'gw.d', point: 'p', building: '' } as const;

let source: Config;
let file: string;
let before: Record<string, string>;

/** A data directory with rows of every shape, a sealed audit, history and published heads. */
beforeAll(async () => {
  const dataDir = await preparedData('backup-source');
  source = configOf(dataDir);
  const database = await openDatabase({ dataDir, log: silentLog });
  const { db } = database;
  await db.transaction(async (tx) => {
    await tx.run(
      `INSERT INTO property.community VALUES ('c', '{"zh":"小区\\t一","en":"C\\\\n"}', 'Asia/Shanghai', now())`,
    );
    await tx.run(`INSERT INTO property.building VALUES ('c', 'b1', '{}', 1, true)`);
    await tx.run(`INSERT INTO property.floor VALUES ('c', 'b1', -1, '{}', true), ('c', 'b1', 26, '{}', false)`);
    await tx.run(`INSERT INTO property.place VALUES ('c', NULL, NULL, '泵房', '{}', false)`);
    await tx.run(`INSERT INTO files.file VALUES ('c', $1, 'image/png', 5, $2, 'u', now())`, [
      'a'.repeat(64),
      Buffer.from([0, 255, 10, 13, 92]),
    ]);
    for (let n = 0; n < 30; n += 1) {
      const entry = {
        community: 'c',
        action: 'a',
        entity: 'e',
        entityId: `${n}`,
        after: { text: `tab\t"quote" 火警 ${n}` },
      };
      await appendAudit(tx, [entry], { now: systemClock.now(), actor: { kind: 'system', id: 's' } });
    }
  });
  const heads = makeHeadsLog(join(dataDir, 'heads'));
  const sealer = makeSealer({ db, clock: systemClock, log: silentLog, heads, noticed: async () => undefined });
  await sealer.run();
  before = await contents(database.connection);
  await database.close();
  const history = await openHistory({ dataDir, now: () => systemClock.now() });
  const samples = Array.from({ length: 500 }, (_, n) => ({
    series: SERIES,
    t: 1_700_000_000_000 + n * 1_000,
    n,
    value: n / 8,
    quality: 'good' as const,
  }));
  await history.writer?.append({ gateway: 'gw', epoch: 'e', lane: 'telemetry', first: 1, last: 500, samples });
  await history.close();
  writeFileSync(join(dataDir, 'demo-password'), 'secret\n');
  file = join(tempDir('backups'), 'one.backup');
  await backup(source, file, silentLog);
}, 120_000);

/** What is there after a restore: all as it was, and that the file holds the records, which the file can't know itself. */
const restored = (): Record<string, unknown> => ({ ...before, 'records.backup': expect.not.stringMatching(/^0+$/) });

describe('a backup', () => {
  test('is one file that only we can read', () => {
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(readdirSync(source.dataDir).filter((name) => name.includes('backup'))).toEqual([]);
  });

  test('wiped and restored, gives the same rows, the same audit heads, the same history', async () => {
    const target = configOf(join(tempDir('restored'), 'data'));
    const manifest = await restore(target, file, silentLog);
    expect(manifest.heads).toMatchObject([{ community: 'c', seq: 30 }]);
    const database = await openDatabase({ dataDir: target.dataDir, log: silentLog });
    try {
      expect(await contents(database.connection)).toEqual(restored());
      const heads = makeHeadsLog(join(target.dataDir, 'heads'));
      const { db } = database;
      expect(await db.transaction((tx) => verifyChain(tx, heads, 'c'))).toMatchObject({
        ok: true,
        links: 30,
        heads: 1,
      });
      // The chain goes on where it was, with ids that were not given before.
      const entry = { community: 'c', action: 'a', entity: 'e', entityId: 'next' };
      await db.transaction((tx) =>
        appendAudit(tx, [entry], { now: systemClock.now(), actor: { kind: 'system', id: 's' } }),
      );
      const noticed = async (): Promise<void> => undefined;
      await makeSealer({ db, clock: systemClock, log: silentLog, heads, noticed }).run();
      expect(await db.transaction((tx) => verifyChain(tx, heads, 'c'))).toMatchObject({ ok: true, links: 31 });
    } finally {
      await database.close();
    }
    const history = await openHistory({ dataDir: target.dataDir, now: () => systemClock.now() });
    const range = { from: 1_700_000_000_000, to: 1_700_000_600_000 };
    const { samples } = await history.raw(SERIES, range, { limit: 1_000 });
    expect(history.writer?.stored('gw', 'e', 'telemetry')).toBe(500);
    await history.close();
    expect([samples.length, samples.at(-1)?.value]).toEqual([500, 499 / 8]);
    expect(readFileSync(join(target.dataDir, 'demo-password'), 'utf8')).toBe('secret\n');
  }, 60_000);

  test('goes into an empty database of one’s own, too', async () => {
    const { url, connection } = await freshDatabase({ empty: true });
    const target = configOf(join(tempDir('restored'), 'data'), url);
    await restore(target, file, silentLog);
    expect(await contents(connection)).toEqual(restored());
  }, 60_000);

  test('of a running hub is of one moment, and the hub goes on', async () => {
    const hub = await startTestHub();
    const admin = await hub.as('admin');
    const rename = (n: number) => admin.send('PATCH', '/api/communities/current', { name: { zh: `${n}`, en: 'N' } });
    const running = join(tempDir('backups'), 'running.backup');
    const made = backup(hub.config, running, silentLog);
    const statuses = new Set<number>();
    for (let n = 0; n < 20; n += 1) statuses.add((await rename(n)).status);
    const manifest = await made;
    expect([...statuses]).toEqual([200]);
    expect((await rename(-1)).status).toBe(200);
    const { url } = await freshDatabase({ empty: true });
    const restored = await restore(configOf(join(tempDir('restored'), 'data'), url), running, silentLog);
    expect(restored.heads).toEqual(manifest.heads);
  }, 60_000);
});

describe('refused, with nothing written:', () => {
  const into = (): Config => configOf(join(tempDir('restored'), 'data'));
  const damaged = (change: (bytes: Buffer) => Buffer): string => {
    const path = join(tempDir('backups'), 'damaged.backup');
    writeFileSync(path, change(readFileSync(file)));
    return path;
  };
  /** A well-formed backup with other headers or another manifest: what a forger can make. */
  const forged = async (change: (header: SectionHeader, text: string) => [SectionHeader, string]): Promise<string> => {
    const path = join(tempDir('backups'), 'forged.backup');
    const archive = await createArchive(path);
    for await (const { header, data } of readArchive(file)) {
      const parts: Buffer[] = [];
      for await (const part of data) parts.push(part);
      const [head, text] = change(header, Buffer.concat(parts).toString('latin1'));
      await archive.section(head, Readable.from([Buffer.from(text, 'latin1')]));
    }
    await archive.close();
    return path;
  };
  /** Why it was refused; fails when something was written. */
  const refusal = async (target: Config, path: string): Promise<string> => {
    const error: unknown = await restore(target, path, silentLog).catch((e: unknown) => e);
    if (existsSync(join(target.dataDir, 'postgres'))) return 'a database was made';
    return error instanceof Error ? error.message : 'not refused';
  };

  test('a backup cut short, at any place', async () => {
    const size = statSync(file).size;
    for (const part of [0, 10, size / 3, size - 30, size - 1]) {
      const path = damaged((bytes) => bytes.subarray(0, Math.floor(part)));
      expect(await refusal(into(), path)).toMatch(/cut short/);
    }
  });

  test('a backup with a flipped bit', async () => {
    const path = damaged((bytes) => {
      const plain = gunzipSync(bytes);
      const at = plain.indexOf('火警 7');
      plain[at] = (plain[at] ?? 0) ^ 1;
      return gzipSync(plain);
    });
    expect(await refusal(into(), path)).toBe('the backup is damaged in audit.content');
  });

  test('a file that is no backup', async () => {
    const other = damaged(() => gzipSync('hello, this is not a backup at all'));
    expect(await refusal(into(), other)).toMatch(/is no backup/);
    expect(
      await refusal(
        into(),
        damaged(() => Buffer.from('hello')),
      ),
    ).toMatch(/damaged or cut short/);
  });

  test('a backup that would write elsewhere', async () => {
    const path = await forged((header, text) => [
      header.name === 'demo-password' ? { ...header, name: '../../password' } : header,
      text,
    ]);
    expect(await refusal(into(), path)).toBe('the backup holds a file that does not belong there: ../../password');
  });

  test('a backup of a newer version', async () => {
    const path = await forged((header, text) => {
      if (header.kind !== 'manifest') return [header, text];
      const manifest = JSON.parse(text) as Manifest;
      const migrations = [...manifest.migrations, { name: '9999-later', checksum: 'x' }];
      return [header, JSON.stringify({ ...manifest, migrations })];
    });
    expect(await refusal(into(), path)).toBe('the database has migration 9999-later, which this version does not know');
  });

  test('a backup whose audit was tampered with: nothing is left of it', async () => {
    const path = await forged((header, text) => [
      header,
      header.name === 'audit.entry' ? text.replace('\te\t7\t', '\te\t8\t') : text,
    ]);
    const target = into();
    expect(await refusal(target, path)).toMatch(/^the audit of c does not verify: .*"seq":8,"kind":"changed"/);
    expect(readdirSync(target.dataDir)).toEqual(['run']);
  }, 60_000);

  test('a directory or a database that is not empty', async () => {
    const dir = into();
    mkdirSync(join(dir.dataDir, 'heads'), { recursive: true });
    expect(await refusal(dir, file)).toMatch('is not empty (heads)');
    const hub = await startTestHub();
    const target = configOf(join(tempDir('restored'), 'data'), hub.database.url);
    expect(await refusal(target, file)).toMatch('the database is not empty (staff.');
    expect((await hub.anonymous.get('/api/health')).status).toBe(200);
  });

  test('a backup onto a file that exists', async () => {
    await expect(backup(source, file, silentLog)).rejects.toThrow('exists already');
  });
});
