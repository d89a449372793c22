// The gateway's own small HTTP server, on loopback only and for reading only: the annunciator, /health, /metrics,
// /refused and /learned.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Anyone on this machine may read these; there is nothing to write. */
export interface LocalPages {
  readonly page: () => string;
  readonly health: () => { readonly status: string };
  readonly metrics: () => string;
  /** What devices sent and was refused, newest first: for the engineer who looks for the reason. */
  readonly refused: () => readonly object[];
  /** What was learned of each Modbus device by its refusals. */
  readonly learned: () => readonly object[];
}

export const LOCAL_SERVER_LIMITS = { connections: 64, requestMs: 5_000, headerBytes: 8_192 } as const;

export class LocalServer {
  readonly #server: Server;
  readonly #port: number;

  /** @param port 0 takes a free one */
  constructor(port: number, pages: LocalPages) {
    this.#port = port;
    const { requestMs, headerBytes, connections } = LOCAL_SERVER_LIMITS;
    this.#server = createServer({ requestTimeout: requestMs, maxHeaderSize: headerBytes }, (request, response) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') send(response, 405, 'text/plain', 'GET only');
      else answer(new URL(request.url ?? '/', 'http://localhost').pathname, pages, response);
    });
    this.#server.maxConnections = connections;
  }

  /** @returns the address. @throws when it can't listen */
  async start(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function answer(path: string, pages: LocalPages, response: ServerResponse): void {
  if (path === '/') send(response, 200, 'text/html', pages.page());
  else if (path === '/metrics') send(response, 200, 'text/plain; version=0.0.4', pages.metrics());
  else if (path === '/refused') send(response, 200, 'application/json', JSON.stringify({ items: pages.refused() }));
  else if (path === '/learned') send(response, 200, 'application/json', JSON.stringify({ items: pages.learned() }));
  else if (path === '/health') {
    const health = pages.health();
    send(response, health.status === 'down' ? 503 : 200, 'application/json', JSON.stringify(health));
  } else send(response, 404, 'text/plain', 'not found');
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type.includes(';') ? type : `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
  });
  response.end(body);
}
