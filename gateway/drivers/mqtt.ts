// The MQTT driver: messages of field devices, from our own broker or from one of the site's, to readings; and silence.
import { connect, type IPublishPacket, type MqttClient } from 'mqtt';
import { readMessage, type MessageReadings } from '../codecs/read-message.ts';
import { FieldBroker } from '../field/broker.ts';
import { FIELD_LIMITS, type FieldLimits } from '../field/limits.ts';
import { LogOnce } from '../field/log-once.ts';
import { REPORT_LIMITS } from '../report.ts';
import type { MqttUser } from '../site-users.ts';
import type { Driver, DriverPort, SiteDevice } from './driver.ts';

/** A device that publishes on a topic of its own. */
export interface TopicDevice extends SiteDevice {
  readonly topic?: string;
}

/** A broker of the site, instead of our own. */
export interface ExternalBroker {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Under this the broker keeps messages for us while we are away. */
  readonly clientId: string;
}

export interface MqttDriverOptions {
  /** Id of the site's link. */
  readonly link: string;
  /** Devices of this link; others are left alone. */
  readonly devices: readonly TopicDevice[];
  readonly port: DriverPort;
  /** Where our own broker listens and who may connect, or the other broker. */
  readonly broker:
    { readonly host: string; readonly port: number; readonly users: readonly MqttUser[] } | ExternalBroker;
  readonly limits?: Partial<FieldLimits>;
}

/** How often silence is looked for, ms. */
const SILENCE_CHECK_MS = 1_000;

interface Heard {
  readonly device: TopicDevice;
  readonly silentMs: number;
  /** Monotonic time of its last message, or of the start. */
  at: number;
}

