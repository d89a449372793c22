// npm start: the demo community with live simulated devices. Starts simulators, hub and gateway as three processes that
// meet only on the wire, enrols the gateway, says where everything is in one line, and ends them all cleanly.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { preparePrograms, type Programs } from './programs.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const READY_MS = 60_000;
const STOP_MS = 10_000;
const RESTART_MS = 1_000;
const PARENT_LOOK_MS = 1_000;
/** A part that dies this often in a row is not started again: something is wrong that a restart does not mend. */
const RESTARTS_MAX = 5;
/** Up for this long, a part counts as sound again. */
const STEADY_MS = 60_000;

const { values } = parseArgs({
  options: {
    site: { type: 'string', multiple: true, default: [] },
    scenarios: { type: 'string', default: process.env['SCENARIO_PORT'] ?? '8090' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`npm start -- [options]
  --site FILE        add a gateway of your own to the demo, and enrol it (may stand several times)
  --scenarios PORT   port of the scenario page, 0 = free (default 8090)
Settings come from the environment; npm run hub -- --help lists them.`);
  process.exit(0);
}

const data = resolve(process.env['FENGSUI_DATA'] ?? 'data');
const demoDir = resolve(data, 'demo');
mkdirSync(demoDir, { recursive: true, mode: 0o700 });

type Ready = Record<string, unknown>;

/** A child process that tells when it is ready by one JSON line on stdout, and is started again when it dies. */
class Part {
  readonly #name: string;
  readonly #args: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #stopping = false;
  /** ms monotonic of its last ready line. */
  #readyAt: number | undefined;
  #restarts = 0;

  constructor(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#name = name;
    this.#args = args;
    this.#env = env;
  }

  start(onReady?: (ready: Ready) => void): Promise<Ready> {
    return new Promise((done, fail) => {
      // The `ipc` channel is the leash: when this process dies, however, the child hears `disconnect` and ends.
      const child = spawn(process.execPath, this.#args, {
        cwd: ROOT,
        env: { ...process.env, ...this.#env, FENGSUI_DATA: data },
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
        // Ctrl-C in a terminal reaches a whole process group: parts must end in our order, not all at once.
        detached: process.platform !== 'win32',
      });
      this.#child = child;
      const deadline = setTimeout(
        () => fail(new Error(`${this.#name}: not ready after ${READY_MS / 1_000} s`)),
        READY_MS,
      );
      let rest = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        rest += chunk.toString('utf8');
        const lines = rest.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const ready = readyOf(line);
          if (ready) {
            clearTimeout(deadline);
            this.#readyAt = performance.now();
            onReady?.(ready);
            done(ready);
          } else if (line !== '') console.log(line);
        }
      });
      child.once('exit', (code, signal) => {
        clearTimeout(deadline);
        fail(new Error(`${this.#name} ended before it was ready (${signal ?? code})`));
        // What never came up does not come up by trying again: a port is taken, a file is wrong.
        if (!this.#stopping && !stopping && this.#readyAt !== undefined) this.#again(onReady, signal ?? code);
      });
    });
  }

  /** @returns when the process is gone; killed after a bound if it does not go by itself. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((done) => child.once('exit', () => done()));
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(kill);
  }

  #again(onReady: ((ready: Ready) => void) | undefined, why: string | number | null): void {
    if (performance.now() - (this.#readyAt ?? 0) > STEADY_MS) this.#restarts = 0;
    if (++this.#restarts > RESTARTS_MAX) {
      console.error(`${this.#name} ended ${RESTARTS_MAX} times in a row (${why}); stopping`);
      void stopAll(1);
      return;
    }
    console.error(`${this.#name} ended unexpectedly (${why}); starting it again`);
    setTimeout(() => {
      if (!this.#stopping && !stopping) this.start(onReady).catch((error: unknown) => console.error(String(error)));
    }, RESTART_MS);
  }
}

function readyOf(line: string): Ready | undefined {
  if (!line.startsWith('{"ready"')) return undefined;
  try {
    return JSON.parse(line) as Ready;
  } catch {
    return undefined;
  }
}

const parts: Part[] = [];
let stopping: Promise<void> | undefined;
function stopAll(code: number): Promise<void> {
  stopping ??= (async () => {
    // Devices first would look like failures: the gateway goes first, then who feeds it, then the hub.
    for (const part of parts.toReversed()) await part.stop();
    process.exit(code);
  })();
  return stopping;
}
process.once('SIGINT', () => void stopAll(0));
process.once('SIGTERM', () => void stopAll(0));
process.once('SIGHUP', () => void stopAll(0));
// npm hands SIGTERM to the shell between it and us, which ends without a word of it: a parent that is another one now
// says so. Only under `npm start`: whoever runs this file by hand or from a service may end without meaning us.
if (process.env['npm_lifecycle_event'] === 'start') {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) void stopAll(0);
  }, PARENT_LOOK_MS).unref();
}

function launch(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  onReady?: (ready: Ready) => void,
): Promise<Ready> {
  const part = new Part(name, args, env);
  parts.push(part);
  return part.start(onReady);
}

/** The dashboard is built by `npm ci`; a checkout where that did not happen builds it here, once. */
async function ensureDashboard(): Promise<void> {
  if (existsSync(resolve(ROOT, 'dashboard/dist/index.html'))) return;
  console.log('building the dashboard, once …');
  const { build } = await import('vite');
  await build({ root: resolve(ROOT, 'dashboard'), logLevel: 'warn' });
}

const text = (ready: Ready, key: string): string => {
  const value = ready[key];
  if (typeof value !== 'string') throw new Error(`no ${key} in the ready line`);
  return value;
};

async function main(): Promise<void> {
  await ensureDashboard();
  const programs = await preparePrograms(ROOT, ['hub/main.ts', 'simulators/main.ts', 'gateway/main.ts'], console.error);
  const community = resolve(ROOT, 'simulators/demo-community/xingfuli.yaml');
  const [hub, simulators] = await Promise.all([
    launch('hub', programs('hub/main.ts'), {
      FENGSUI_DEMO_COMMUNITY: community,
      FENGSUI_DEMO_PAST_DAYS: '14',
      FENGSUI_DEMO_GATEWAYS: values.site.map((file) => gatewayIdOf(resolve(file))).join(' '),
    }),
    launch(
      'simulators',
      [...programs('simulators/main.ts'), '--community', community, '--data', demoDir, '--page', values.scenarios],
      {},
    ),
  ]);
  const page = text(simulators, 'page');
  const credentials = JSON.parse(readFileSync(resolve(demoDir, 'gateway-credentials.json'), 'utf8')) as Record<
    string,
    string
  >;
  const gateways = await Promise.all(
    [text(simulators, 'site'), ...values.site.map((file) => resolve(file))].map((site, k) =>
      startGateway(programs, site, k, text(hub, 'broker'), credentials, k === 0 ? page : undefined),
    ),
  );
  console.log(
    JSON.stringify({
      ready: 'fengsui',
      url: hub['url'],
      scenarios: page,
      broker: hub['broker'],
      gateways,
      data,
      users: hub['users'],
      password: hub['password'],
    }),
  );
}

async function startGateway(
  programs: Programs,
  site: string,
  k: number,
  broker: string,
  credentials: Record<string, string>,
  page: string | undefined,
): Promise<Ready> {
  const id = gatewayIdOf(site);
  // The first gateway keeps the documented ports; the user's own get free ones and say which. A transmission device of
  // the demo is told where to call, so it needs no port of its own that something else may have.
  const own = process.env['GB26875_PORT'] ?? '0';
  // Simulated devices live by this machine's clock, so it is right for them.
  const ports =
    k === 0
      ? { GB26875_PORT: own, CLOCK_TRUSTED: 'yes' }
      : { FIELD_MQTT_PORT: '0', ANNUNCIATOR_PORT: '0', GB26875_PORT: '0' };
  return launch(
    `gateway ${id}`,
    [...programs('gateway/main.ts'), '--site', site],
    { ...ports, MQTT_URL: broker, GATEWAY_USER: id, GATEWAY_PASSWORD: credentials[id] ?? '' },
    (ready) => {
      if (page === undefined) return;
      void tellSimulators(`${page}/field-mqtt`, `mqtt://127.0.0.1:${String(ready['fieldMqtt'])}`);
      void tellSimulators(`${page}/gb26875`, `tcp://127.0.0.1:${String(ready['gb26875'])}`);
    },
  );
}

async function tellSimulators(at: string, url: string): Promise<void> {
  const response = await fetch(at, { method: 'POST', body: JSON.stringify({ url }) });
  if (!response.ok) console.error(`simulators: ${await response.text()}`);
}

/** The gateway's id is the one line of a site file that this launcher needs. @throws Error when it is not there. */
function gatewayIdOf(file: string): string {
  const id = /^gateway:\s*['"]?([a-z0-9][a-z0-9-]{0,62})['"]?\s*(?:#.*)?$/m.exec(readFileSync(file, 'utf8'))?.[1];
  if (id === undefined) throw new Error(`${file}: no line "gateway: <id>"`);
  return id;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  void stopAll(1);
});
