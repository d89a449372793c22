// A real Mosquitto on a free loopback port, with its clients; ended by its pid.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { program, requirePart } from './parts.ts';
import { freePort, listening } from './ports.ts';
import { REPO, runToEnd, startProcess, type RunningProcess } from './processes.ts';
import { tempDir } from './temp.ts';

export interface MosquittoOptions {
  /** Passwords by user; without it anybody may connect. */
  readonly users?: Readonly<Record<string, string>>;
  /** Text of an ACL file, as mosquitto.conf(5) describes it. */
  readonly acl?: string;
  /** More lines of mosquitto.conf. */
  readonly settings?: readonly string[];
  /** Keeps sessions and retained messages on disk, so that `restart` finds them. */
  readonly persistent?: boolean;
  /** A port that was free a moment ago; default: a fresh one. */
  readonly port?: number;
}

export interface Mosquitto {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
  /** kill -9 */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same directory, after `stop` or `kill`. */
  restart(): Promise<void>;
}

const START_MS_MAX = 20_000;

/** What compose.yaml gives a user's Mosquitto: its access list, and its settings without places and passwords. */
export function shippedSetup(): { readonly acl: string; readonly settings: readonly string[] } {
  const compose = parse(readFileSync(join(REPO, 'compose.yaml'), 'utf8')) as {
    readonly configs: Readonly<Record<'mosquitto-conf' | 'mosquitto-acl', { readonly content: string }>>;
  };
  const ours = /^(?:#|listener |allow_anonymous |password_file |acl_file )/;
  const settings = compose.configs['mosquitto-conf'].content.trim().split('\n');
  return { acl: compose.configs['mosquitto-acl'].content, settings: settings.filter((line) => !ours.test(line)) };
}

async function passwordFile(dir: string, users: Readonly<Record<string, string>>): Promise<string> {
  const file = join(dir, 'passwords');
  writeFileSync(file, '', { mode: 0o600 });
  const tool = program('mosquitto_passwd');
  if (!tool) throw new Error('mosquitto_passwd is not on this machine');
  for (const [user, password] of Object.entries(users)) {
    const done = await runToEnd(tool, ['-b', file, user, password]);
    if (done.code !== 0) throw new Error(`mosquitto_passwd failed: ${done.stderr}`);
  }
  return file;
}

async function configFile(dir: string, port: number, options: MosquittoOptions): Promise<string> {
  const lines = [
    `listener ${port} 127.0.0.1`,
    'log_dest stderr',
    `persistence ${options.persistent ? 'true' : 'false'}`,
    `persistence_location ${dir}/`,
    'autosave_on_changes true',
    'autosave_interval 1',
    ...(options.settings ?? ['set_tcp_nodelay true']),
    // Started by root it would become another user, who can't read a test's private directory.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ];
  if (options.users) lines.push('allow_anonymous false', `password_file ${await passwordFile(dir, options.users)}`);
  else lines.push('allow_anonymous true');
  if (options.acl !== undefined) {
    writeFileSync(join(dir, 'acl'), options.acl, { mode: 0o600 });
    lines.push(`acl_file ${join(dir, 'acl')}`);
  }
  const file = join(dir, 'mosquitto.conf');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const dir = tempDir('mosquitto');
  const port = options.port ?? (await freePort());
  const config = await configFile(dir, port, options);
  const start = async (): Promise<RunningProcess> => {
    const started = await startProcess(requirePart('mosquitto'), ['-c', config], {
      ready: /mosquitto version .* running/,
      ms: START_MS_MAX,
    });
    await listening(port, 'mosquitto');
    return started;
  };
  let running = await start();
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    get pid() {
      return running.pid;
    },
    stop: async () => void (await running.stop()),
    kill: async () => void (await running.kill()),
    restart: async () => void (running = await start()),
  };
}

export interface ClientOptions {
  readonly port: number;
  readonly topic: string;
  readonly user?: string;
  readonly password?: string;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly clientId?: string;
}

const clientArgs = (o: ClientOptions): string[] => [
  '-h',
  '127.0.0.1',
  '-p',
  String(o.port),
  '-t',
  o.topic,
  '-q',
  String(o.qos ?? 1),
  ...(o.user === undefined ? [] : ['-u', o.user]),
  ...(o.password === undefined ? [] : ['-P', o.password]),
  ...(o.clientId === undefined ? [] : ['-i', o.clientId]),
];

/** Publishes one message by mosquitto_pub. Resolves after the broker's PUBACK (QoS 1). @throws Error with its output */
export async function mosquittoPub(options: ClientOptions, payload: string | Uint8Array): Promise<void> {
  const file = join(tempDir('pub'), 'payload');
  writeFileSync(file, payload);
  const args = [...clientArgs(options), '-f', file, ...(options.retain ? ['-r'] : [])];
  const tool = requirePart('mosquitto-clients');
  const done = await runToEnd(tool, args, { ms: 15_000 });
  if (done.code !== 0) throw new Error(`mosquitto_pub ended with code ${done.code}: ${done.stderr || done.stdout}`);
}
