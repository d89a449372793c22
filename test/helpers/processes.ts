// Child processes of tests: started, heard, ended by their pid; none is left behind, whatever the test does.
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onCleanup, onExit } from './cleanup.ts';
import { within } from './wait.ts';

export const REPO = fileURLToPath(new URL('../..', import.meta.url));

export interface StartOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Which line of stdout (or stderr) says that it is ready; default: the first one that is a JSON object. */
  readonly ready?: RegExp | 'json' | 'none';
  /** Deadline for being ready, ms. Default 30 s. */
  readonly ms?: number;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** The ready line: parsed when it was JSON, else the text. */
  readonly ready: unknown;
  /** Everything it has printed so far (the last MiB of each stream). */
  stdout(): string;
  stderr(): string;
  readonly ended: Promise<Ended>;
  /** Sends `signal` to the process and waits for its end; after `ms` its whole process group is killed. */
  stop(signal?: NodeJS.Signals, ms?: number): Promise<Ended>;
  /** kill -9 of the process (not of its children), as a power cut would; waits for its end. */
  kill(): Promise<Ended>;
}

const OUTPUT_CHARS_MAX = 1024 * 1024;

/** Signals the child's process group; a group that is gone is not an error. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody left in the group.
  }
}

function collect(stream: NodeJS.ReadableStream, onLine: (line: string) => void): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (part: string) => {
    text += part;
    if (text.length > OUTPUT_CHARS_MAX) text = text.slice(-OUTPUT_CHARS_MAX);
  });
  createInterface({ input: stream }).on('line', onLine);
  return () => text;
}

function readyValue(line: string, ready: RegExp | 'json'): unknown {
  if (ready !== 'json') return ready.test(line) ? line : undefined;
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

/** Starts a command and waits until it is ready. @throws Error with its output when it ends or stays silent instead */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<RunningProcess> {
  const ready = options.ready ?? 'json';
  // Its own process group, so that whatever it starts can be ended with it.
  const child = spawn(command, args, {
    cwd: options.cwd ?? REPO,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const name = [command, ...args].join(' ');
  const started = new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  const ended = new Promise<Ended>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  let tell: (value: unknown) => void = () => undefined;
  const isReady = new Promise<unknown>((resolve) => (tell = resolve));
  const onLine = (line: string): void => {
    const value = ready === 'none' ? undefined : readyValue(line, ready);
    if (value !== undefined) tell(value);
  };
  const stdout = collect(child.stdout, onLine);
  const stderr = collect(child.stderr, onLine);
  await started;
  const pid = child.pid ?? 0;

  const withdraw = onExit(() => signalGroup(pid, 'SIGKILL'));
  const stop = async (signal: NodeJS.Signals = 'SIGTERM', ms = 15_000): Promise<Ended> => {
    child.kill(signal);
    const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), ms);
    const end = await ended;
    clearTimeout(timer);
    signalGroup(pid, 'SIGKILL');
    withdraw();
    return end;
  };
  onCleanup(async () => void (await stop()));

  const output = (): string => `${stdout()}${stderr()}`.slice(-4_000);
  const died = ended.then((e): never => {
    throw new Error(`${name} ended (${e.signal ?? `code ${e.code}`}) before it was ready:\n${output()}`);
  });
  died.catch(() => undefined);
  const value =
    ready === 'none'
      ? undefined
      : await within(Promise.race([isReady, died]), {
          ms: options.ms ?? 30_000,
          what: () => `${name} is ready; it printed:\n${output()}`,
        });
  const kill = async (): Promise<Ended> => {
    child.kill('SIGKILL');
    return ended;
  };
  return { pid, child, ready: value, stdout, stderr, ended, stop, kill };
}

/** Starts one of our TypeScript entry points (path from the repository's root) in one process of its own. */
export const startNode = (
  entry: string,
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<RunningProcess> => startProcess(process.execPath, ['--import', 'tsx', entry, ...args], options);

/** Runs a command to its end and gives its output. Doesn't throw on a non-zero code. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: StartOptions & { readonly ms?: number } = {},
): Promise<Ended & { readonly stdout: string; readonly stderr: string }> {
  const running = await startProcess(command, args, { ...options, ready: 'none' });
  const timer = setTimeout(() => signalGroup(running.pid, 'SIGKILL'), options.ms ?? 60_000);
  const end = await running.ended;
  clearTimeout(timer);
  return { ...end, stdout: running.stdout(), stderr: running.stderr() };
}

/** True while a process with this pid exists. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
