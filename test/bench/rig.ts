// The product as a site runs it, for benches: hub and gateway as processes of their own, and a field of meters in a
// third one, so that what the field costs is not counted to them. Further devices of the bench's own may be added.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import { PASSWORD, signIn, type Caller } from '../e2e/compound.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { REPO, startNode, type RunningProcess } from '../helpers/processes.ts';
import { until } from '../helpers/wait.ts';
import { meterProfile } from '../helpers/meter-profile.ts';

const START_MS = 180_000;
const GATEWAY = 'gw-bench';
/** Where no broker is: port 1 of old belongs to a service that nobody runs. */
const NOBODY = 'mqtt://127.0.0.1:1';

export interface RigOptions {
  /** Meters, `registers` of each read every `pollMs`. */
  readonly meters: number;
  readonly registers: number;
  readonly pollMs: number;
  readonly metersPerLink: number;
  /** Every register is another one with every read, or this share of all of them with every second. */
  readonly changing: 'all' | number;
  /** More lines of the site file. */
  readonly links?: readonly string[];
  readonly devices?: readonly string[];
  /** Without a hub the gateway works for its spool alone. */
  readonly hub?: false;
}

export type Metrics = ReadonlyMap<string, number>;

export class Rig {
  readonly options: RigOptions;
  readonly field: RunningProcess;
  readonly hub: RunningProcess | undefined;
  readonly gateway: RunningProcess;
  /** '' without a hub. */
  readonly url: string;
  readonly #metricsUrl: string;

  private constructor(
    options: RigOptions,
    of: { readonly field: RunningProcess; readonly hub: RunningProcess | undefined; readonly gateway: RunningProcess },
  ) {
    this.options = options;
    this.field = of.field;
    this.hub = of.hub;
    this.gateway = of.gateway;
    this.url = of.hub === undefined ? '' : (of.hub.ready as { url: string }).url;
    this.#metricsUrl = (of.gateway.ready as { metrics: string }).metrics;
  }

  /**
   * @param dir where hub and gateway keep what they keep: `hub`, `gateway`
   * @returns once every device answers and nothing waits for the hub
   */
  static async start(dir: string, options: RigOptions): Promise<Rig> {
    const { meters, metersPerLink, changing } = options;
    const settings = changing === 'all' ? { counting: true } : { changeMs: 1_000, share: changing };
    const ports = Math.ceil(meters / metersPerLink);
    const field = await startNode('test/helpers/modbus-servers/fast-server.ts', [
      JSON.stringify({ ports, ...settings }),
    ]);
    const hub = options.hub === false ? undefined : await startHub(join(dir, 'hub'));
    const broker = hub && (hub.ready as { url: string; broker: string });
    const credentials = broker && (await enrol(broker.url));
    const site = writeSite(dir, options, (field.ready as { ports: number[] }).ports);
    const gateway = await startNode('gateway/main.ts', ['--site', site], {
      env: {
        FENGSUI_DATA: join(dir, 'gateway'),
        FIELD_MQTT_PORT: '0',
        ANNUNCIATOR_PORT: '0',
        LOG_LEVEL: 'error',
        MQTT_URL: broker?.broker ?? NOBODY,
        ...(credentials === undefined
          ? {}
          : { GATEWAY_USER: credentials.username, GATEWAY_PASSWORD: credentials.password }),
      },
      ms: START_MS,
    });
    const rig = new Rig(options, { field, hub, gateway });
    await rig.#settled();
    return rig;
  }

