// A Modbus TCP server as fast as Node allows, on many ports, for benches: simulators that wait would hide what is measured.
// argv[2]: JSON {"ports": 1000, "changeMs": 0, "share": 0}: every changeMs a share (0…1) of all registers changes.
// {"ports": 10, "counting": true}: every register of a unit tells how often the unit has been read, so that no two
// replies are the same and each number is told once. SIGUSR2 stops the counting; what has been told is printed.
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';

const REGISTERS = 1_000;
const REQUEST_BYTES = 12;
const UNITS = 256;

interface Settings {
  readonly ports: number;
  readonly changeMs?: number;
  readonly share?: number;
  readonly counting?: boolean;
}

const told = { registers: 0 };
let counting = true;

/** Answers functions 3 and 4 of every whole request in the chunk from the bank, or with the unit's count of reads. */
function answer(chunk: Buffer, bank: Buffer, reads: Uint16Array | undefined): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + REQUEST_BYTES <= chunk.length; at += REQUEST_BYTES) {
    const address = chunk.readUInt16BE(at + 8);
    const count = chunk.readUInt16BE(at + 10);
    const reply = Buffer.allocUnsafe(9 + count * 2);
    chunk.copy(reply, 0, at, at + 8);
    reply.writeUInt16BE(count * 2 + 3, 4);
    reply[8] = count * 2;
    if (reads) tellCount(reply, reads, chunk[at + 6] ?? 0, count);
    else bank.copy(reply, 9, address * 2, (address + count) * 2);
    parts.push(reply);
  }
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}

function tellCount(reply: Buffer, reads: Uint16Array, unit: number, count: number): void {
  if (counting) {
    reads[unit] = (reads[unit] ?? 0) + 1;
    told.registers += count;
  }
  const value = reads[unit] ?? 0;
  for (let k = 0; k < count; k++) reply.writeUInt16BE(value, 9 + k * 2);
}

async function main(): Promise<void> {
  const { ports: wanted, changeMs = 0, share = 0, counting: counts } = JSON.parse(process.argv[2] ?? '{}') as Settings;
  const bank = Buffer.alloc(REGISTERS * 2);
  const ports: number[] = [];
  for (let n = 0; n < wanted; n++) {
    const reads = counts ? new Uint16Array(UNITS) : undefined;
    const server = createServer((socket) => {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => socket.write(answer(chunk, bank, reads)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as AddressInfo).port);
  }
  let round = 0;
  if (changeMs > 0 && share > 0)
    setInterval(() => {
      round++;
      const every = Math.max(1, Math.round(1 / share));
      for (let r = round % every; r < REGISTERS; r += every)
        bank.writeUInt16BE((bank.readUInt16BE(r * 2) + 1) & 0x7fff, r * 2);
    }, changeMs);
  process.on('SIGUSR2', () => {
    counting = false;
    console.log(JSON.stringify({ told: told.registers }));
  });
  console.log(JSON.stringify({ ports }));
}

await main();
