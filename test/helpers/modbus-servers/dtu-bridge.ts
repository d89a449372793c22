// Starts the DTU beside this file: a process that calls a port and passes bytes through to a serial bus.
import { connect } from 'node:net';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { requirePart } from '../parts.ts';
import { startProcess, type RunningProcess } from '../processes.ts';

export interface DtuOptions {
  /** Port that it calls, and port of a server that speaks RTU frames. */
  readonly platform: number;
  readonly bus: number;
  readonly registration: Buffer;
  readonly heartbeat?: Buffer;
  readonly heartbeatMs?: number;
}

export interface DtuOrders {
  /** The next answers are passed on so much later, ms, one each. */
  readonly delays?: readonly number[];
  /** Answers go out in pieces of so many bytes; 0: whole. */
  readonly pieces?: number;
  /** A heartbeat is glued before and behind each answer. */
  readonly around?: boolean;
}

export interface Dtu {
  readonly process: RunningProcess;
  order(orders: DtuOrders): Promise<void>;
  stop(): Promise<void>;
}

export async function startDtu({ registration, heartbeat, ...options }: DtuOptions): Promise<Dtu> {
  const script = fileURLToPath(new URL('dtu-bridge.py', import.meta.url));
  const hex = { registration: registration.toString('hex'), heartbeat: heartbeat?.toString('hex') ?? '' };
  const running = await startProcess(requirePart('pymodbus'), [script, JSON.stringify({ ...options, ...hex })]);
  const control = connect((running.ready as { control: number }).control, '127.0.0.1');
  await once(control, 'connect');
  // Its end is no mistake of the test: some kill it.
  control.on('error', () => undefined);
  const answers = createInterface({ input: control }).on('error', () => undefined);
  return {
    process: running,
    async order(orders) {
      const answered = once(answers, 'line');
      control.write(`${JSON.stringify(orders)}\n`);
      await answered;
    },
    async stop() {
      control.destroy();
      await running.stop();
    },
  };
}