  /** Every device answers, and what they have told is on its way. */
  async #settled(): Promise<void> {
    const all = this.options.meters + (this.options.devices?.length ?? 0);
    let state = '';
    await until(
      async () => {
        const m = await this.metrics();
        const open = m.get('uplink_open{lane="telemetry"}') === 1 || this.hub === undefined;
        state = `${m.get('devices_online')} of ${all} devices, ${behind(m)} records behind`;
        return open && m.get('devices_online') === all && (behind(m) <= 2 * this.perSecond || this.hub === undefined);
      },
      { ms: START_MS, what: () => `the site is up: ${state}; ${this.voices()}`, everyMs: 200 },
    );
  }

  /** Changed points a second that the field offers. */
  get perSecond(): number {
    const { meters, registers, pollMs, changing } = this.options;
    return changing === 'all' ? (meters * registers * 1_000) / pollMs : meters * registers * changing;
  }

  meterDevice(k: number): string {
    return `${GATEWAY}.${meterId(k)}`;
  }

  signIn(username: string): Promise<Caller> {
    return signIn(this.url, username);
  }

  async live(caller: Caller): Promise<Socket> {
    const socket = io(this.url, { transports: ['websocket'], extraHeaders: { cookie: caller.cookie } });
    onCleanup(() => void socket.close());
    await until(() => socket.connected, { ms: 30_000, what: 'the live channel is open' });
    return socket;
  }

  /** The gateway's own counters, without their common prefix. */
  async metrics(): Promise<Metrics> {
    const text = await (await fetch(this.#metricsUrl)).text();
    const found = text.matchAll(/^fengsui_gateway_(\S+) (\S+)$/gm);
    return new Map([...found].map(([, name = '', value]) => [name, Number(value)]));
  }

  /** Ends the changes; answers how many changed registers the field has told in its life. */
  async quiet(): Promise<number> {
    this.field.child.kill('SIGUSR2');
    return until(() => Number(/"told":(\d+)/.exec(this.field.stdout())?.[1]), { what: 'the field says what it told' });
  }

  voices(): string {
    return `hub: ${this.hub?.stderr().slice(-1_500)}\ngateway: ${this.gateway.stderr().slice(-1_500)}`;
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    await this.hub?.stop('SIGTERM', 60_000);
    await this.field.stop();
  }
}

/** Telemetry that the hub has not yet stored. */
export const behind = (m: Metrics): number => stored(m, 'lane_head') - stored(m, 'uplink_acked');
/** Telemetry records that the gateway has written, or the hub has acknowledged. */
export const stored = (m: Metrics, what: 'lane_head' | 'uplink_acked'): number =>
  m.get(`${what}{lane="telemetry"}`) ?? 0;

const startHub = (dir: string): Promise<RunningProcess> =>
  startNode('hub/main.ts', [], {
    env: {
      HTTP_PORT: '0',
      MQTT_PORT: '0',
      FENGSUI_DATA: dir,
      FENGSUI_DEMO_PASSWORD: PASSWORD,
      FENGSUI_DEMO_COMMUNITY: join(REPO, 'simulators/demo-community/xingfuli.yaml'),
      LOG_LEVEL: 'error',
    },
    ms: START_MS,
  });

async function enrol(url: string): Promise<{ username: string; password: string }> {
  return (await signIn(url, 'admin')).good('POST', '/api/gateways', { id: GATEWAY });
}

const meterId = (k: number): string => `meter-${k}`;

function writeSite(dir: string, options: RigOptions, ports: readonly number[]): string {
  mkdirSync(join(dir, 'profiles', 'load'), { recursive: true });
  writeFileSync(join(dir, 'profiles', 'load', 'load-meter.yaml'), meterProfile(options.registers));
  const meter = (_: unknown, k: number): string => {
    const unit = 1 + (k % options.metersPerLink);
    const link = `m${Math.floor(k / options.metersPerLink)}`;
    return `  - { id: ${meterId(k)}, profile: load-meter, link: ${link}, unit: ${unit}, building: b1 }`;
  };
  const lines = [
    `gateway: ${GATEWAY}`,
    'community: xingfuli',
    'profiles: [profiles]',
    `poll: { fast: ${options.pollMs} }`,
    'links:',
    ...ports.map((port, k) => `  - { id: m${k}, type: modbus-tcp, host: 127.0.0.1, port: ${port} }`),
    ...(options.links ?? []),
    'devices:',
    ...Array.from({ length: options.meters }, meter),
    ...(options.devices ?? []),
  ];
  const file = join(dir, 'site.yaml');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}
