// One hub a data directory: whoever listens on this socket owns it. The kernel lets go of it when the process dies.
// Tools that run beside the hub (backup) ask it here for what only the owner can do; the directory lets in nobody else.
import { createServer, connect, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { rmSync } from 'node:fs';

/** A request of a tool and what the owner answers: one line of JSON each. */
export interface OwnerRequest {
  readonly do: 'copy-history';
  /** Absolute path of a file that does not exist. */
  readonly to: string;
}
export type OwnerAnswer = { readonly ok: true } | { readonly ok: false; readonly error: string };

export interface DataLock {
  /** Sets what answers requests from now on. */
  serve(answer: (request: OwnerRequest) => Promise<void>): void;
  release(): Promise<void>;
}

const REQUEST_CHARS_MAX = 10_000;

function isRequest(value: unknown): value is OwnerRequest {
  if (typeof value !== 'object' || value === null || !('do' in value) || !('to' in value)) return false;
  return value.do === 'copy-history' && typeof value.to === 'string';
}

/** Answers the one line of a connection; one that says nothing only wants to know whether we live. */
function talk(socket: Socket, answer: (request: OwnerRequest) => Promise<void>): void {
  socket.on('error', () => socket.destroy());
  const lines = createInterface({ input: socket });
  lines.once('line', (line) => {
    const run = async (): Promise<void> => {
      const request: unknown = line.length > REQUEST_CHARS_MAX ? undefined : JSON.parse(line);
      if (!isRequest(request)) throw new Error('unknown request');
      await answer(request);
    };
    run().then(
      () => socket.end(`${JSON.stringify({ ok: true })}\n`),
      (error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        socket.end(`${JSON.stringify({ ok: false, error: text })}\n`);
      },
    );
  });
}

/** Asks the living owner of a data directory. @throws Error with its reason when it refuses or is gone */
export async function askOwner(path: string, request: OwnerRequest): Promise<void> {
  const socket = connect(path);
  const line = await new Promise<string>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the hub went away')));
    createInterface({ input: socket }).once('line', resolve);
    socket.write(`${JSON.stringify(request)}\n`);
  });
  socket.destroy();
  const answer = JSON.parse(line) as OwnerAnswer;
  if (!answer.ok) throw new Error(answer.error);
}

function listen(path: string, onSocket: (socket: Socket) => void): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer(onSocket);
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      // The lock alone keeps no process alive.
      server.unref();
      resolve(server);
    });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const tell = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => tell(true));
    socket.once('error', () => tell(false));
  });
}

/** Takes the lock at `path` (a unix socket or a Windows pipe), or gives undefined while a living process has it. */
export async function takeLock(path: string): Promise<DataLock | undefined> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const sockets = new Set<Socket>();
    let answer = (_request: OwnerRequest): Promise<void> => Promise.reject(new Error('the hub is not ready'));
    const server = await listen(path, (socket) => {
      sockets.add(socket.once('close', () => sockets.delete(socket)));
      talk(socket, (request) => answer(request));
    });
    if (server !== undefined) {
      return {
        serve: (given) => void (answer = given),
        release: () =>
          new Promise((resolve) => {
            server.close(() => resolve());
            for (const socket of sockets) socket.destroy();
          }),
      };
    }
    if (await answers(path)) return undefined;
    // Left by a process that was killed.
    rmSync(path, { force: true });
  }
  return undefined;
}
