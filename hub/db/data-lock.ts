// One hub a data directory: whoever listens on this socket owns it. The kernel lets go of it when the process dies.
import { createServer, connect, type Server } from 'node:net';
import { rmSync } from 'node:fs';

export interface DataLock {
  release(): Promise<void>;
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
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
    const server = await listen(path);
    if (server !== undefined) {
      return { release: () => new Promise((resolve) => server.close(() => resolve())) };
    }
    if (await answers(path)) return undefined;
    // Left by a process that was killed.
    rmSync(path, { force: true });
  }
  return undefined;
}
