// The bundled PostgreSQL: made at the first start, run as a child that ends with the hub, restarted when it dies.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import type { Logger } from 'pino';
import { BUNDLED_LIMITS } from '../config.ts';
import { findBinaries, type Binaries } from './binaries.ts';
import { bundledPaths, type BundledPaths } from './bundled-paths.ts';
import { freeDataDir, readPostmaster, stopPostmaster } from './postmaster.ts';
import { findRunAs, type RunAs } from './run-as.ts';

const ROLE = 'fengsui';
const DATABASE = 'fengsui';
const SOCKET_PORT = 5432;

/** How clients reach the server. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password?: string;
}

export interface BundledServer {
  readonly connection: Connection;
  /** Pid of the postmaster, for tests that kill it. */
  pid(): number | undefined;
  /** How often it died and was started again. */
  restarts(): number;
  /** Ends the server in order. */
  stop(): Promise<void>;
}

export interface BundledOptions {
  readonly dataDir: string;
  readonly log: Logger;
  /** Sockets are reachable by our user alone; TCP (loopback, random password) is for platforms without them. */
  readonly transport?: 'socket' | 'tcp';
  /** Added `-c` settings, e.g. `fsync=off` in tests that lose nothing by it. */
  readonly settings?: readonly string[];
}

// Runs the server and waits for it; when the pipe to the hub closes, however the hub ended, the server is told to
// shut down. The job's own stdin is /dev/null (POSIX), so the pipe is kept on descriptor 3.
const WATCHED = `
"$@" &
server=$!
exec 3<&0
(cat <&3 >/dev/null; kill -INT $server) 2>/dev/null &
watcher=$!
wait $server
code=$?
kill $watcher 2>/dev/null
exit $code`;

interface Setup {
  readonly paths: BundledPaths;
  readonly binaries: Binaries;
  readonly runAs: RunAs;
  readonly options: BundledOptions;
  readonly transport: 'socket' | 'tcp';
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function spawnServer(setup: Setup, command: string, args: readonly string[], watched: boolean): ChildProcess {
  const { prefix, user } = setup.runAs;
  const line = [...prefix, ...(watched ? ['sh', '-c', WATCHED, 'sh'] : []), command, ...args];
  return spawn(line[0] ?? command, line.slice(1), {
    // Its own process group: Ctrl-C in a terminal reaches the hub alone, which stops the server in order.
    detached: process.platform !== 'win32',
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC', ...setup.binaries.env },
    cwd: user === undefined ? setup.paths.socketDir : '/',
    stdio: ['pipe', 'pipe', 'pipe'],
    ...user,
  });
}

/** Runs the child to its end. @throws Error with what it printed when it fails */
async function finished(child: ChildProcess, what: string, ms: number): Promise<void> {
  let output = '';
  const collect = (part: Buffer): void => {
    output = (output + part.toString()).slice(-BUNDLED_LIMITS.startOutputCharsMax);
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  child.stdin?.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), ms);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${what} failed (${code ?? `ended after ${ms} ms`}):\n${output}`);
}

function password(paths: BundledPaths): string {
  if (!existsSync(paths.passwordFile)) {
    writeFileSync(paths.passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  }
  return readFileSync(paths.passwordFile, 'utf8');
}

/** Makes the data directory beside its place and moves it there whole, so that a cut first start leaves nothing half. */
async function initialise(setup: Setup): Promise<void> {
  const { paths, binaries, runAs, transport } = setup;
  if (existsSync(paths.data)) return;
  rmSync(paths.unfinished, { recursive: true, force: true });
  const auth = transport === 'tcp' ? ['-A', 'scram-sha-256', `--pwfile=${paths.passwordFile}`] : ['-A', 'trust'];
  if (transport === 'tcp') password(paths);
  if (runAs.user !== undefined) giveTo(setup.options.dataDir, paths, runAs.user);
  const args = ['-D', paths.unfinished, '-U', ROLE, '-E', 'UTF8', '--no-instructions', ...auth];
  // Order by code point: the same on every system, whatever its locales; Chinese collation is asked for where needed.
  args.push('--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8');
  const child = spawnServer(setup, binaries.initdb, args, false);
  await finished(child, 'initdb', BUNDLED_LIMITS.initMsMax);
  renameSync(paths.unfinished, paths.data);
}

function giveTo(dataDir: string, paths: BundledPaths, user: { uid: number; gid: number }): void {
  for (const path of [dataDir, paths.socketDir]) chownSync(path, user.uid, user.gid);
  if (existsSync(paths.passwordFile)) chownSync(paths.passwordFile, user.uid, user.gid);
}

function serverArgs({ paths, options, transport }: Setup, port: number): string[] {
  const settings = [
    'fsync=on',
    'full_page_writes=on',
    'synchronous_commit=on',
    `shared_buffers=${BUNDLED_LIMITS.sharedBuffersMb}MB`,
    `max_connections=${BUNDLED_LIMITS.connectionsMax}`,
    // Reports run elsewhere; workers for them would take cores from ingest.
    'max_parallel_workers_per_gather=0',
    'io_method=sync',
    'jit=off',
    // After a crash: one call for the whole file system instead of one for each of a thousand files.
    ...(process.platform === 'linux' ? ['recovery_init_sync_method=syncfs'] : []),
    'timezone=UTC',
    'log_timezone=UTC',
    'log_min_messages=warning',
    // Statements may carry personal data and password hashes.
    'log_min_error_statement=panic',
    'log_parameter_max_length_on_error=0',
    ...(transport === 'tcp'
      ? ['listen_addresses=127.0.0.1', 'unix_socket_directories=']
      : ['listen_addresses=', `unix_socket_directories=${paths.socketDir}`, 'unix_socket_permissions=0700']),
    ...(options.settings ?? []),
  ];
  return ['-D', paths.data, '-p', String(port), ...settings.flatMap((s) => ['-c', s])];
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Waits until postmaster.pid says `ready`. @throws Error with the server's messages when it ends first */
async function ready(setup: Setup, child: ChildProcess, output: () => string): Promise<void> {
  const deadline = performance.now() + BUNDLED_LIMITS.startMsMax;
  // A file of an earlier server was disowned before this one started.
  while (readPostmaster(setup.paths.data)?.status !== 'ready') {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the bundled PostgreSQL ended while it started:\n${output()}`);
    }
    if (performance.now() > deadline) throw new Error(`the bundled PostgreSQL is not ready:\n${output()}`);
    await pause(10);
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
}

