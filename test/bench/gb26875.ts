// Frames of a transmission device a second through a whole gateway process: parsed, stored on disk and confirmed. The
// device changes the state of another component with each message and has a window of them on its way, as fast as
// confirmations come. Against it, in the same run, what reading the same frames alone costs.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { readAdu } from '../../gateway/gb26875/adu.ts';
import { COMMANDS, encodeFrame, Gb26875Framer } from '../../gateway/gb26875/frame.ts';
import { cleanUp } from '../helpers/cleanup.ts';
import { startNode } from '../helpers/processes.ts';
import { round } from '../helpers/statistics.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';
import { status } from '../gateway/gb26875/messages.ts';
import { BEIJING } from '../gateway/gb26875/vectors.ts';
import { usageOf } from './usage.ts';

const COMPONENTS = 500;
/** Messages on their way; below the most that the gateway takes unanswered of one connection. */
const WINDOW = 200;
const FRAMES = process.argv.includes('--quick') ? 20_000 : 200_000;

const frame = (k: number): Buffer =>
  encodeFrame(
    {
      serial: k & 0xffff,
      version: 1,
      userVersion: 1,
      time: Date.now(),
      source: 889,
      destination: 88_888,
      command: COMMANDS.send,
      // Between normal and fault, so that each message is a record of the safety lane.
      adu: status((k % COMPONENTS) + 1, Math.floor(k / COMPONENTS) % 2 === 0 ? 1 : 0b101),
    },
    BEIJING,
  );

/** Sends `count` messages from number `from` on and resolves when all are confirmed. */
async function sendAll(socket: Socket, from: number, count: number): Promise<void> {
  let sent = 0;
  let confirmed = 0;
  const framer = new Gb26875Framer(BEIJING);
  const send = (): void => {
    const batch: Buffer[] = [];
    while (sent < count && sent - confirmed < WINDOW) batch.push(frame(from + sent++));
    if (batch.length > 0) socket.write(Buffer.concat(batch));
  };
  const take = (bytes: Buffer): void => {
    framer.receive(bytes, {
      frame: ({ command }) => void (confirmed += command === COMMANDS.confirm ? 1 : 0),
      refused: (reason) => {
        throw new Error(`the gateway sent ${reason}`);
      },
    });
    send();
  };
  socket.on('data', take);
  send();
  await until(() => confirmed >= count, { ms: 600_000, what: () => `${confirmed} of ${count} confirmed`, everyMs: 5 });
  socket.off('data', take);
}

/** Frames a processor second of reading alone. */
function readingAlone(): number {
  const bytes = Buffer.concat(Array.from({ length: 10_000 }, (_, k) => frame(k)));
  const began = process.cpuUsage();
  const framer = new Gb26875Framer(BEIJING);
  let read = 0;
  framer.receive(bytes, {
    frame: ({ adu }) => void (read += readAdu(adu, BEIJING).result === 'read' ? 1 : 0),
    refused: () => undefined,
  });
  const { user, system } = process.cpuUsage(began);
  return read / ((user + system) / 1e6);
}

async function main(): Promise<void> {
  const dir = tempDir('bench-gb26875');
  const site = join(dir, 'site.yaml');
  writeFileSync(
    site,
    `gateway: gw-1
community: xingfuli
links: [{ id: transmission, type: gb26875 }]
devices:
  - { id: utd, profile: gb26875-transmission-device, link: transmission, vars: { address: "889" } }
`,
  );
  const gateway = await startNode('gateway/main.ts', ['--site', site], {
    env: {
      FENGSUI_DATA: join(dir, 'data'),
      GB26875_PORT: '0',
      FIELD_MQTT_PORT: '0',
      ANNUNCIATOR_PORT: '0',
      MQTT_URL: 'mqtt://127.0.0.1:9',
      LOG_LEVEL: 'error',
    },
    ms: 60_000,
  });
  const socket = connect((gateway.ready as { gb26875: number }).gb26875, '127.0.0.1');
  await once(socket, 'connect');
  socket.setNoDelay(true);
  // Until all components are points of the site.
  await sendAll(socket, 0, 2 * COMPONENTS);
  const before = usageOf(gateway.pid);
  const began = performance.now();
  await sendAll(socket, 2 * COMPONENTS, FRAMES);
  const seconds = (performance.now() - began) / 1_000;
  const after = usageOf(gateway.pid);
  const cpuS = after.cpuS - before.cpuS;
  console.log(
    JSON.stringify({
      bench: 'gb26875',
      case: 'messages of a transmission device, each parsed, on disk and confirmed',
      frames: FRAMES,
      framesPerSecond: Math.round(FRAMES / seconds),
      cores: round(cpuS / seconds),
      framesPerCoreSecond: Math.round(FRAMES / cpuS),
      rssMb: after.rssMb,
      ratioToReadingAlone: round(FRAMES / cpuS / readingAlone()),
    }),
  );
  socket.destroy();
  await gateway.stop();
}

try {
  await main();
} finally {
  await cleanUp();
}
