// Starts the pymodbus server beside this file and tells it what its registers hold.
import { connect } from 'node:net';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Table } from '../../../device-profiles/contract/point.ts';
import { requirePart } from '../parts.ts';
import { startProcess, type RunningProcess } from '../processes.ts';

export interface PymodbusOptions {
  readonly framing?: 'tcp' | 'rtu' | 'serial';
  readonly units?: readonly number[];
  /** Places of each table; default 200. */
  readonly size?: number;
  /** TCP port to listen on; default: a free one. */
  readonly port?: number;
  /** Serial only: the line's device file. */
  readonly path?: string;
}

export interface Pymodbus {
  /** TCP port of the Modbus server; 0 on a serial line. */
  readonly port: number;
  readonly process: RunningProcess;
  /** Writes registers, or bits as 0 and 1, at a 0-based address. Resolves when the server holds them. */
  set(unit: number, table: Table, address: number, values: readonly number[]): Promise<void>;
  stop(): Promise<void>;
}

/** A read of holding register EXCEPTION_AT + n is answered with exception n. */
export const EXCEPTION_AT = 60_000;

export async function startPymodbus(options: PymodbusOptions = {}): Promise<Pymodbus> {
  const script = fileURLToPath(new URL('pymodbus-server.py', import.meta.url));
  const settings = JSON.stringify({ framing: 'tcp', units: [1], ...options });
  const running = await startProcess(requirePart('pymodbus'), [script, settings]);
  const ready = running.ready as { port?: number; control: number };
  const control = connect(ready.control, '127.0.0.1');
  await once(control, 'connect');
  const answers = createInterface({ input: control });
  return {
    port: ready.port ?? 0,
    process: running,
    async set(unit, table, address, values) {
      const answered = once(answers, 'line');
      control.write(`${JSON.stringify({ unit, table, address, values })}\n`);
      await answered;
    },
    async stop() {
      control.destroy();
      await running.stop();
    },
  };
}