export class MqttDriver implements Driver {
  readonly #o: MqttDriverOptions;
  readonly #limits: FieldLimits;
  readonly #byTopic = new Map<string, Heard>();
  readonly #logOnce: LogOnce;
  readonly #counters = {
    messages: 0,
    unknownTopics: 0,
    badPayloads: 0,
    foreignMessages: 0,
    undatedRecords: 0,
    retainedIgnored: 0,
    reconnects: 0,
  };
  #broker: FieldBroker | undefined;
  #client: MqttClient | undefined;
  #timer: NodeJS.Timeout | undefined;
  #downSince: number | undefined;
  #listening = 0;
  /** Messages of the other broker that wait for the disk; at the limit reading rests until one is done. */
  #unacknowledged = 0;
  #resume: (() => void) | undefined;

  constructor(options: MqttDriverOptions) {
    this.#o = options;
    this.#limits = { ...FIELD_LIMITS, ...options.limits };
    this.#logOnce = new LogOnce(options.port.clock, this.#limits.logEveryMs, this.#limits.logKeys);
    for (const device of options.devices) {
      const { topic, model } = device;
      if (device.link !== options.link || topic === undefined || !model.mqtt) continue;
      const silentMs = model.mqtt.expectEveryS * 1_000 * REPORT_LIMITS.staleIntervals;
      this.#byTopic.set(topic, { device, silentMs, at: 0 });
    }
  }

  /** Port on which our own broker listens, 0 before it does or when the broker is another. */
  get listening(): number {
    return this.#listening;
  }

  async start(): Promise<void> {
    const { broker, port, link } = this.#o;
    const now = port.clock.monotonic();
    for (const heard of this.#byTopic.values()) heard.at = now;
    this.#timer = setInterval(() => this.checkSilence(), SILENCE_CHECK_MS);
    if ('url' in broker) {
      this.#connect(broker);
      return;
    }
    this.#broker = new FieldBroker({
      ...broker,
      take: (topic, payload) => this.take(topic, payload),
      clock: port.clock,
      log: port.log,
      limits: this.#limits,
    });
    this.#listening = await this.#broker.start();
    port.link(link, '');
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#broker?.stop();
    await this.#client?.endAsync(true).catch(() => undefined);
  }

  counters(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    return { [this.#o.link]: { ...this.#counters, ...this.#broker?.counters } };
  }

  /**
   * One message. Resolves when what it says is on disk, or when there is nothing in it to keep; rejects when it could
   * not be kept, so that it is not acknowledged.
   */
  async take(topic: string, payload: Uint8Array, retained = false): Promise<void> {
    const { port } = this.#o;
    this.#counters.messages++;
    const heard = this.#byTopic.get(topic);
    if (!heard) {
      this.#counters.unknownTopics++;
      this.#warn('topic', { link: this.#o.link }, 'messages on a topic that no device of the site has');
      return;
    }
    if (retained) {
      // What a broker kept from before we subscribed is of unknown age: it is no proof of anything now.
      this.#counters.retainedIgnored++;
      return;
    }
    const { device } = heard;
    const receivedTime = port.clock.now();
    const { readings, refused, undated } = this.#read(device, payload, receivedTime);
    this.#counters.undatedRecords += undated;
    if (refused !== undefined) {
      this.#counters[readings.length > 0 ? 'badPayloads' : 'foreignMessages']++;
      this.#warn(`payload ${device.id}`, { device: device.id, refused }, 'a message of a device was not understood');
    }
    if (readings.length === 0) return;
    heard.at = port.clock.monotonic();
    await Promise.all([port.online(device, true, ''), port.accept(device, readings, receivedTime)]);
  }

  /** A codec that fails on a message must not make the device send it for ever: it counts as not understood. */
  #read(device: TopicDevice, payload: Uint8Array, receivedTime: number): MessageReadings {
    try {
      return readMessage(device.model, device.vars, payload, receivedTime);
    } catch (error) {
      this.#o.port.log.error({ device: device.id, error: String(error) }, 'the codec failed on a message');
      return { readings: [], refused: 'codec failed', undated: 0 };
    }
  }

  /** Tells of devices that have said nothing for too long, or that can't be heard at all. */
  checkSilence(): void {
    const { port } = this.#o;
    const now = port.clock.monotonic();
    const unreachable = this.#downSince !== undefined && now - this.#downSince >= this.#limits.linkDownMs;
    for (const { device, silentMs, at } of this.#byTopic.values()) {
      if (!unreachable && now - at <= silentMs) continue;
      port.online(device, false, unreachable ? 'link-down' : 'silent').catch(() => undefined);
    }
  }

  #connect(broker: ExternalBroker): void {
    const { port, link } = this.#o;
    this.#downSince = port.clock.monotonic();
    const client = connect(broker.url, {
      clientId: broker.clientId,
      ...(broker.username === undefined ? {} : { username: broker.username }),
      ...(broker.password === undefined ? {} : { password: broker.password }),
      clean: false,
      reconnectPeriod: Math.round(this.#limits.reconnectMs * (1 + Math.random())),
      connectTimeout: this.#limits.connectMs,
      queueQoSZero: false,
    });
    this.#client = client;
    client.handleMessage = (packet, done) => this.#takeFrom(client, packet, done);
    client.on('connect', () => {
      client.subscribe([...this.#byTopic.keys()], { qos: 1 }, (error) => {
        if (error) {
          port.link(link, 'link-down');
          this.#warn('subscribe', { link, error: error.message }, 'the broker refuses the subscription');
          return;
        }
        this.#downSince = undefined;
        port.link(link, '');
      });
    });
    client.on('close', () => {
      this.#counters.reconnects++;
      this.#downSince ??= port.clock.monotonic();
      port.link(link, 'link-down');
    });
    client.on('error', (error) => this.#warn('connect', { link, error: error.message }, 'no connection to the broker'));
  }

  /**
   * mqtt.js takes messages one by one and acknowledges when called back without an error. Waiting for the disk there
   * would let through one message a group; so it is told to go on without acknowledging, and the acknowledgement
   * follows when the message is on disk, on the connection it came from.
   */
  #takeFrom(client: MqttClient, packet: IPublishPacket, goOn: (error?: Error) => void): void {
    const { stream } = client;
    const { messageId } = packet;
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    const acknowledge = (): void => {
      if (client.stream === stream && messageId !== undefined && packet.qos === 1)
        client['_sendPacket']({ cmd: 'puback', messageId });
    };
    this.#unacknowledged++;
    this.take(packet.topic, payload, packet.retain)
      // Not kept: the broker sends it again on the next connection.
      .then(acknowledge, () => stream.destroy())
      .finally(() => {
        this.#unacknowledged--;
        this.#resume?.();
      })
      .catch(() => undefined);
    const next = (): void => goOn(packet.qos === 1 ? new Error('acknowledged later') : undefined);
    if (this.#unacknowledged < this.#limits.unacknowledged) {
      next();
      return;
    }
    this.#resume = () => {
      this.#resume = undefined;
      next();
    };
  }

  #warn(key: string, context: object, message: string): void {
    if (this.#logOnce.due(key)) this.#o.port.log.warn(context, message);
  }
}
