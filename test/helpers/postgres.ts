// The system's own PostgreSQL on a free loopback port in a temporary directory, as a user's DATABASE_URL would be.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { program, requirePart } from './parts.ts';
import { freePort, listening } from './ports.ts';
import { runToEnd, startProcess, type RunningProcess } from './processes.ts';
import { tempDir } from './temp.ts';

export interface Postgres {
  /** URL of a superuser and a fresh database `fengsui`. */
  readonly url: string;
  readonly port: number;
  /** Version as the server says it, e.g. `15.14`. */
  readonly version: string;
  /** Pid of the postmaster (or of the wrapper that became it). */
  readonly pid: number;
  /** Creates one more database and gives its URL. */
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
  /** kill -9 of the postmaster */
  kill(): Promise<void>;
  /** Starts it again on the same port and directory. */
  restart(): Promise<void>;
}

const USER = 'fengsui';

/**
 * PostgreSQL refuses to run as root. Inside a user namespace root is nobody and still owns its files; where namespaces
 * are forbidden, the user that the system's package made does it. Each wrapper execs, so the pid stays the server's.
 */
function unprivileged(): { readonly prefix: readonly string[]; readonly shared: boolean } {
  if (process.getuid?.() !== 0) return { prefix: [], shared: false };
  const unshare = program('unshare');
  if (unshare && spawnSync(unshare, ['--user', 'true'], { stdio: 'ignore' }).status === 0)
    return { prefix: [unshare, '--user'], shared: false };
  const setpriv = program('setpriv');
  if (setpriv && spawnSync('id', ['postgres'], { stdio: 'ignore' }).status === 0)
    return { prefix: [setpriv, '--reuid=postgres', '--regid=postgres', '--clear-groups'], shared: true };
  throw new Error('PostgreSQL refuses root, and neither a user namespace nor a user "postgres" is to be had');
}

async function mustRun(command: readonly string[], what: string): Promise<string> {
  const [file = '', ...args] = command;
  const done = await runToEnd(file, args, { env: { LC_ALL: 'C.UTF-8' }, ms: 60_000 });
  if (done.code !== 0) throw new Error(`${what} failed (code ${done.code}): ${done.stderr}${done.stdout}`);
  return done.stdout;
}

export async function startPostgres(
  options: { readonly settings?: Readonly<Record<string, string>> } = {},
): Promise<Postgres> {
  const bin = requirePart('postgresql');
  const { prefix, shared } = unprivileged();
  const base = tempDir('postgres', { shared });
  const data = join(base, 'data');
  const port = await freePort();
  if (!shared) mkdirSync(data, { mode: 0o700 });
  const initdb = [join(bin, 'initdb'), '-D', data, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8'];
  await mustRun([...prefix, ...initdb, '--no-sync'], 'initdb');

  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: base,
    ...options.settings,
  };
  const serve = [
    join(bin, 'postgres'),
    '-D',
    data,
    ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`]),
  ];
  const start = async (): Promise<RunningProcess> => {
    const [file = '', ...args] = [...prefix, ...serve];
    const running = await startProcess(file, args, {
      ready: /ready to accept connections/,
      env: { LC_ALL: 'C.UTF-8' },
    });
    await listening(port, 'PostgreSQL');
    return running;
  };
  let running = await start();
  const url = (database: string): string => `postgres://${USER}@127.0.0.1:${port}/${database}`;
  const psql = (statement: string): Promise<string> =>
    mustRun([join(bin, 'psql'), '-X', '-A', '-t', '-c', statement, url('postgres')], 'psql');
  const createDatabase = async (name: string): Promise<string> => {
    await psql(`CREATE DATABASE "${name}"`);
    return url(name);
  };
  return {
    url: await createDatabase('fengsui'),
    port,
    version: (await psql('SHOW server_version')).trim().split(' ')[0] ?? '',
    get pid() {
      return running.pid;
    },
    createDatabase,
    // SIGINT is PostgreSQL's fast shutdown: it doesn't wait for clients that forgot to leave.
    stop: async () => void (await running.stop('SIGINT')),
    kill: async () => void (await running.kill()),
    restart: async () => void (running = await start()),
  };
}
