// How the hub meets its gateways: its own MQTT broker (aedes), in which every gateway has its own name, password and
// topics; or the user's broker (MQTT_URL), in which an access list gives the same rights (compose.yaml has one for
// Mosquitto). Either way ingest sees messages in order and can hold a gateway back while it is busy.
import { timingSafeEqual } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Aedes, type AuthenticateError, type Client, type PublishPacket, type Subscription } from 'aedes';
import { connect, type MqttClient } from 'mqtt';
import type { Logger } from 'pino';
import { GATEWAY_ID, TOPIC_PATTERN, WIRE_LIMITS } from '../device-profiles/contract/wire.ts';
import { GuardedSocket } from '../device-profiles/guarded-socket.ts';
import { LoginGate } from '../device-profiles/login-gate.ts';
import { sha256Hex } from './ingest/secret.ts';

export const BROKER_LIMITS = {
  connections: 1_000,
  /** Bytes that somebody who has not said who they are may send. */
  bytesBeforeLogin: 16 * 1024,
  /** Longest packet taken: the longest birth, and what MQTT puts around it. */
  packetBytes: WIRE_LIMITS.birthBytes + 1_024,
  connectMs: 10_000,
  /** A receipt that a gateway does not take in this time ends its connection. */
  drainMs: 30_000,
  tcpKeepAliveMs: 30_000,
  /** Wrong passwords of one name from one address until it is checked slowly, and till that is forgotten. */
  refusedLogins: 20,
  refusedLoginsMs: 60_000,
  slowLoginMs: 1_000,
  slowLoginsWaiting: 5,
  rememberedLogins: 1_000,
  /** Each check asks the database, which people's commands need too. */
  loginsAtOnce: 4,
  loginsQueued: 1_000,
  /** Messages of one gateway in a second; a lane catching up sends some hundreds. */
  messagesPerSecond: 5_000,
  reconnectMs: 1_000,
  /** Something wrong with the same gateway or address is logged once in this time, for so many of them. */
  logEveryMs: 60_000,
  logKeys: 1_000,
} as const;

/** What gateways send; the hub hears nothing else. */
const UP_TOPICS = ['birth', 'up/+', 'state', 'beat'].map((kind) => `fengsui/v1/+/${kind}`);
const DOWN_TOPIC = /^fengsui\/v1\/([a-z0-9][a-z0-9-]{0,62})\/(?:receipt\/(?:safety|telemetry|\+)|ask)$/;

export interface BrokerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The user's broker instead of our own. */
  readonly url?: string;
  /** SHA-256 (hex) of the password of an enrolled gateway, by its user name; undefined for strangers. */
  readonly secretOf: (username: string) => Promise<string | undefined>;
  /** A message of a gateway. A promise holds further messages back until it resolves. */
  readonly receive: (topic: string, payload: Buffer) => Promise<void> | undefined;
  /** There is a connection again: what was not heard meanwhile must be asked for. */
  readonly connected: () => void;
  /** Somebody came with a name, of a gateway or not, and a wrong password. */
  readonly wrongPassword?: (gateway: string, address: string) => void;
  /** A gateway tried what is not its own: for the audit. */
  readonly forged: (gateway: string, topic: string) => void;
  readonly log: Logger;
  /** ms, monotonic. */
  readonly monotonic: () => number;
}

