// Simulated MQTT devices: each has its own connection and its own credentials, as in the field, and speaks QoS 1, so
// that the gateway's PUBACK after its fsync is what lets it forget a message.
import { connect, type MqttClient } from 'mqtt';

export interface FieldDevice {
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly topic: string;
  /** Upload interval, s. */
  readonly everyS: number;
  /** The next message; undefined = nothing to say (a dead terminal). */
  message(now: number): string | undefined;
}

export interface MqttSiteOptions {
  readonly url: string;
  readonly devices: readonly FieldDevice[];
  readonly now: () => number;
}

const RECONNECT_MS = 1_000;

export class MqttSite {
  readonly #options: MqttSiteOptions;
  readonly #clients = new Map<string, MqttClient>();
  readonly #timers = new Set<NodeJS.Timeout>();
  published = 0;
  confirmed = 0;

  constructor(options: MqttSiteOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.devices.forEach((device, k) => {
      const client = connect(this.#options.url, {
        clientId: device.id,
        username: device.username,
        password: device.password,
        reconnectPeriod: RECONNECT_MS,
        queueQoSZero: false,
        clean: true,
      });
      client.on('error', () => undefined); // mqtt.js reconnects by itself; a refused password shows in the gateway
      client.on('connect', () => this.send(device));
      this.#clients.set(device.id, client);
      // Spread over the interval, so that 132 gauges do not speak in the same second.
      const every = device.everyS * 1_000;
      const first = setTimeout(
        () => {
          this.#timers.delete(first);
          this.send(device);
          this.#timers.add(setInterval(() => this.send(device), every));
        },
        (every * k) / this.#options.devices.length,
      );
      this.#timers.add(first);
    });
  }

  /** Speaks at once: a terminal that sees an alarm does not wait for its interval. */
  send(device: FieldDevice): void {
    const client = this.#clients.get(device.id);
    const message = device.message(this.#options.now());
    if (!client?.connected || message === undefined) return;
    this.published += 1;
    client.publish(device.topic, message, { qos: 1 }, (error) => {
      if (!error) this.confirmed += 1;
    });
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all([...this.#clients.values()].map((c) => c.endAsync(true)));
  }
}
