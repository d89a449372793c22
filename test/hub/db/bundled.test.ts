// The bundled PostgreSQL: durable settings, one hub a directory, and a directory that opens after every kind of death.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { bundledConnection, startBundled, type BundledOptions, type BundledServer } from '../../../hub/db/bundled.ts';
import { bundledPaths } from '../../../hub/db/bundled-paths.ts';
import { DataDirInUse, ownServer } from '../../../hub/db/open.ts';
import { readPostmaster } from '../../../hub/db/postmaster.ts';
import { onCleanup } from '../../helpers/cleanup.ts';
import { preparedData, silentLog } from '../../helpers/database.ts';
import { alive, REPO, startProcess, type RunningProcess } from '../../helpers/processes.ts';
import { tempDir } from '../../helpers/temp.ts';
import { until } from '../../helpers/wait.ts';

async function start(options: Partial<BundledOptions> & { readonly dataDir: string }): Promise<BundledServer> {
  const server = await startBundled({ log: silentLog, ...options });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= server.stop());
  onCleanup(stop);
  return { ...server, connection: server.connection, pid: () => server.pid(), restarts: () => server.restarts(), stop };
}

async function ask<Row extends object>(server: Pick<BundledServer, 'connection'>, sql: string): Promise<Row[]> {
  const client = new Client({ ...server.connection });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}