async function launch(setup: Setup, port: number): Promise<Running> {
  await freeDataDir(setup.paths.data);
  const log = setup.options.log;
  let output = '';
  const child = spawnServer(setup, setup.binaries.postgres, serverArgs(setup, port), process.platform !== 'win32');
  // The pipe is only there to be closed; a server that dies first closes it from its side.
  child.stdin?.on('error', () => undefined);
  const exited = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      output += error.message;
      resolve();
    });
    child.once('exit', () => resolve());
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      output = `${output}${line}\n`.slice(-BUNDLED_LIMITS.startOutputCharsMax);
      log.debug({ postgres: line }, 'message of the bundled PostgreSQL');
    });
  }
  await ready(setup, child, () => output);
  return { child, exited };
}

/** Makes the database at the first start; one that is there is left alone. */
async function ensureDatabase(connection: Connection): Promise<void> {
  const client = new Client({ ...connection, database: 'postgres' });
  // Heard by the statement that it breaks; without a listener it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

function connectionOf(setup: Pick<Setup, 'paths' | 'transport'>, port: number): Connection {
  const base = { user: ROLE, database: DATABASE, port };
  return setup.transport === 'tcp'
    ? { ...base, host: '127.0.0.1', password: password(setup.paths) }
    : { ...base, host: setup.paths.socketDir };
}

/** Keeps one server running until it is stopped. */
class Supervisor implements BundledServer {
  readonly connection: Connection;
  readonly #setup: Setup;
  #running: Running;
  #stopping = false;
  #restarts = 0;
  #loop: Promise<void>;

  constructor(setup: Setup, connection: Connection, running: Running) {
    this.#setup = setup;
    this.connection = connection;
    this.#running = running;
    this.#loop = this.#supervise();
  }

  pid(): number | undefined {
    return readPostmaster(this.#setup.paths.data)?.pid;
  }

  restarts(): number {
    return this.#restarts;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const pid = this.pid();
    this.#running.child.stdin?.end();
    if (pid !== undefined) await stopPostmaster(pid);
    await this.#loop;
  }

  async #supervise(): Promise<void> {
    const { log } = this.#setup.options;
    for (;;) {
      await this.#running.exited;
      this.#running.child.stdin?.destroy();
      if (this.#stopping) return;
      log.error('the bundled PostgreSQL died; starting it again');
      if (!(await this.#restart())) return;
      this.#restarts += 1;
      log.warn('the bundled PostgreSQL runs again');
    }
  }

  /** Tries for ever, with growing pauses; false when told to stop meanwhile. */
  async #restart(): Promise<boolean> {
    for (let tries = 0; !this.#stopping; tries += 1) {
      try {
        this.#running = await launch(this.#setup, this.connection.port);
        if (!this.#stopping) return true;
        this.#running.child.stdin?.end();
        await this.#running.exited;
      } catch (error) {
        const backoff = BUNDLED_LIMITS.restartBackoffMs;
        const wait = backoff[Math.min(tries, backoff.length - 1)] ?? 0;
        this.#setup.options.log.error({ err: error, waitMs: wait }, 'the bundled PostgreSQL does not start');
        await pause(wait);
      }
    }
    return false;
  }
}

const transportOf = (given: BundledOptions['transport']): 'socket' | 'tcp' =>
  given ?? (process.platform === 'win32' ? 'tcp' : 'socket');

/** How to reach the server that another hub runs in a data directory. */
export function bundledConnection(dataDir: string, given?: BundledOptions['transport']): Connection {
  const transport = transportOf(given);
  const paths = bundledPaths(dataDir);
  const port = transport === 'tcp' ? (readPostmaster(paths.data)?.port ?? 0) : SOCKET_PORT;
  return connectionOf({ paths, transport }, port);
}

/**
 * Starts the bundled server, making its data directory at the first start and freeing it from a server that a killed
 * hub left behind. Whoever calls this must own the data directory (data-lock.ts).
 * @throws Error naming DATABASE_URL when it cannot run here
 */
export async function startBundled(options: BundledOptions): Promise<BundledServer> {
  const transport = transportOf(options.transport);
  const paths = bundledPaths(options.dataDir);
  const binaries = findBinaries(paths.links);
  const runAs = findRunAs(binaries.postgres, binaries.env, process.getuid?.() === 0);
  const setup: Setup = { paths, binaries, runAs, options, transport };
  await initialise(setup);
  const port = transport === 'tcp' ? await freePort() : SOCKET_PORT;
  const running = await launch(setup, port);
  const connection = connectionOf(setup, port);
  await ensureDatabase(connection);
  return new Supervisor(setup, connection, running);
}
