// The MQTT broker that field devices connect to: each with its own name and password, publishing to its own topics and
// nothing else. A message is acknowledged when what came of it is on disk.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Aedes, type AuthenticateError, type Client, type PublishPacket } from 'aedes';
import { GuardedSocket } from '../../device-profiles/guarded-socket.ts';
import { LoginGate } from '../../device-profiles/login-gate.ts';
import type { GatewayClock, Logger } from '../drivers/driver.ts';
import type { MqttUser } from '../site-users.ts';
import { FIELD_LIMITS, type FieldLimits } from './limits.ts';
import { LogOnce } from './log-once.ts';
import { FieldRights, TokenBucket } from './rights.ts';

export interface FieldBrokerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly users: readonly MqttUser[];
  /** Takes a message; resolves when the device may forget it, rejects when it must keep it. */
  readonly take: (topic: string, payload: Buffer) => Promise<void>;
  readonly clock: GatewayClock;
  readonly log: Logger;
  readonly limits?: Partial<FieldLimits>;
}

/** What was refused, and how many are there now. */
export interface FieldBrokerCounters {
  connections: number;
  refusedLogins: number;
  refusedTopics: number;
  refusedSubscriptions: number;
  tooLong: number;
  tooMany: number;
  notKept: number;
  slowedLogins: number;
  busyLogins: number;
  forgottenLogins: number;
}

interface Session {
  readonly username: string;
  readonly bucket: TokenBucket;
}

/** MQTT 3.1.1, table 3.1: return codes of CONNACK. */
const REFUSED = { identifier: 2, busy: 3, login: 4 } as const;

export class FieldBroker {
  readonly #counters: Omit<FieldBrokerCounters, keyof LoginGate['counters']> = {
    connections: 0,
    refusedLogins: 0,
    refusedTopics: 0,
    refusedSubscriptions: 0,
    tooLong: 0,
    tooMany: 0,
    notKept: 0,
  };
  readonly #o: FieldBrokerOptions;
  readonly #limits: FieldLimits;
  readonly #rights: FieldRights;
  readonly #logOnce: LogOnce;
  readonly #sessions = new Map<Client, Session>();
  readonly #gate: LoginGate;
  readonly #sockets = new Set<Socket>();
  #broker: Aedes | undefined;
  #server: Server | undefined;

  constructor(o: FieldBrokerOptions) {
    this.#o = o;
    this.#limits = { ...FIELD_LIMITS, ...o.limits };
    this.#rights = new FieldRights(o.users);
    this.#gate = new LoginGate(this.#limits, () => o.clock.monotonic());
    this.#logOnce = new LogOnce(o.clock, this.#limits.logEveryMs, this.#limits.logKeys);
  }

  get counters(): FieldBrokerCounters {
    return { ...this.#counters, ...this.#gate.counters };
  }

  /** @returns the port taken. @throws when it can't listen there */
  async start(): Promise<number> {
    const broker = await Aedes.createBroker({
      connectTimeout: this.#limits.connectMs,
      drainTimeout: this.#limits.drainMs,
      authenticate: (client, username, password, done) => void this.#authenticate(client, username, password, done),
      authorizePublish: (client, packet, done) => this.#publish(client, packet, done),
      authorizeSubscribe: (_client, _subscription, done) => {
        this.#counters.refusedSubscriptions++;
        done(null, null);
      },
    });
    broker.on('clientDisconnect', (client) => this.#sessions.delete(client));
    const server = createServer((socket) => this.#accept(broker, socket));
    server.maxConnections = this.#limits.connections;
    this.#broker = broker;
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#o.port, this.#o.host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (error) => this.#o.log.error({ error: error.message }, 'field broker'));
    return (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    const broker = this.#broker;
    if (!server || !broker) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await new Promise<void>((resolve) => broker.close(() => resolve()));
  }

  #accept(broker: Aedes, socket: Socket): void {
    this.#sockets.add(socket);
    this.#counters.connections = this.#sockets.size;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, this.#limits.tcpKeepAliveMs);
    const address = socket.remoteAddress ?? '';
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#counters.connections = this.#sockets.size;
    });
    const guarded = new GuardedSocket(socket, this.#limits.packetBytes, () => {
      this.#counters.tooLong++;
      this.#warn(`long ${address}`, { address }, 'a field device announced a packet that is too long');
    });
    this.#addresses.set(broker.handle(guarded), address);
  }

  readonly #addresses = new WeakMap<Client, string>();

  async #authenticate(
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): Promise<void> {
    const address = this.#addresses.get(client) ?? '';
    const verdict = await this.#gate.check(address, username ?? '', () => this.#rights.mayConnect(username, password));
    if (verdict === 'busy') {
      done(refusal('too many logins', REFUSED.busy), false);
      return;
    }
    if (verdict === 'wrong' || username === undefined) {
      this.#counters.refusedLogins++;
      this.#warn(`login ${address}`, { address }, 'a login to the field broker was refused');
      done(refusal('bad user name or password', REFUSED.login), false);
      return;
    }
    // It may have waited for its turn and gone meanwhile: nobody would tell of that any more.
    if (client.closed) {
      done(refusal('gone', REFUSED.busy), false);
      return;
    }
    // A client id taken over ends the other connection: only its own user may do that.
    for (const [other, session] of this.#sessions)
      if (other.id === client.id && session.username !== username) {
        done(refusal('the client id is in use by another user', REFUSED.identifier), false);
        return;
      }
    const { messagesPerS, messageBurst } = this.#limits;
    const bucket = new TokenBucket(messagesPerS, messageBurst, this.#o.clock.monotonic());
    this.#sessions.set(client, { username, bucket });
    done(null, true);
  }

  /** Called by aedes before it acknowledges: an error here ends the connection instead, and the device tries again. */
  #publish(client: Client | null, packet: PublishPacket, done: (error?: Error | null) => void): void {
    const session = client ? this.#sessions.get(client) : undefined;
    if (!session) {
      done(new Error('no session'));
      return;
    }
    const { username, bucket } = session;
    if (!this.#rights.mayPublish(username, packet.topic)) {
      this.#counters.refusedTopics++;
      this.#warn(`topic ${username}`, { username }, 'a field user published to a topic that is not its own');
      done(new Error('not its topic'));
      return;
    }
    if (!bucket.take(this.#o.clock.monotonic())) {
      this.#counters.tooMany++;
      this.#warn(`rate ${username}`, { username }, 'a field user sends too many messages; its connection is closed');
      done(new Error('too many messages'));
      return;
    }
    // Nothing is kept for subscribers: there are none.
    packet.retain = false;
    this.#o.take(packet.topic, Buffer.from(packet.payload)).then(
      () => done(null),
      () => {
        this.#counters.notKept++;
        done(new Error('not kept'));
      },
    );
  }

  #warn(key: string, context: object, message: string): void {
    if (this.#logOnce.due(key)) this.#o.log.warn(context, message);
  }
}

function refusal(message: string, returnCode: number): AuthenticateError {
  return Object.assign(new Error(message), { returnCode });
}
