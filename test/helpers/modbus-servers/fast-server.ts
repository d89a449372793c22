// A Modbus TCP server as fast as Node allows, on many ports, for benches: simulators that wait would hide what is measured.
// argv[2]: JSON {"ports": 1000, "changeMs": 0, "share": 0}: every changeMs a share (0…1) of all registers changes.
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';

const REGISTERS = 1_000;
const REQUEST_BYTES = 12;

interface Settings {
  readonly ports: number;
  readonly changeMs: number;
  readonly share: number;
}

/** Answers functions 3 and 4 of every whole request in the chunk from the bank. */
function answer(chunk: Buffer, bank: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + REQUEST_BYTES <= chunk.length; at += REQUEST_BYTES) {
    const address = chunk.readUInt16BE(at + 8);
    const bytes = chunk.readUInt16BE(at + 10) * 2;
    const reply = Buffer.allocUnsafe(9 + bytes);
    chunk.copy(reply, 0, at, at + 8);
    reply.writeUInt16BE(bytes + 3, 4);
    reply[8] = bytes;
    bank.copy(reply, 9, address * 2, address * 2 + bytes);
    parts.push(reply);
  }
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}

async function main(): Promise<void> {
  const settings = JSON.parse(process.argv[2] ?? '{}') as Settings;
  const bank = Buffer.alloc(REGISTERS * 2);
  const ports: number[] = [];
  for (let n = 0; n < settings.ports; n++) {
    const server = createServer((socket) => {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => socket.write(answer(chunk, bank)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as AddressInfo).port);
  }
  let round = 0;
  if (settings.changeMs > 0)
    setInterval(() => {
      round++;
      const every = Math.max(1, Math.round(1 / settings.share));
      for (let r = round % every; r < REGISTERS; r += every)
        bank.writeUInt16BE((bank.readUInt16BE(r * 2) + 1) & 0x7fff, r * 2);
    }, settings.changeMs);
  console.log(JSON.stringify({ ports }));
}

await main();