export interface Broker {
  /** Where gateways connect; without credentials. */
  readonly url: string;
  /** Sends to a gateway; dropped and counted while there is no connection. */
  publish(topic: string, payload: Buffer): void;
  connected(): boolean;
  /** Ends the connections of a gateway whose credentials are no longer good. */
  drop(gateway: string): void;
  readonly counters: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** Starts our own broker, or connects to the user's. @throws Error when the port is taken */
export async function openBroker(o: BrokerOptions): Promise<Broker> {
  if (o.url !== undefined) return connectTo(o.url, o);
  const broker = new OwnBroker(o);
  await broker.start();
  return broker;
}

interface Connection {
  readonly address: string;
  readonly guarded: GuardedSocket;
}

interface Session {
  readonly gateway: string;
  readonly connection: Connection | undefined;
  since: number;
  messages: number;
}

class OwnBroker implements Broker {
  readonly #counters = {
    connections: 0,
    refusedLogins: 0,
    forgedTopics: 0,
    refusedSubscriptions: 0,
    /** Connections beyond the maximum. */
    turnedAway: 0,
    /** Connections that a second one with the same name ended. */
    replaced: 0,
    tooLong: 0,
    tooMany: 0,
    dropped: 0,
  };
  readonly #o: BrokerOptions;
  readonly #sessions = new Map<Client, Session>();
  readonly #sockets = new Map<Client, Connection>();
  readonly #gate: LoginGate;
  readonly #logged = new Map<string, number>();
  #aedes: Aedes | undefined;
  #server: Server | undefined;
  url = '';

  constructor(o: BrokerOptions) {
    this.#o = o;
    const { refusedLogins, refusedLoginsMs, slowLoginMs, slowLoginsWaiting, ...limits } = BROKER_LIMITS;
    const { rememberedLogins: remembered, loginsAtOnce: checksAtOnce, loginsQueued: queued } = limits;
    const slow = { refusedLogins, forgetMs: refusedLoginsMs, slowMs: slowLoginMs, slowWaiting: slowLoginsWaiting };
    this.#gate = new LoginGate({ ...slow, remembered, checksAtOnce, queued }, o.monotonic);
  }