describe('a first start', () => {
  test('gives a durable server that only we can reach', async () => {
    const dataDir = join(tempDir('bundled'), 'data');
    const server = await start({ dataDir });
    const settings = await ask<{ name: string; setting: string }>(
      server,
      `SELECT name, setting FROM pg_settings
       WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses', 'data_checksums')`,
    );
    expect(Object.fromEntries(settings.map((s) => [s.name, s.setting]))).toEqual({
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
      listen_addresses: '',
      data_checksums: 'on',
    });
    expect(statSync(server.connection.host).mode & 0o077).toBe(0);
    expect(statSync(dataDir).mode & 0o077).toBe(0);
  });

  test('that was cut short leaves nothing that stops the next', async () => {
    const dataDir = tempDir('bundled');
    mkdirSync(join(dataDir, 'postgres.unfinished', 'base'), { recursive: true });
    const server = await start({ dataDir });
    expect(await ask(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(existsSync(join(dataDir, 'postgres.unfinished'))).toBe(false);
  });

  test('works in a directory whose path is longer than a socket’s may be', async () => {
    const dataDir = join(tempDir('bundled'), 'a-long-name'.repeat(10));
    const server = await start({ dataDir });
    expect(await ask(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(server.connection.host.startsWith(dataDir)).toBe(false);
    expect(statSync(server.connection.host).mode & 0o077).toBe(0);
  });

  test('over TCP listens on loopback with a password that is only in a private file', async () => {
    const dataDir = tempDir('bundled');
    const server = await start({ dataDir, transport: 'tcp' });
    expect(await ask(server, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    const { passwordFile } = bundledPaths(dataDir);
    expect(statSync(passwordFile).mode & 0o077).toBe(0);
    expect(readFileSync(passwordFile, 'utf8')).toBe(server.connection.password);
    const stranger = { connection: { ...server.connection, password: 'guess' } };
    await expect(ask(stranger, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });
});

test('a second start finds everything again', async () => {
  const dataDir = await preparedData('bundled');
  const first = await start({ dataDir });
  await ask(first, 'CREATE TABLE kept AS SELECT 42 AS n');
  const pid = first.pid() ?? 0;
  await first.stop();
  expect(alive(pid)).toBe(false);
  const second = await start({ dataDir });
  expect(await ask(second, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
});

test('a second hub is refused while the first one lives; tools find its server', async () => {
  const dataDir = await preparedData('bundled');
  const first = await ownServer({ dataDir, log: silentLog });
  onCleanup(() => first.stop());
  await expect(ownServer({ dataDir, log: silentLog })).rejects.toThrow(DataDirInUse);
  expect(await ask({ connection: bundledConnection(dataDir) }, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await first.stop();
  const second = await ownServer({ dataDir, log: silentLog });
  await second.stop();
});

test('a server that is killed runs again by itself, with what was committed', async () => {
  const server = await start({ dataDir: await preparedData('bundled') });
  await ask(server, 'CREATE TABLE kept AS SELECT 1 AS n');
  for (let round = 1; round <= 3; round += 1) {
    await ask(server, `INSERT INTO kept VALUES (${round + 1})`);
    process.kill(server.pid() ?? 0, 'SIGKILL');
    await until(() => server.restarts() === round, { ms: 20_000, what: `restart ${round}` });
    expect(await ask(server, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: round + 1 }]);
  }
});

/** A process of its own that runs the server, as a hub does, and commits numbers until it is killed. */
async function writer(dataDir: string): Promise<RunningProcess> {
  const file = join(tempDir('writer'), 'writer.mts');
  writeFileSync(
    file,
    `import { startBundled } from ${JSON.stringify(join(REPO, 'hub/db/bundled.ts'))};
     import { Client } from ${JSON.stringify(join(REPO, 'node_modules/pg/esm/index.mjs'))};
     const quiet = () => undefined;
     const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
     const server = await startBundled({ dataDir: ${JSON.stringify(dataDir)}, log });
     const client = new Client(server.connection);
     await client.connect();
     await client.query('CREATE TABLE IF NOT EXISTS acked (n bigint GENERATED ALWAYS AS IDENTITY)');
     console.log(JSON.stringify({ postmaster: server.pid() }));
     for (;;) {
       const { rows } = await client.query('INSERT INTO acked DEFAULT VALUES RETURNING n');
       console.log('acked ' + rows[0].n);
     }`,
  );
  return startProcess(process.execPath, ['--import', 'tsx', file], { ms: 30_000 });
}

const postmasterOf = (process: RunningProcess): number => (process.ready as { postmaster: number }).postmaster;
const lastAcked = (process: RunningProcess): number =>
  Number(/acked (\d+)\n(?!.*acked)/s.exec(process.stdout())?.[1] ?? 0);

describe('after kill -9 of the hub', () => {
  test('the server goes too, and the directory opens with every acknowledged commit', async () => {
    const dataDir = await preparedData('bundled');
    for (let round = 0; round < 3; round += 1) {
      const hub = await writer(dataDir);
      await until(() => lastAcked(hub) > 50, { what: 'some commits' });
      await hub.kill();
      const acked = lastAcked(hub);
      await until(() => !alive(postmasterOf(hub)), { ms: 20_000, what: 'the server has gone' });
      const next = await start({ dataDir });
      const [row] = await ask<{ n: string }>(next, 'SELECT max(n) AS n FROM acked');
      expect(Number(row?.n)).toBeGreaterThanOrEqual(acked);
      await next.stop();
    }
  });

  test('and of its whole group, at once, the next start takes over what still runs', async () => {
    const dataDir = await preparedData('bundled');
    const hub = await writer(dataDir);
    await until(() => lastAcked(hub) > 10, { what: 'some commits' });
    // Not waiting for the old server to end: the new one has to deal with it.
    process.kill(-hub.pid, 'SIGKILL');
    await hub.ended;
    const next = await start({ dataDir });
    const [row] = await ask<{ n: string }>(next, 'SELECT max(n) AS n FROM acked');
    expect(Number(row?.n)).toBeGreaterThanOrEqual(lastAcked(hub));
    expect(alive(postmasterOf(hub))).toBe(false);
  });

  test('and of the server and its keeper, the next start stops orphans and opens', async () => {
    const dataDir = await preparedData('bundled');
    const hub = await writer(dataDir);
    await until(() => lastAcked(hub) > 10, { what: 'some commits' });
    // In one step, before the keeper notices that the hub is gone and ends the server in order.
    process.kill(hub.pid, 'SIGKILL');
    process.kill(postmasterOf(hub), 'SIGKILL');
    await hub.ended;
    const next = await start({ dataDir });
    const [row] = await ask<{ n: string }>(next, 'SELECT max(n) AS n FROM acked');
    expect(Number(row?.n)).toBeGreaterThanOrEqual(lastAcked(hub));
  });
});

test('a lock file that names another program’s pid does not keep the directory shut', async () => {
  const dataDir = await preparedData('bundled');
  const first = await start({ dataDir });
  await first.stop();
  const pidFile = join(dataDir, 'postgres', 'postmaster.pid');
  // What a power cut leaves, when the pid is by now that of something else: here, of this test.
  writeFileSync(
    pidFile,
    `${process.pid}\n${join(dataDir, 'postgres')}\n1700000000\n5432\n${dataDir}\n\n  1 1\nready\n`,
  );
  const second = await start({ dataDir });
  expect(second.pid()).not.toBe(process.pid);
  expect(await ask(second, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a lock file that was cut while it was written does not, either', async () => {
  const dataDir = await preparedData('bundled');
  writeFileSync(join(dataDir, 'postgres', 'postmaster.pid'), '');
  const server = await start({ dataDir });
  expect(await ask(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('what postmaster.pid says is read, and rubbish is nobody', () => {
  const dir = tempDir('pid');
  expect(readPostmaster(dir)).toBeUndefined();
  writeFileSync(join(dir, 'postmaster.pid'), '12\n/d\n1\n5432\n/s\n\n 1 2\nready   \n');
  expect(readPostmaster(dir)).toEqual({ pid: 12, port: 5432, status: 'ready' });
  writeFileSync(join(dir, 'postmaster.pid'), 'x');
  expect(readPostmaster(dir)).toBeUndefined();
});

test('a server that cannot start says why', async () => {
  const dataDir = await preparedData('bundled');
  const failing = startBundled({ dataDir, log: silentLog, settings: ['shared_buffers=lots'] });
  await expect(failing).rejects.toThrow(/ended while it started:[^]*shared_buffers/);
  const server = await start({ dataDir });
  expect(await ask(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});
