// A real InfluxDB 1.x (influxd) on a free loopback port with its own directories; ended by its pid.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requirePart } from './parts.ts';
import { freePort } from './ports.ts';
import { startProcess, type RunningProcess } from './processes.ts';
import { tempDir } from './temp.ts';
import { until } from './wait.ts';

export interface Influxd {
  readonly url: string;
  readonly database: string;
  readonly pid: number;
  /** Writes line protocol with times in ns and resolves after 204. @throws Error with the server's answer */
  write(lines: readonly string[]): Promise<void>;
  /** Runs an InfluxQL statement and gives the parsed reply. @throws Error with the server's answer */
  query(q: string): Promise<unknown>;
  stop(): Promise<void>;
  /** kill -9 */
  kill(): Promise<void>;
  /** Starts it again on the same port and directories. */
  restart(): Promise<void>;
}

const START_MS_MAX = 30_000;

const config = (dir: string, port: number): string => `
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "${dir}/meta"
[data]
  dir = "${dir}/data"
  wal-dir = "${dir}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
[monitor]
  store-enabled = false
[continuous_queries]
  enabled = false
`;

export async function startInfluxd(database = 'fengsui'): Promise<Influxd> {
  const dir = tempDir('influxd');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const file = join(dir, 'influxdb.conf');
  writeFileSync(file, config(dir, port));

  const start = async (): Promise<RunningProcess> => {
    const running = await startProcess(requirePart('influxdb'), ['run', '-config', file], { ready: 'none' });
    await until(async () => (await fetch(`${url}/ping`)).status === 204, {
      ms: START_MS_MAX,
      what: () => `influxd answers on port ${port}; it printed:\n${running.stderr().slice(-2_000)}`,
      everyMs: 20,
    });
    return running;
  };
  const query = async (q: string): Promise<unknown> => {
    const reply = await fetch(`${url}/query?db=${database}`, { method: 'POST', body: new URLSearchParams({ q }) });
    const text = await reply.text();
    if (!reply.ok || text.includes('"error"')) throw new Error(`influxd refused "${q}": ${text}`);
    return JSON.parse(text) as unknown;
  };

  let running = await start();
  await query(`CREATE DATABASE "${database}"`);
  return {
    url,
    database,
    get pid() {
      return running.pid;
    },
    write: async (lines) => {
      const reply = await fetch(`${url}/write?db=${database}`, { method: 'POST', body: lines.join('\n') });
      if (reply.status !== 204) throw new Error(`influxd refused lines: ${reply.status} ${await reply.text()}`);
    },
    query,
    stop: async () => void (await running.stop()),
    kill: async () => void (await running.kill()),
    restart: async () => void (running = await start()),
  };
}
