// The hub as a process: its ready line, its end, and the tools that run beside it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPostmaster } from '../../hub/db/postmaster.ts';
import { preparedData } from '../helpers/database.ts';
import { alive, runToEnd, startNode, type RunningProcess } from '../helpers/processes.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';

const PASSWORD = 'admin of a process';
const envOf = (dataDir: string) => ({
  FENGSUI_DATA: dataDir,
  HTTP_PORT: '0',
  MQTT_PORT: '0',
  FENGSUI_ADMIN_PASSWORD: PASSWORD,
  DATABASE_URL: '',
  INFLUX_URL: '',
  MQTT_URL: '',
});
const startHub = (dataDir: string): Promise<RunningProcess> =>
  // Its log on stderr is JSON, too: the ready line is the one that says so.
  startNode('hub/main.ts', [], { env: envOf(dataDir), ms: 90_000, ready: /^\{"ready":"hub"/ });
const urlOf = (hub: RunningProcess): string => (JSON.parse(String(hub.ready)) as { url: string }).url;
const tool = (entry: string, args: readonly string[], env: Record<string, string>) =>
  runToEnd(process.execPath, ['--import', 'tsx', entry, ...args], { env, ms: 120_000 });
const signIn = (hub: RunningProcess): Promise<Response> =>
  fetch(`${urlOf(hub)}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: PASSWORD }),
  });

test('a hub says where it is, ends in order with its server, and goes on where it was', async () => {
  const dataDir = await preparedData('process');
  const first = await startHub(dataDir);
  expect(urlOf(first)).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await fetch(`${urlOf(first)}/api/health`)).status).toBe(200);
  expect((await signIn(first)).status).toBe(200);
  const server = readPostmaster(join(dataDir, 'postgres'))?.pid ?? 0;
  expect(await first.stop('SIGINT', 60_000)).toEqual({ code: 0, signal: null });
  expect(alive(server)).toBe(false);
  // Neither the password nor the session is in what it said.
  expect(first.stdout() + first.stderr()).not.toContain(PASSWORD);

  const second = await startHub(dataDir);
  expect((await signIn(second)).status).toBe(200);
  await second.stop('SIGTERM', 60_000);
}, 240_000);

test('a backup is made beside a living hub, history included, and a restored hub has it all', async () => {
  const dataDir = await preparedData('process');
  const hub = await startHub(dataDir);
  const file = join(tempDir('backups'), 'beside.backup');
  const made = await tool('hub/backup.ts', [file], envOf(dataDir));
  expect({ code: made.code, stderr: made.stderr }).toMatchObject({ code: 0 });
  expect((await signIn(hub)).status).toBe(200);
  await hub.stop('SIGTERM', 60_000);

  const target = join(tempDir('restored'), 'data');
  const restored = await tool('hub/restore.ts', [file], envOf(target));
  expect({ code: restored.code, stderr: restored.stderr }).toMatchObject({ code: 0 });
  const heads = (text: string): unknown => (JSON.parse(text) as { heads: unknown }).heads;
  expect(heads(restored.stdout)).toEqual(heads(made.stdout));
  expect(existsSync(join(target, 'history', 'history.duckdb'))).toBe(true);
  const again = await startHub(target);
  expect((await signIn(again)).status).toBe(200);
  await again.stop('SIGTERM', 60_000);
}, 300_000);

test('a second hub in the same data directory is told so and harms nothing', async () => {
  const dataDir = await preparedData('process');
  const first = await startHub(dataDir);
  const second = await tool('hub/main.ts', [], envOf(dataDir));
  expect(second.code).toBe(1);
  expect(second.stderr).toContain('another hub is running with the data directory');
  expect((await fetch(`${urlOf(first)}/api/health`)).status).toBe(200);
  const server = readPostmaster(join(dataDir, 'postgres'))?.pid ?? 0;
  await first.kill();
  await until(() => !alive(server), { ms: 60_000, what: 'the server of a killed hub is gone' });
  expect(alive(server)).toBe(false);
}, 240_000);

describe('the command line', () => {
  test('prints every setting for --help', async () => {
    const { code, stdout } = await tool('hub/main.ts', ['--help'], {});
    expect(code).toBe(0);
    for (const name of ['HOST', 'DATABASE_URL', 'FENGSUI_DATA', 'INFLUX_URL']) expect(stdout).toContain(name);
  }, 120_000);

  test('names what is wrong with the settings, and stops', async () => {
    const { code, stderr } = await tool('hub/main.ts', [], { HTTP_PORT: 'x', DATABASE_URL: 'mysql://hunter2@x' });
    expect(code).toBe(1);
    expect(stderr).toContain('HTTP_PORT: expected a port');
    expect(stderr).toContain('DATABASE_URL: expected a URL');
    expect(stderr).not.toContain('hunter2');
  }, 120_000);
});

test('the version in package.json is the one that the API tells', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(readFileSync('hub/main.ts', 'utf8')).toContain(`const VERSION = '${version}'`);
});
