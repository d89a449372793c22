// Free TCP ports on loopback, for servers of others that can't be told to choose one (ours take port 0).
import { createServer, connect } from 'node:net';
import { until } from './wait.ts';

const given = new Set<number>();

/** A port that nothing listens on now and that this process has not handed out before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
      });
    });
    if (port === 0 || given.has(port)) continue;
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
