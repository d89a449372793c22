// The compound of a faults run as real processes: hub, gateway and, when asked for, a PostgreSQL and a Mosquitto of
// their own. Each can be killed and comes back as its supervisor would start it: same directory, same ports.
import { cpSync, readFileSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { Caller, PASSWORD } from '../e2e/compound.ts';
import { shippedSetup, startMosquitto, type Mosquitto } from '../helpers/mosquitto.ts';
import { freePort } from '../helpers/ports.ts';
import { startPostgres, type Postgres } from '../helpers/postgres.ts';
import { alive, REPO, startNode, startProcess, type RunningProcess } from '../helpers/processes.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';
import { Field, GATEWAY, type FieldSize } from './field.ts';

/** What can be killed. */
export const VICTIMS = ['gateway', 'hub', 'bundled-postgres', 'postgres', 'broker'] as const;
export type Victim = (typeof VICTIMS)[number];
/** These need servers of their own. */
export const SEPARATE: readonly Victim[] = ['postgres', 'broker'];

const START_MS = 180_000;
const HUB_MQTT_PASSWORD = 'hub of the faults run';
const GATEWAY_MQTT_PASSWORD = 'gateway of the faults run';
/** Somebody with a name and a password of his own in the separate broker. */
export const OTHER_GATEWAY = { user: 'gw-other', password: 'other gateway of the faults run' } as const;
/** Hears and says everything in the separate broker, for tests. */
export const WATCHER = { username: 'watcher', password: 'watcher of the faults run' } as const;

export interface CompoundOptions {
  readonly field: FieldSize;
  /** PostgreSQL and Mosquitto of their own instead of those in the hub. */
  readonly separate?: boolean;
  /** Size of the disk that the gateway's data directory gets for itself, MiB. */
  readonly gatewayDiskMb?: number;
}

export interface Separate {
  readonly postgres: Postgres;
  readonly mosquitto: Mosquitto;
}

type Env = Readonly<Record<string, string>>;

/** One parsed line of /metrics: its name with labels, and its value. */
export type Metrics = ReadonlyMap<string, number>;

export class FaultCompound {
  readonly field: Field;
  readonly dir = tempDir('faults');
  readonly url: string;
  readonly separate: Separate | undefined;
  readonly #options: CompoundOptions;
  readonly #ports: { readonly http: number; readonly mqtt: number; readonly annunciator: number };
  #hubData = 'hub';
  #credentials: { readonly username: string; readonly password: string } = { username: '', password: '' };
  #hub: RunningProcess | undefined;
  #gateway: RunningProcess | undefined;

  private constructor(options: CompoundOptions, ports: FaultCompound['ports'], separate: Separate | undefined) {
    this.#options = options;
    this.#ports = ports;
    this.separate = separate;
    this.field = new Field(options.field);
    this.url = `http://127.0.0.1:${ports.http}`;
  }

  get ports(): { readonly http: number; readonly mqtt: number; readonly annunciator: number } {
    return this.#ports;
  }

  static async start(options: CompoundOptions): Promise<FaultCompound> {
    const ports = { http: await freePort(), mqtt: await freePort(), annunciator: await freePort() };
    const compound = new FaultCompound(options, ports, options.separate ? await startSeparate() : undefined);
    await compound.field.start();
    await compound.startHub();
    const admin = await compound.signIn('admin');
    const given = await admin.good<{ username: string; password: string }>('POST', '/api/gateways', { id: GATEWAY });
    compound.#credentials = options.separate ? { username: GATEWAY, password: GATEWAY_MQTT_PASSWORD } : given;
    compound.field.writeSite(compound.dir);
    await compound.startGateway();
    await until(async () => (await compound.metrics()).get('devices_offline') === 0, {
      ms: START_MS,
      what: 'every device answers the gateway',
      everyMs: 100,
    });
    return compound;
  }

  get hubEnv(): Env {
    const { separate } = this;
    return {
      HTTP_PORT: String(this.#ports.http),
      MQTT_PORT: String(this.#ports.mqtt),
      FENGSUI_DATA: join(this.dir, this.#hubData),
      FENGSUI_DEMO_PASSWORD: PASSWORD,
      FENGSUI_DEMO_COMMUNITY: join(REPO, 'simulators/demo-community/xingfuli.yaml'),
      LOG_LEVEL: 'warn',
      ...(separate
        ? {
            DATABASE_URL: separate.postgres.url,
            MQTT_URL: `mqtt://hub:${encodeURIComponent(HUB_MQTT_PASSWORD)}@127.0.0.1:${separate.mosquitto.port}`,
          }
        : {}),
    };
  }

  /** From now on the hub lives in this directory below the compound's. */
  moveHub(name: string): void {
    this.#hubData = name;
  }

  /** Starts the hub; resolves at its ready line. @throws Error with its output when it does not come up */
  async startHub(): Promise<void> {
    this.#hub = await startNode('hub/main.ts', [], { env: this.hubEnv, ms: START_MS });
  }

  async startGateway(): Promise<void> {
    const data = join(this.dir, 'gateway');
    const env = {
      FENGSUI_DATA: data,
      MQTT_URL: `mqtt://127.0.0.1:${this.separate?.mosquitto.port ?? this.#ports.mqtt}`,
      GATEWAY_USER: this.#credentials.username,
      GATEWAY_PASSWORD: this.#credentials.password,
      FIELD_MQTT_PORT: '0',
      ANNUNCIATOR_PORT: String(this.#ports.annunciator),
      LOG_LEVEL: 'warn',
    };
    const args = ['--site', join(this.dir, 'site.yaml')];
    const { gatewayDiskMb } = this.#options;
    if (gatewayDiskMb === undefined) {
      this.#gateway = await startNode('gateway/main.ts', args, { env, ms: START_MS });
      return;
    }
    // A small disk of its own, in a mount namespace that ends with the gateway.
    const command = [process.execPath, '--import', 'tsx', 'gateway/main.ts', ...args];
    const inside = `mkdir -p ${data} && mount -t tmpfs -o size=${gatewayDiskMb}m none ${data} && exec "$@"`;
    const namespaces = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
    this.#gateway = await startProcess('unshare', [...namespaces, 'sh', '-c', inside, 'sh', ...command], {
      env,
      ms: START_MS,
    });
  }

  /** kill -9 */
  async kill(victim: Victim): Promise<void> {
    switch (victim) {
      case 'gateway':
        return void (await this.#gateway?.kill());
      case 'hub':
        return void (await this.#hub?.kill());
      case 'postgres':
        return this.separate?.postgres.kill();
      case 'broker':
        return this.separate?.mosquitto.kill();
      case 'bundled-postgres':
        process.kill(this.#postmaster(), 'SIGKILL');
    }
  }

  /** What its supervisor does after a kill; the hub itself is the supervisor of its PostgreSQL. */
  async revive(victim: Victim): Promise<void> {
    switch (victim) {
      case 'gateway':
        return this.startGateway();
      case 'hub':
        return this.startHub();
      case 'postgres':
        return this.separate?.postgres.restart();
      case 'broker':
        return this.separate?.mosquitto.restart();
      case 'bundled-postgres':
        await until(() => alive(this.#postmaster()), { ms: START_MS, what: 'the hub restarts its PostgreSQL' });
    }
  }

  /** Whoever was not killed must be there still. @throws Error naming who ended by itself */
  expectUp(): void {
    const gone = Object.entries({ hub: this.#hub, gateway: this.#gateway }).filter(
      ([, p]) => p && (p.child.exitCode !== null || p.child.signalCode !== null),
    );
    if (gone.length > 0) throw new Error(`ended without having been killed: ${gone.map(([name]) => name).join(', ')}`);
  }

  async stopHub(): Promise<void> {
    await this.#hub?.stop();
  }

  async stopGateway(): Promise<void> {
    await this.#gateway?.stop();
  }

  async stop(): Promise<void> {
    await this.#gateway?.stop();
    await this.#hub?.stop();
    await this.separate?.mosquitto.stop();
    await this.separate?.postgres.stop();
  }

  /** Tries until the hub answers. */
  signIn(username: string): Promise<Caller> {
    return until(
      async () => {
        const answer = await fetch(`${this.url}/api/session`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ username, password: PASSWORD }),
        });
        const cookie = answer.headers.getSetCookie().find((c) => c.startsWith('fengsui_session='));
        if (!answer.ok || cookie === undefined) throw new Error(`${answer.status} ${await answer.text()}`);
        return new Caller(this.url, cookie.split(';')[0] ?? '');
      },
      { ms: START_MS, what: `${username} signs in`, everyMs: 200 },
    );
  }

  /** The gateway's own counters, without their common prefix. */
  async metrics(): Promise<Metrics> {
    const text = await (await fetch(`http://127.0.0.1:${this.#ports.annunciator}/metrics`)).text();
    const parsed = text.split('\n').flatMap((line) => {
      const [, name, value] = /^fengsui_gateway_(\S+) (\S+)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, Number(value)] as const];
    });
    return new Map(parsed);
  }

  /**
   * How the hub says it is and what the processes have said on stderr, for the report of a failure. `FAULTS_KEEP=DIR`
   * keeps a copy of all data there.
   */
  async voices(): Promise<string> {
    const health = await fetch(`${this.url}/api/health`)
      .then((answer) => answer.text())
      .catch(String);
    // So that a failure that took an hour can be looked into.
    const keep = process.env['FAULTS_KEEP'];
    // What goes away while it is copied (locks, sockets) is no part of it.
    const isKept = (path: string): boolean => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      return found !== undefined && !found.isSocket() && !found.isSymbolicLink();
    };
    if (keep !== undefined) cpSync(this.dir, keep, { recursive: true, filter: isKept });
    const tail = (of: RunningProcess | undefined): string => (of?.stderr() ?? '').slice(-6_000);
    return `--- health\n${health}\n--- hub\n${tail(this.#hub)}\n--- gateway\n${tail(this.#gateway)}`;
  }

  #postmaster(): number {
    const file = join(this.dir, this.#hubData, 'postgres', 'postmaster.pid');
    return Number(readFileSync(file, 'utf8').split('\n')[0]);
  }
}

async function startSeparate(): Promise<Separate> {
  const { acl, settings } = shippedSetup();
  const users = {
    hub: HUB_MQTT_PASSWORD,
    [GATEWAY]: GATEWAY_MQTT_PASSWORD,
    [OTHER_GATEWAY.user]: OTHER_GATEWAY.password,
    [WATCHER.username]: WATCHER.password,
  };
  const mosquitto = await startMosquitto({
    users,
    settings,
    acl: `${acl}\nuser ${WATCHER.username}\ntopic readwrite fengsui/#\n`,
  });
  return { postgres: await startPostgres(), mosquitto };
}