  get counters(): Readonly<Record<string, number>> {
    return { ...this.#counters, ...this.#gate.counters };
  }

  async start(): Promise<void> {
    const aedes = await Aedes.createBroker({
      connectTimeout: BROKER_LIMITS.connectMs,
      drainTimeout: BROKER_LIMITS.drainMs,
      authenticate: (client, username, password, done) => void this.#authenticate(client, username, password, done),
      authorizePublish: (client, packet, done) => this.#authorizePublish(client, packet, done),
      authorizeSubscribe: (client, subscription, done) => done(null, this.#maySubscribe(client, subscription)),
    });
    this.#aedes = aedes;
    aedes.on('clientDisconnect', (client) => {
      this.#sessions.delete(client);
      this.#sockets.delete(client);
    });
    const server = createServer((socket) => this.#accept(aedes, socket));
    server.maxConnections = BROKER_LIMITS.connections;
    server.on('drop', () => (this.#counters.turnedAway += 1));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#o.port, this.#o.host, resolve);
    });
    server.on('error', (error) => this.#o.log.error({ err: error }, 'broker'));
    const { port } = server.address() as AddressInfo;
    this.url = `mqtt://${this.#o.host.includes(':') ? `[${this.#o.host}]` : this.#o.host}:${port}`;
  }

  connected(): boolean {
    return this.#server?.listening === true;
  }

  publish(topic: string, payload: Buffer): void {
    const packet = { cmd: 'publish' as const, topic, payload, qos: 0 as const, retain: false, dup: false };
    if (!this.#aedes || this.#aedes.closed) this.#counters.dropped += 1;
    else this.#aedes.publish(packet, () => undefined);
  }

  drop(gateway: string): void {
    for (const [client, session] of this.#sessions) if (session.gateway === gateway) client.close();
  }

  async stop(): Promise<void> {
    const [server, aedes] = [this.#server, this.#aedes];
    if (!server || !aedes) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const { guarded } of this.#sockets.values()) guarded.destroy();
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    await closed;
  }

  #accept(aedes: Aedes, socket: Socket): void {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, BROKER_LIMITS.tcpKeepAliveMs);
    const address = socket.remoteAddress ?? '';
    // Nobody needs many bytes to say who they are, and nobody can fill memory with one endless packet.
    const tooLong = (): void => {
      this.#counters.tooLong += 1;
      this.#warn(`long ${address}`, { address }, 'broker: a packet that is too long');
    };
    const guarded = new GuardedSocket(socket, BROKER_LIMITS.packetBytes, tooLong);
    const client = aedes.handle(guarded);
    this.#sockets.set(client, { address, guarded });
    this.#counters.connections += 1;
    socket.once('close', () => {
      this.#counters.connections -= 1;
      this.#sockets.delete(client);
    });
    const stranger = (): void => {
      if (this.#sessions.has(client)) socket.off('data', stranger);
      else if (socket.bytesRead > BROKER_LIMITS.bytesBeforeLogin) {
        tooLong();
        guarded.destroy();
      }
    };
    socket.on('data', stranger);
  }

  async #authenticate(
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): Promise<void> {
    const connection = this.#sockets.get(client);
    const address = connection?.address ?? '';
    const name = username ?? '';
    try {
      const verdict = await this.#gate.check(address, GATEWAY_ID.test(name) ? name : '', () =>
        this.#isRight(name, password),
      );
      if (verdict === 'busy') return done(refusal('unavailable', 3), false);
      if (verdict === 'wrong') {
        this.#o.wrongPassword?.(name, address);
        return this.#refuse(address, done);
      }
      // It may have waited for its turn and gone meanwhile: nobody tells of that any more, and it must replace nobody.
      if (client.closed) return done(refusal('unavailable', 3), false);
      for (const [other, session] of this.#sessions)
        if (other.id === client.id && session.gateway !== name) return this.#refuse(address, done);
      this.#replace(client, name);
      this.#sessions.set(client, { gateway: name, connection, since: this.#o.monotonic(), messages: 0 });
      return done(null, true);
    } catch (error) {
      this.#o.log.error({ err: error }, 'broker: a login could not be checked');
      return done(refusal('unavailable', 3), false);
    }
  }

  async #isRight(name: string, password: Buffer | undefined): Promise<boolean> {
    const known = GATEWAY_ID.test(name) ? await this.#o.secretOf(name) : undefined;
    // Compared even for strangers, so that time does not tell which names exist.
    const given = Buffer.from(sha256Hex(password?.toString('utf8') ?? ''));
    return timingSafeEqual(given, Buffer.from(known ?? sha256Hex(''))) && known !== undefined;
  }

  /**
   * One gateway, one connection: the newest counts. A connection that died unseen must not keep its gateway out, and two
   * machines with one name would mix their records without a word; so they take turns, and the log says it.
   */
  #replace(client: Client, gateway: string): void {
    for (const [other, session] of this.#sessions) {
      if (other === client || session.gateway !== gateway) continue;
      this.#counters.replaced += 1;
      this.#warn(`twice ${gateway}`, { gateway }, 'broker: a second connection of a gateway ends the first');
      other.close();
    }
  }

  #refuse(address: string, done: (error: AuthenticateError | null, success: boolean | null) => void): void {
    this.#counters.refusedLogins += 1;
    this.#warn(`login ${address}`, { address }, 'broker: a login was refused');
    done(refusal('bad user name or password', 4), false);
  }

  /** Called before the acknowledgement: a message that is not the gateway's own ends its connection. */
  #authorizePublish(client: Client | null, packet: PublishPacket, done: (error?: Error | null) => void): void {
    const session = client === null ? undefined : this.#sessions.get(client);
    // Last wills of clients that are gone come without a session: the topic alone says whose they are.
    const gateway = session?.gateway ?? (client === null ? TOPIC_PATTERN.exec(packet.topic)?.[1] : undefined);
    if (gateway === undefined || TOPIC_PATTERN.exec(packet.topic)?.[1] !== gateway) {
      this.#counters.forgedTopics += 1;
      this.#warn(`topic ${gateway ?? ''}`, { gateway }, 'broker: a gateway published to a topic that is not its own');
      if (gateway !== undefined) this.#o.forged(gateway, packet.topic.slice(0, 200));
      return done(new Error('not its topic'));
    }
    if (session && !this.#withinRate(session)) return done(new Error('too many messages'));
    // The hub asks for what it needs; nothing old may look new.
    packet.retain = false;
    const busy = this.#o.receive(packet.topic, Buffer.from(packet.payload));
    if (busy === undefined) return done(null);
    // Aedes reads on while a packet waits for its answer, so the connection itself is held.
    session?.connection?.guarded.hold();
    const go = (error: Error | null): void => {
      session?.connection?.guarded.release();
      done(error);
    };
    busy.then(() => go(null)).catch((error: unknown) => go(error instanceof Error ? error : new Error('busy')));
  }

  #withinRate(session: Session): boolean {
    const now = this.#o.monotonic();
    if (now - session.since >= 1_000) {
      session.since = now;
      session.messages = 0;
    }
    session.messages += 1;
    if (session.messages <= BROKER_LIMITS.messagesPerSecond) return true;
    this.#counters.tooMany += 1;
    this.#warn(`rate ${session.gateway}`, { gateway: session.gateway }, 'broker: a gateway sends too many messages');
    return false;
  }

  #maySubscribe(client: Client, subscription: Subscription): Subscription | null {
    const session = this.#sessions.get(client);
    if (session && DOWN_TOPIC.exec(subscription.topic)?.[1] === session.gateway) return subscription;
    this.#counters.refusedSubscriptions += 1;
    if (session) this.#o.forged(session.gateway, subscription.topic.slice(0, 200));
    return null;
  }

  #warn(key: string, context: object, message: string): void {
    const now = this.#o.monotonic();
    const last = this.#logged.get(key);
    if (last !== undefined && now - last < BROKER_LIMITS.logEveryMs) return;
    this.#logged.delete(key);
    this.#logged.set(key, now);
    const [oldest] = this.#logged.keys();
    if (this.#logged.size > BROKER_LIMITS.logKeys && oldest !== undefined) this.#logged.delete(oldest);
    this.#o.log.warn(context, message);
  }
}

function refusal(message: string, returnCode: number): AuthenticateError {
  return Object.assign(new Error(message), { returnCode });
}

/** The user's broker: its access list gives each gateway its topics, and the hub all of them. */
function connectTo(url: string, o: BrokerOptions): Broker {
  const client: MqttClient = connect(url, {
    clean: true,
    reconnectPeriod: BROKER_LIMITS.reconnectMs,
    queueQoSZero: false,
    resubscribe: true,
  });
  const counters = { connects: 0, dropped: 0, errors: 0 };
  let lastLogged = -Infinity;
  let subscribed = false;
  const failed = (error: Error): void => {
    counters.errors += 1;
    const now = o.monotonic();
    if (now - lastLogged < BROKER_LIMITS.logEveryMs) return;
    lastLogged = now;
    o.log.error({ err: error }, 'broker: no connection, or not the rights that the hub needs');
  };
  client.on('connect', () => {
    counters.connects += 1;
    // Without this small receipts wait for the other side's delayed acknowledgement (24 ms instead of 1 ms).
    if ('setNoDelay' in client.stream && typeof client.stream.setNoDelay === 'function') client.stream.setNoDelay(true);
    client.subscribe(UP_TOPICS, { qos: 1 }, (error) => {
      subscribed = !error;
      if (subscribed) return o.connected();
      failed(error ?? new Error('not subscribed'));
      // Connected but deaf is the worst of all: it is tried again from the start.
      client.stream.destroy();
    });
  });
  client.on('close', () => (subscribed = false));
  client.on('error', failed);
  // mqtt.js reads no further, and acknowledges nothing, until this calls back.
  client.handleMessage = (packet, done) => {
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    const busy = packet.retain ? undefined : o.receive(packet.topic, payload);
    if (busy === undefined) done();
    else busy.then(() => done()).catch((error: unknown) => done(error instanceof Error ? error : new Error('busy')));
  };
  return {
    url: withoutSecrets(url),
    counters,
    connected: () => client.connected && subscribed,
    publish: (topic, payload) => {
      if (client.connected) client.publish(topic, payload, { qos: 0 });
      else counters.dropped += 1;
    },
    // Rights in the user's broker are the user's: the hub stops listening to a revoked gateway by itself.
    drop: () => undefined,
    stop: () => client.endAsync(true).then(() => undefined),
  };
}

function withoutSecrets(url: string): string {
  const clean = new URL(url);
  clean.username = '';
  clean.password = '';
  return clean.href.replace(/\/$/, '');
}
