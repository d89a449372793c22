// The uplink: one MQTT connection to the hub's broker, births, both lanes (safety first), beats. Reconnects for ever;
// nothing south of the spool ever waits for it.
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { LANES, type Lane } from '../device-profiles/contract/point.ts';
import {
  decodeAsk,
  decodeReceipt,
  encodeBeat,
  encodeBirth,
  encodeState,
  topics,
  WIRE_LIMITS,
  WIRE_VERSION,
  WireError,
  type Beat,
  type Sample,
} from '../device-profiles/contract/wire.ts';
import { makeBirth, type PointIndex } from './birth.ts';
import type { GatewayClock, Logger } from './drivers/driver.ts';
import type { Entry, Spool } from './spool.ts';
import { LaneSender, type SenderStats } from './uplink/lane-sender.ts';
import { UPLINK_LIMITS, type UplinkLimits } from './uplink/limits.ts';

export interface UplinkOptions {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly gateway: string;
  readonly community: string;
  readonly software: string;
  readonly writesHistory: boolean;
  readonly index: PointIndex;
  readonly spool: Spool;
  readonly snapshot: () => readonly Sample[];
  /** What a beat says beside epoch, birth and head. */
  readonly beat: () => Pick<Beat, 'spool' | 'devices' | 'links' | 'history' | 'failing' | 'callIns'>;
  readonly clock: GatewayClock;
  readonly log: Logger;
  readonly limits?: Partial<UplinkLimits>;
}

export interface UplinkStats {
  readonly connected: boolean;
  readonly connects: number;
  readonly births: number;
  readonly epochsMinted: number;
  readonly refusedMessages: number;
  /** Last reason why there is no connection, '' while there is one. */
  readonly fault: string;
  readonly lanes: Readonly<Record<Lane, SenderStats>>;
}

const CONSUMER = 'uplink';

export class Uplink {
  readonly #o: UplinkOptions;
  #index: PointIndex;
  readonly #limits: UplinkLimits;
  readonly #senders: Readonly<Record<Lane, LaneSender>>;
  #client: MqttClient | undefined;
  #ready = false;
  #stopping = false;
  #fault = 'not connected yet';
  #connects = 0;
  #births = 0;
  #minted = 0;
  #refused = 0;
  #reconnectMs: number;
  #reconnectTimer: NodeJS.Timeout | undefined;
  #beatTimer: NodeJS.Timeout | undefined;
  #unlisten: (() => void) | undefined;
  /** Births in a row without an answer, and when the last went out. */
  #birthRetryMs: number;
  #birthAt = -Infinity;
  #birthing = false;
  #birthWanted = false;
  #mintedAt = -Infinity;
  #minting = false;
  #explainedAt = new Map<string, number>();
  /** Births that are asked for and no longer kept: their batches can't be understood by anyone. */
  readonly #lostBirths = new Set<number>();
  #pumping = false;
  #pumpAgain = false;
  /** Receipts of a lane are taken one after the other. */
  #receipts: Record<Lane, Promise<void>> = { safety: Promise.resolve(), telemetry: Promise.resolve() };

  constructor(o: UplinkOptions) {
    this.#o = o;
    this.#index = o.index;
    this.#limits = { ...UPLINK_LIMITS, ...o.limits };
    this.#reconnectMs = this.#limits.reconnectFirstMs;
    this.#birthRetryMs = this.#limits.birthRetryFirstMs;
    this.#senders = { safety: this.#sender('safety'), telemetry: this.#sender('telemetry') };
  }

  start(): void {
    this.#unlisten = this.#o.spool.onAdvance(() => this.#pump());
    this.#beatTimer = setInterval(() => this.#tick(), WIRE_LIMITS.beatMs);
    this.#connect();
  }

