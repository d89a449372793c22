// A serial port, through modbus-serial: one instance a connection, thrown away after any timeout, close or bad frame.
import modbusSerial from 'modbus-serial';
import { exceptionReason, type ReadFailure, type ReadRequest } from './request.ts';
import type { Transport, TransportEvents } from './transport.ts';
import type { LinkReason } from './link-state.ts';

export interface SerialSettings {
  readonly path: string;
  readonly baud: number;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
}

type Client = InstanceType<typeof modbusSerial.default>;

/** What is missing when a serial link is asked for where the optional package is not installed, in words for a person. */
export const SERIALPORT_MISSING =
  'serial links need the optional package serialport, which is not installed: run `npm install --include=optional`';

/** What modbus-serial throws is often no Error, only looks like one. */
interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly modbusCode?: unknown;
}

function thrown(error: unknown): Thrown {
  if (typeof error !== 'object' || error === null) return { name: '', message: String(error) };
  const { name = '', message = '', code, modbusCode } = error as Partial<Thrown>;
  return { name, message, code, modbusCode };
}

const isMissingModule = ({ code, message }: Thrown): boolean =>
  code === 'MODULE_NOT_FOUND' && message.includes('serialport');

export class SerialTransport<T extends ReadRequest> implements Transport<T> {
  readonly maxInFlight = 1;
  readonly #settings: SerialSettings;
  #events: TransportEvents<T> | undefined;
  #client: Client | undefined;
  #connected = false;
  #request: T | undefined;

  constructor(settings: SerialSettings) {
    this.#settings = settings;
  }

  get inFlight(): number {
    return this.#request ? 1 : 0;
  }

  get open(): boolean {
    return this.#connected;
  }

  connect(events: TransportEvents<T>): void {
    this.#events = events;
    const client = new modbusSerial.default();
    this.#client = client;
    const lost = (error: unknown): void => {
      const what = thrown(error);
      const why = isMissingModule(what) ? SERIALPORT_MISSING : what.message;
      if (client === this.#client) this.#lose('link-down', `${this.#settings.path}: ${why}`);
    };
    client.on('error', lost);
    client.on('close', () => lost(new Error('the port was closed')));
    const { path, baud: baudRate, parity, stopBits } = this.#settings;
    const opened = async (): Promise<void> =>
      client.connectRTUBuffered(path, { baudRate, parity, stopBits, dataBits: 8 });
    opened().then(() => {
      if (client !== this.#client) return client.close();
      this.#connected = true;
      return events.connected();
    }, lost);
  }

  listen(): void {
    // modbus-serial keeps nothing of a port that was closed, and a port is never used again after a late answer.
  }

  send(request: T, timeoutMs: number): void {
    const client = this.#client;
    if (!client) return;
    this.#request = request;
    client.setID(request.unit);
    client.setTimeout(timeoutMs);
    ask(client, request).then(
      (data) => this.#settle(client, request, () => this.#events?.reply(request, data)),
      (error: unknown) => this.#failed(client, request, error),
    );
  }

  close(): readonly T[] {
    const client = this.#client;
    const abandoned = this.#request ? [this.#request] : [];
    this.#client = undefined;
    this.#connected = false;
    this.#request = undefined;
    if (client?.isOpen) client.close();
    return abandoned;
  }

  #settle(client: Client, request: T, tell: () => void): void {
    if (client !== this.#client || request !== this.#request) return;
    this.#request = undefined;
    tell();
    this.#events?.settled();
  }

  #failed(client: Client, request: T, error: unknown): void {
    const what = thrown(error);
    if (typeof what.modbusCode === 'number') {
      const code = what.modbusCode;
      this.#settle(client, request, () => this.#events?.failed(request, exceptionReason(code)));
      return;
    }
    if (client !== this.#client) return;
    const reason = failureOf(what);
    this.#request = undefined;
    this.close();
    this.#events?.lost(reason, [{ request, reason }], `${this.#settings.path}: ${what.message}`);
  }

  #lose(reason: LinkReason, why: string): void {
    const victims = this.close().map((request) => ({ request, reason }));
    this.#events?.lost(reason, victims, why);
  }
}

/** The only four calls into modbus-serial: reads. */
async function ask(client: Client, request: ReadRequest): Promise<Buffer> {
  const { address, count } = request;
  switch (request.table) {
    case 'coil':
      return (await client.readCoils(address, count)).buffer;
    case 'discrete':
      return (await client.readDiscreteInputs(address, count)).buffer;
    case 'holding':
      return (await client.readHoldingRegisters(address, count)).buffer;
    case 'input':
      return (await client.readInputRegisters(address, count)).buffer;
  }
}

/** modbus-serial tells its failures apart only by name and text. */
function failureOf({ name, message }: Thrown): LinkReason & ReadFailure {
  if (name === 'TransactionTimedOutError') return 'timeout';
  if (message.includes('CRC')) return 'crc';
  if (message.includes('Unexpected data error, expected address')) return 'wrong-unit';
  if (message.includes('Data length error') || message.includes('Unexpected data')) return 'short-reply';
  return 'link-down';
}
