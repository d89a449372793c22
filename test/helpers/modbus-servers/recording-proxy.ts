// A TCP proxy that remembers every Modbus TCP request that passes through it on the way to a server.
import { connect, createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { onCleanup } from '../cleanup.ts';

export interface RecordingProxy {
  readonly port: number;
  /** Function codes seen, each with how often. */
  readonly functions: ReadonlyMap<number, number>;
  /** Bytes that were no whole request: must stay empty. */
  unread(): number;
}

export async function startRecordingProxy(serverPort: number): Promise<RecordingProxy> {
  const functions = new Map<number, number>();
  const rests = new Set<{ bytes: Buffer }>();
  const proxy = createServer((client) => {
    const server = connect(serverPort, '127.0.0.1');
    const rest = { bytes: Buffer.alloc(0) };
    rests.add(rest);
    client.on('data', (chunk) => {
      rest.bytes = Buffer.concat([rest.bytes, chunk]);
      while (rest.bytes.length >= 8 && rest.bytes.length >= 6 + rest.bytes.readUInt16BE(4)) {
        const code = rest.bytes.readUInt8(7);
        functions.set(code, (functions.get(code) ?? 0) + 1);
        rest.bytes = rest.bytes.subarray(6 + rest.bytes.readUInt16BE(4));
      }
      server.write(chunk);
    });
    server.on('data', (chunk) => client.write(chunk));
    const end = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onCleanup(() => void proxy.close());
  const { port } = proxy.address() as AddressInfo;
  return { port, functions, unread: () => [...rests].reduce((sum, r) => sum + r.bytes.length, 0) };
}