  /** Batches are numbered by this index from now on: the hub is told before it gets one. */
  reindex(index: PointIndex): void {
    this.#index = index;
    if (this.#ready) this.#announce();
  }

  /** Says goodbye on the state topic and closes, within a bound. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#ready = false;
    this.#unlisten?.();
    clearInterval(this.#beatTimer);
    clearTimeout(this.#reconnectTimer);
    const client = this.#client;
    if (!client) return;
    const { gateway, clock } = this.#o;
    const bye = encodeState({ v: WIRE_VERSION, online: false, at: Math.trunc(clock.now()) });
    const said = client.connected
      ? client.publishAsync(topics.state(gateway), bye, { qos: 1, retain: true })
      : Promise.resolve();
    await Promise.race([said.catch(() => undefined), delay(this.#limits.stopMs)]);
    await Promise.race([client.endAsync(!client.connected).catch(() => undefined), delay(this.#limits.stopMs)]);
    client.end(true);
  }

  stats(): UplinkStats {
    return {
      connected: this.#client?.connected ?? false,
      connects: this.#connects,
      births: this.#births,
      epochsMinted: this.#minted,
      refusedMessages: this.#refused,
      fault: this.#fault,
      lanes: { safety: this.#senders.safety.stats(), telemetry: this.#senders.telemetry.stats() },
    };
  }

  #sender(lane: Lane): LaneSender {
    const { spool, clock } = this.#o;
    const consumer = spool.consumer(CONSUMER);
    const source = {
      epoch: () => spool.epoch,
      lastN: () => spool.lastN,
      next: (after: number) => consumer.next(lane, after),
      commit: (seq: number, epoch: string) => consumer.commit(lane, seq, epoch),
      crcAt: (seq: number) => spool.crcAt(lane, seq),
    };
    const hooks = {
      publish: (entry: Entry) => this.#publish(lane, entry),
      mismatch: (reason: string, aboveN?: number) => void this.#mint(`${lane}: ${reason}`, aboveN),
      monotonic: () => clock.monotonic(),
    };
    return new LaneSender(lane, source, hooks, this.#limits);
  }

  #connect(): void {
    const { gateway, clock, url, username, password } = this.#o;
    const will = encodeState({ v: WIRE_VERSION, online: false, at: Math.trunc(clock.now()) });
    const options: IClientOptions = {
      clientId: `fengsui-gateway-${gateway}`,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      clean: true,
      keepalive: this.#limits.keepaliveS,
      connectTimeout: this.#limits.connectTimeoutMs,
      // A new client for each attempt: no state of a broken connection survives it, and the pauses are ours.
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      will: { topic: topics.state(gateway), payload: will, qos: 1, retain: true },
    };
    const client = connect(url, options);
    this.#client = client;
    client.on('connect', () => void this.#greet(client));
    client.on('message', (topic, payload) => this.#onMessage(topic, payload));
    client.on('error', (error) => this.#lost(client, error.message));
    client.on('close', () => this.#lost(client, 'the connection was closed'));
  }

  /** The connection is gone or never came up: the next one after a pause. */
  #lost(client: MqttClient, reason: string): void {
    if (client !== this.#client || this.#stopping) return;
    this.#client = undefined;
    client.removeAllListeners();
    // The client still reports what happens to a dead connection; nobody needs to hear it.
    client.on('error', () => undefined);
    client.end(true);
    if (this.#ready || this.#fault !== reason) this.#o.log.warn({ reason }, 'no connection to the broker of the hub');
    this.#ready = false;
    this.#fault = reason;
    for (const lane of LANES) this.#senders[lane].shut();
    const pause = this.#reconnectMs * (0.5 + Math.random() / 2);
    this.#reconnectMs = Math.min(this.#reconnectMs * 2, this.#limits.reconnectLastMs);
    this.#reconnectTimer = setTimeout(() => this.#connect(), pause);
  }

  /** Subscribes to what the hub says, says that we are here, and what we are. */
  async #greet(client: MqttClient): Promise<void> {
    const { gateway, clock, log } = this.#o;
    try {
      // Without this a small message waits for the one before it to be acknowledged (24 ms instead of 0.9 ms).
      if ('setNoDelay' in client.stream && typeof client.stream.setNoDelay === 'function')
        client.stream.setNoDelay(true);
      await client.subscribeAsync([...LANES.map((lane) => topics.receipt(gateway, lane)), topics.ask(gateway)], {
        qos: 1,
      });
      const online = encodeState({ v: WIRE_VERSION, online: true, at: Math.trunc(clock.now()) });
      await client.publishAsync(topics.state(gateway), online, { qos: 1, retain: true });
    } catch (error) {
      this.#lost(client, error instanceof Error ? error.message : String(error));
      return;
    }
    if (client !== this.#client) return;
    this.#connects++;
    this.#ready = true;
    this.#fault = '';
    this.#birthRetryMs = this.#limits.birthRetryFirstMs;
    log.info({}, 'connected to the broker of the hub');
    this.#announce();
  }

  /** Sends a live birth and closes the lanes until the hub has answered where it is. */
  #announce(): void {
    this.#birthWanted = true;
    if (!this.#birthing) void this.#sendBirths();
  }

  async #sendBirths(): Promise<void> {
    this.#birthing = true;
    try {
      while (this.#birthWanted) {
        this.#birthWanted = false;
        await this.#sendBirth();
      }
    } catch (error) {
      this.#o.log.error({ error: String(error) }, 'the birth could not be sent');
    } finally {
      this.#birthing = false;
    }
  }

  async #sendBirth(): Promise<void> {
    const { spool, gateway, community, software, writesHistory, clock, snapshot } = this.#o;
    await Promise.race([spool.flush(), delay(this.#limits.birthFlushMs)]);
    const index = this.#index;
    const client = this.#client;
    if (!client || !this.#ready) return;
    for (const lane of LANES) this.#senders[lane].shut();
    const birth = makeBirth(index, {
      gateway,
      community,
      epoch: spool.epoch,
      at: Math.trunc(clock.now()),
      software,
      head: spool.head(),
      writesHistory,
      timebase: spool.timebase,
      snapshot: snapshot(),
    });
    this.#births++;
    this.#birthAt = clock.monotonic();
    await client.publishAsync(topics.birth(gateway), encodeBirth(birth), { qos: 1 });
  }

  #onMessage(topic: string, payload: Buffer): void {
    const { gateway, log } = this.#o;
    try {
      if (topic === topics.ask(gateway)) void this.#onAsk(decodeAsk(payload).birth);
      for (const lane of LANES) if (topic === topics.receipt(gateway, lane)) this.#onReceipt(lane, payload);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#refused++;
      log.warn({ topic, error: error.message }, 'a message of the hub could not be read');
    }
  }

  #onReceipt(lane: Lane, payload: Buffer): void {
    const receipt = decodeReceipt(payload);
    const sender = this.#senders[lane];
    this.#receipts[lane] = this.#receipts[lane]
      .then(() => sender.receipt(receipt))
      .then(() => {
        if (sender.open) {
          this.#reconnectMs = this.#limits.reconnectFirstMs;
          this.#birthRetryMs = this.#limits.birthRetryFirstMs;
        }
        this.#pump();
      })
      .catch((error: unknown) => this.#o.log.error({ lane, error: String(error) }, 'a receipt could not be used'));
  }

  /** The hub lacks an index: the live one with the state of everything, or an older one that only explains batches. */
  async #onAsk(id: string | undefined): Promise<void> {
    const { spool, gateway, clock, log } = this.#o;
    const { id: current } = this.#index;
    const key = id ?? current;
    const now = clock.monotonic();
    if (now - (this.#explainedAt.get(key) ?? -Infinity) < this.#limits.repeatQuietMs) return;
    this.#explainedAt.set(key, now);
    if (key === current) {
      this.#announce();
      return;
    }
    const bytes = await spool.birth(key);
    const client = this.#client;
    if (!client || !this.#ready) return;
    if (bytes) await client.publishAsync(topics.birth(gateway), bytes, { qos: 1 }).catch(() => undefined);
    else {
      log.error({ birth: key }, 'an old point index is lost: its batches are told as a loss');
      this.#lostBirths.add(Number.parseInt(key.slice(0, 8), 16) >>> 0);
    }
    for (const lane of LANES) this.#senders[lane].resend();
    this.#pump();
  }

  #publish(lane: Lane, entry: Entry): void {
    const { gateway, spool } = this.#o;
    const unreadable = !entry.loss && this.#lostBirths.has(entry.birthTag);
    const { bytes } = unreadable ? spool.asLoss(lane, entry) : entry;
    // Receipts acknowledge, so the broker need not: a batch lost on the way is sent again from the hub's cursor.
    this.#client?.publish(topics.up(gateway, lane), Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), {
      qos: 0,
    });
  }

  /** Sends what may be sent. Telemetry has its turn when safety has nothing left to send. */
  #pump(): void {
    this.#pumpAgain = true;
    if (this.#pumping || this.#stopping) return;
    this.#pumping = true;
    void this.#pumpAll();
  }

  async #pumpAll(): Promise<void> {
    try {
      while (this.#pumpAgain && this.#ready) {
        this.#pumpAgain = false;
        if (await this.#senders.safety.pump()) await this.#senders.telemetry.pump();
      }
    } catch (error) {
      // Tried again with the next tick.
      this.#o.log.error({ error: String(error) }, 'the spool could not be read');
    } finally {
      this.#pumping = false;
    }
  }

  async #mint(reason: string, aboveN?: number): Promise<void> {
    const { spool, clock, log } = this.#o;
    if (this.#minting || clock.monotonic() - this.#mintedAt < this.#limits.mintQuietMs) return;
    this.#minting = true;
    this.#mintedAt = clock.monotonic();
    try {
      await spool.mintEpoch(reason, aboveN);
      this.#minted++;
      this.#announce();
    } catch (error) {
      log.error({ reason, error: String(error) }, 'a new epoch could not be begun; it will be tried again');
    } finally {
      this.#minting = false;
    }
  }

  /** Each second: the beat, and everything that waits for too long. */
  #tick(): void {
    const client = this.#client;
    if (!client || !this.#ready) return;
    const { gateway, spool, clock, beat } = this.#o;
    const message: Beat = {
      v: WIRE_VERSION,
      epoch: spool.epoch,
      at: Math.trunc(clock.now()),
      birth: this.#index.id,
      head: spool.head(),
      ...beat(),
    };
    client.publish(topics.beat(gateway), encodeBeat(message), { qos: 0 });
    for (const lane of LANES) this.#senders[lane].checkTimeout();
    const unanswered = LANES.some((lane) => !this.#senders[lane].open);
    if (unanswered && !this.#birthing && clock.monotonic() - this.#birthAt >= this.#birthRetryMs) {
      this.#birthRetryMs = Math.min(this.#birthRetryMs * 2, this.#limits.birthRetryLastMs);
      this.#announce();
    }
    this.#pump();
  }
}

const delay = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
