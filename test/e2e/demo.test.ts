// `npm start` as a newcomer uses it: everything comes up, shows live values, plays a scenario, goes on where it was at
// the second start, and leaves no process behind.
import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alive, startNode, startProcess, type RunningProcess } from '../helpers/processes.ts';
import { tempDir } from '../helpers/temp.ts';
import { until, within } from '../helpers/wait.ts';
import { openAlarms, PASSWORD, signIn, type Caller } from './compound.ts';

interface Ready {
  readonly url: string;
  readonly scenarios: string;
  readonly users: readonly string[];
}

const isReady = /^\{"ready":"fengsui"/;
const data = tempDir('demo');

const options = {
  env: {
    HTTP_PORT: '0',
    MQTT_PORT: '0',
    FIELD_MQTT_PORT: '0',
    ANNUNCIATOR_PORT: '0',
    FENGSUI_DATA: data,
    FENGSUI_DEMO_PASSWORD: PASSWORD,
    LOG_LEVEL: 'error',
  },
  ready: isReady,
  ms: 120_000,
};
const start = (): Promise<RunningProcess> => startNode('hub/demo/start.ts', ['--scenarios', '0'], options);
const readyOf = (running: RunningProcess): Ready => JSON.parse(String(running.ready)) as Ready;

/** Processes whose parent is (a child of) `pid`, from /proc. */
function familyOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // Ended while we looked.
    }
  }
  const found = new Set([pid]);
  for (let grown = true; grown;) {
    grown = false;
    for (const [child, parent] of parents)
      if (found.has(parent) && !found.has(child)) grown = Boolean(found.add(child));
  }
  found.delete(pid);
  return [...found];
}

describe('npm start', () => {
  let running: RunningProcess;
  let operator: Caller;

  beforeAll(async () => {
    running = await start();
    operator = await signIn(readyOf(running).url, 'operator');
  }, 150_000);

  afterAll(async () => {
    await running.stop();
  });

  it('[S1] brings up 6 buildings with live devices over Modbus and MQTT', async () => {
    const devices = await until(
      async () => {
        const items = await operator.items<{ kind: string; building?: string; online: boolean }>(
          '/api/devices?limit=500',
        );
        return items.length > 0 && items.every((d) => d.online) ? items : undefined;
      },
      { ms: 90_000, what: 'every device online', everyMs: 500 },
    );
    const count = (kind: string): number => devices.filter((d) => d.kind === kind).length;
    // Six panels that are read, and the transmission device that speaks for those of the garage.
    expect(count('fire-panel')).toBe(7);
    expect(count('extinguisher')).toBe(120);
    expect(count('elevator')).toBe(24);
    expect(count('fire-pump')).toBe(1);
    expect(count('water-tank')).toBe(2);
    expect(new Set(devices.flatMap((d) => d.building ?? [])).size).toBe(6);
    expect(readyOf(running).users).toHaveLength(17);
  }, 120_000);

  it('[S2] shows a fire that a scenario starts, with its spread and what the panel starts', async () => {
    const played = await fetch(`${readyOf(running).scenarios}/scenarios/fire`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ building: 'b2', floor: 12 }),
    });
    expect(played.status).toBe(200);
    const fires = await until(
      async () => {
        const items = await operator.items<{ class: string; floor?: number }>('/api/alarms?state=open&class=FIRE');
        return items.length >= 4 ? items : undefined;
      },
      { ms: 60_000, what: 'four fires', everyMs: 250 },
    );
    expect(new Set(fires.map((a) => a.floor))).toEqual(new Set([12, 13]));
    const feedback = await operator.items('/api/alarms?state=open&class=FEEDBACK');
    expect(feedback.length).toBeGreaterThan(0);
  }, 90_000);

  it('ends with every process it started, and goes on where it was at the next start', async () => {
    const [before] = await operator.items<{ id: string }>('/api/alarms?state=open&class=FIRE');
    const family = familyOf(running.pid);
    expect(family.length).toBeGreaterThan(3);
    // As Ctrl-C in a terminal does: to the whole process group at once.
    process.kill(-running.pid, 'SIGINT');
    const ended = await within(running.ended, { ms: 40_000, what: 'npm start has ended' });
    expect(ended.code).toBe(0);
    expect(running.stderr()).not.toContain('unexpectedly');
    await until(() => family.every((pid) => !alive(pid)), { ms: 20_000, what: 'no process left behind' });
    running = await start();
    operator = await signIn(readyOf(running).url, 'operator');
    const again = await operator.ask('GET', `/api/alarms/${before?.id}`);
    expect(again.status).toBe(200);
    // The simulated building is quiet after its own restart: the fires clear, and stay on the list until acknowledged.
    await openAlarms(operator, 'class=FIRE', 4, 'the four fires still open');
  }, 240_000);

  it('ends when npm alone is told to', async () => {
    await running.stop();
    const npm = await startProcess('npm', ['start', '--', '--scenarios', '0'], options);
    const family = familyOf(npm.pid);
    expect(family.length).toBeGreaterThan(3);
    npm.child.kill('SIGTERM');
    await until(() => family.every((pid) => !alive(pid)), { ms: 40_000, what: 'no process left behind' });
    await npm.stop();
  }, 240_000);
});
