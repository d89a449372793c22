// How long a newcomer waits: npm start on an empty data directory and on the same one again, to the ready line and to the
// first value that a device sent. Seconds of this machine, and processor seconds of all processes, which say what there is
// to do whatever else runs; the second start stands as a ratio to the first.
import { startNode } from '../helpers/processes.ts';
import { cleanUp } from '../helpers/cleanup.ts';
import { round } from '../helpers/statistics.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';
import { usageOf } from './usage.ts';

const PASSWORD = 'bench password';

interface Waited {
  readonly readyS: number;
  readonly readyCpuS: number;
  readonly valueS: number;
  readonly valueCpuS: number;
}

async function once(data: string): Promise<Waited> {
  const began = performance.now();
  const seconds = (): number => Math.round(performance.now() - began) / 1_000;
  const running = await startNode('hub/demo/start.ts', ['--scenarios', '0'], {
    env: {
      HTTP_PORT: '0',
      MQTT_PORT: '0',
      FIELD_MQTT_PORT: '0',
      ANNUNCIATOR_PORT: '0',
      FENGSUI_DATA: data,
      FENGSUI_DEMO_PASSWORD: PASSWORD,
      LOG_LEVEL: 'error',
    },
    ready: /^\{"ready":"fengsui"/,
    ms: 180_000,
  });
  const cpuSeconds = (): number => round(usageOf(running.pid).cpuS);
  const [readyS, readyCpuS] = [seconds(), cpuSeconds()];
  const { url } = JSON.parse(String(running.ready)) as { url: string };
  const answer = await fetch(`${url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'operator', password: PASSWORD }),
  });
  const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  await until(
    async () => {
      const list = await fetch(`${url}/api/devices?limit=500`, { headers: { cookie } });
      const { items } = (await list.json()) as { items: { points: { good: number } }[] };
      return items.some((d) => d.points.good > 0);
    },
    { ms: 120_000, what: 'a first live value', everyMs: 100 },
  );
  const [valueS, valueCpuS] = [seconds(), cpuSeconds()];
  await running.stop('SIGINT', 40_000);
  return { readyS, readyCpuS, valueS, valueCpuS };
}

const data = tempDir('bench-start');
const first = await once(data);
const second = await once(data);
console.log(JSON.stringify({ bench: 'start', first, second, ratio: second.valueS / first.valueS }));
await cleanUp();
