// Free TCP ports on loopback, for servers of others that can't be told to choose one (ours take port 0).
import { createServer, connect } from 'node:net';
import { until } from './wait.ts';

const given = new Set<number>();

/**
 * Below the ports that systems give to outgoing connections (from 32768 on Linux, 49152 elsewhere): one of those could
 * take the port between here and the server that is to listen on it.
 */
const RANGE = { from: 15_000, to: 32_000 } as const;

const canListen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** A port that nothing listens on now and that this process has not handed out before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = RANGE.from + Math.floor(Math.random() * (RANGE.to - RANGE.from));
    if (given.has(port) || !(await canListen(port))) continue;
    given.add(port);
    return port;
  }
}

const accepts = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** Resolves when something accepts connections on the port. @throws Error naming `what` at the deadline */
export async function listening(port: number, what: string, { ms = 20_000, host = '127.0.0.1' } = {}): Promise<void> {
  await until(() => accepts(port, host), { ms, what: `${what} accepts connections on port ${port}`, everyMs: 20 });
}
