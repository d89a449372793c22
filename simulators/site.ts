// A simulated site at work: binds the servers, writes the site file with the ports it got, moves the world on, and
// plays scenarios.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Community, Gauge } from './community.ts';
import { crc16, ModbusServer, type SimulatedUnit } from './modbus-server.ts';
import { CallingSite } from './gb26875-site.ts';
import { MqttSite, type FieldDevice } from './mqtt-site.ts';
import type { Part } from './models/transmission.ts';
import { SCENARIOS, type Act, type Choice } from './scenarios/scenarios.ts';
import { NOTIFIER_GATEWAY_UNIT, siteFiles, TOPICS, type SitePorts } from './site-file.ts';
import {
  chv180,
  CONTACTS_PER_MODULE,
  dryContacts,
  elevatorMessage,
  gstPanel,
  meokonFrame,
  notifierGateway,
  notifierPanel,
  PUMP_ROOM_UNITS,
  tornatechPump,
  transmitterA,
  transmitterB,
} from './units.ts';
import { World } from './world.ts';

const PROFILES = fileURLToPath(new URL('../device-profiles', import.meta.url));
const TICK_MS = 100;
/** A stalled process must not make the physics leap. */
const STEP_MAX_S = 1;
const ELEVATOR_EVERY_S = 1;
const GAUGE_CHECK_MS = 1_000;
/** A terminal speaks at once when its pressure moved this much since its last message, MPa. */
const GAUGE_STEP_MPA = 0.02;
/** Map B of the transmitters has unit codes of its own: 0 is kPa. A head of one metre of water is 9.80665 kPa. */
const MAP_B_KPA = 0;
const KPA_PER_METRE = 9.806_65;

export interface SimulatedSiteOptions {
  readonly host: string;
  readonly data: string;
  readonly now: () => number;
}

export class SimulatedSite {
  readonly world: World;
  readonly siteFile: string;
  readonly #options: SimulatedSiteOptions;
  readonly #servers: ModbusServer[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #passwords: Record<string, string>;
  readonly #calling: CallingSite | undefined;
  #field: MqttSite | undefined;
  #pending: { due: number; act: Act['act'] }[] = [];
  #last = 0;
  #tick: NodeJS.Timeout | undefined;
  readonly #sent = new Map<string, number>();
  deviceCount = 0;

  constructor(community: Community, options: SimulatedSiteOptions) {
    this.world = new World(community);
    this.#options = options;
    mkdirSync(options.data, { recursive: true });
    this.siteFile = resolve(options.data, 'site.yaml');
    this.#passwords = this.#readPasswords(resolve(options.data, 'field-passwords.json'));
    this.#calling = this.#transmissionDevice();
  }

  get communityName(): string {
    const { zh, en } = this.world.community.community.name;
    return `${zh} ${en}`;
  }

  async start(): Promise<void> {
    const ports = await this.#startServers();
    const files = siteFiles(this.world, {
      host: this.#options.host,
      ports,
      passwords: this.#passwords,
      profiles: PROFILES,
    });
    for (const [name, text] of Object.entries(files.files))
      writeFileSync(resolve(this.#options.data, name), text, { mode: 0o600 });
    this.deviceCount = files.devices;
    this.#last = this.#options.now();
    this.#tick = setInterval(() => this.#advance(), TICK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#tick);
    for (const timer of this.#timers) clearInterval(timer);
    this.#calling?.stop();
    await this.#field?.stop();
    await Promise.all(this.#servers.map((s) => s.stop()));
  }

  /** Points the gauges and lift terminals at the gateway's field broker. */
  connectField(url: string): void {
    if (!URL.canParse(url) || !/^mqtts?:$/.test(new URL(url).protocol))
      throw new Error(`url: expected mqtt://host:port, found ${url}`);
    void this.#field?.stop();
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
    const devices = [...this.#gaugeDevices(), ...this.#liftDevices()];
    const field = new MqttSite({ url, devices, now: this.#options.now });
    this.#field = field;
    field.start();
    this.#timers.add(setInterval(() => this.#speakOnChange(field, devices), GAUGE_CHECK_MS));
  }

  /** Lets the transmission device call the gateway's listener. @param url tcp://host:port */
  connectTransmission(url: string): void {
    const centre = URL.canParse(url) ? new URL(url) : undefined;
    if (centre?.protocol !== 'tcp:' || centre.port === '')
      throw new Error(`url: expected tcp://host:port, found ${url}`);
    this.#calling?.call(centre.hostname, Number(centre.port));
  }

  /** Starts a scenario; answers how many seconds its last act is away. @throws Error for an unknown name or place. */
  play(name: string, choice: Choice): number {
    const scenario = SCENARIOS.find((s) => s.name === name);
    if (!scenario) throw new Error(`no scenario ${name}; there are: ${SCENARIOS.map((s) => s.name).join(', ')}`);
    if (name === 'quiet') this.#pending = [];
    const now = this.#options.now();
    const acts = scenario.acts(this.world, choice);
    this.#pending.push(...acts.map((a) => ({ due: now + a.afterS * 1_000, act: a.act })));
    return acts.reduce((last, a) => Math.max(last, a.afterS), 0);
  }

  state(): Record<string, unknown> {
    const { water } = this.world;
    return {
      water,
      cars: Object.fromEntries(this.world.cars),
      active: [...this.world.panels].map(([id, p]) => ({
        building: id,
        dead: p.dead,
        fire: [...p.points].filter(([, x]) => x.fire).map(([k]) => k),
      })),
      field: { published: this.#field?.published ?? 0, confirmed: this.#field?.confirmed ?? 0 },
      transmission: this.#calling && {
        connected: this.#calling.connected,
        waiting: this.#calling.device.waiting,
        clockOffMs: this.#calling.device.clockOff,
        ...this.#calling.device.counters,
      },
      modbusRequests: this.#servers.reduce((sum, s) => sum + s.requests, 0),
      writesRefused: this.#servers.reduce((sum, s) => sum + s.writesRefused, 0),
      pending: this.#pending.length,
    };
  }

  #advance(): void {
    const now = this.#options.now();
    const due = this.#pending.filter((p) => p.due <= now);
    if (due.length > 0) this.#pending = this.#pending.filter((p) => p.due > now);
    for (const { act } of due.sort((a, b) => a.due - b.due)) act(this.world);
    const date = new Date(now);
    const dt = Math.max(0, Math.min(STEP_MAX_S, (now - this.#last) / 1_000));
    this.world.step(dt, date.getHours() + date.getMinutes() / 60);
    if (this.world.transmission) this.#calling?.tick(this.world.transmission);
    this.#last = now;
  }

  async #startServers(): Promise<SitePorts> {
    const { community } = this.world;
    const notifier = community.buildings.filter((b) => b.panel === 'notifier');
    const nodes = new Map<number, SimulatedUnit>(
      notifier.map((b, k) => {
        const loops = Math.max(
          ...(this.world.addresses.get(b.id) ?? []).map((a) => Number(/^[DM](\d+)-/.exec(a.id)?.[1] ?? 1)),
        );
        const unit = notifierPanel(() => this.world.panel(b.id), loops);
        // The gateway box still answers for a panel that is off its ring: 0B, panel offline (devices.md 7.3).
        return [
          k + 1,
          { read: (t, a, c) => (this.world.panel(b.id).dead ? 0x0b : unit.read(t, a, c)) } satisfies SimulatedUnit,
        ];
      }),
    );
    const online = (): number[] => notifier.flatMap((b, k) => (this.world.panel(b.id).dead ? [] : [k + 1]));
    nodes.set(NOTIFIER_GATEWAY_UNIT, notifierGateway(online));
    const gst = new Map<string, number>();
    for (const b of community.buildings.filter((x) => x.panel === 'gst')) {
      const unit = gstPanel(() => this.world.panel(b.id), (this.world.addresses.get(b.id) ?? []).length);
      const alive: SimulatedUnit = { read: (t, a, c) => (this.world.panel(b.id).dead ? 'silent' : unit.read(t, a, c)) };
      gst.set(b.id, await this.#listen('tcp', new Map([[1, alive]]), 0x0b));
    }
    const drives = new Map<string, number>();
    for (const b of community.buildings) {
      const units = this.world.lifts.filter((l) => l.building === b.id);
      drives.set(
        b.id,
        await this.#listen(
          'rtu-over-tcp',
          new Map(units.map((l) => [l.unit, chv180(() => this.#car(l.id))])),
          'silent',
        ),
      );
    }
    return {
      notifier: await this.#listen('tcp', nodes, 0x0a),
      gst,
      drives,
      pump: await this.#listen('tcp', new Map([[1, tornatechPump(() => this.world.water)]]), 'silent'),
      pumpRoom: await this.#listen('rtu-over-tcp', this.#pumpRoomUnits(), 'silent'),
      controlRoom: await this.#listen('rtu-over-tcp', this.#controlRoomUnits(), 'silent'),
    };
  }

  #pumpRoomUnits(): Map<number, SimulatedUnit> {
    const w = this.world;
    return new Map<number, SimulatedUnit>([
      [PUMP_ROOM_UNITS.outlet, transmitterA(() => w.outlet(), 3, 2.5)],
      [
        PUMP_ROOM_UNITS.pit,
        transmitterB(
          () => w.water.pit * KPA_PER_METRE,
          MAP_B_KPA,
          () => w.temperature(),
        ),
      ],
      [
        PUMP_ROOM_UNITS.roof,
        transmitterB(
          () => w.water.roof * KPA_PER_METRE,
          MAP_B_KPA,
          () => w.temperature(),
        ),
      ],
      [
        PUMP_ROOM_UNITS.contacts,
        dryContacts([
          () => w.water.jockeyOn,
          () => w.water.pumpSpeed > 0.2,
          () => !w.water.inAutomatic,
          () => !w.water.mains,
          () => w.water.failedToStart,
          () => false,
          () => false,
          () => false,
        ]),
      ],
    ]);
  }

  /** One contact a panel, closed while it is not in automatic. */
  #controlRoomUnits(): Map<number, SimulatedUnit> {
    const w = this.world;
    const contacts = w.community.buildings.map((b) => () => !w.panel(b.id).inAutomatic);
    const units = new Map<number, SimulatedUnit>();
    for (let first = 0; first < contacts.length; first += CONTACTS_PER_MODULE) {
      const wired = contacts.slice(first, first + CONTACTS_PER_MODULE);
      const open = Array.from({ length: CONTACTS_PER_MODULE - wired.length }, () => () => false);
      units.set(first / CONTACTS_PER_MODULE + 1, dryContacts([...wired, ...open]));
    }
    return units;
  }

  async #listen(
    framing: 'tcp' | 'rtu-over-tcp',
    units: Map<number, SimulatedUnit>,
    missingUnit: 0x0a | 0x0b | 'silent',
  ): Promise<number> {
    const server = new ModbusServer({ host: this.#options.host, port: 0, framing, units, missingUnit });
    this.#servers.push(server);
    return server.start();
  }

  #transmissionDevice(): CallingSite | undefined {
    const { community, transmission } = this.world;
    if (!community.transmission || !transmission) return undefined;
    const { name, source, centre, floor } = community.transmission;
    const { height } = community.floors;
    const measure = ({ measures }: Part): number | undefined =>
      measures === 'pressure'
        ? this.world.mainAt(floor * height)
        : measures === 'level'
          ? this.world.water.pit
          : undefined;
    return new CallingSite({ name: name.zh, source, centre, measure, now: this.#options.now }, transmission);
  }

  #car(id: string) {
    const car = this.world.cars.get(id);
    if (!car) throw new Error(`no lift ${id}`);
    return car;
  }

  #gaugeDevices(): FieldDevice[] {
    return this.world.gauges.map((g) => ({
      id: g.id,
      username: g.serial,
      password: this.#passwords[g.serial] ?? '',
      topic: TOPICS.gauge(g.serial),
      everyS: this.world.community.gaugeIntervalS,
      message: (now) => this.#frame(g, now),
    }));
  }

  #frame(g: Gauge, now: number): string {
    const value = this.world.gauge(g);
    this.#sent.set(g.id, value);
    const [low, high] = g.use === 'extinguisher' ? [1.0, 1.5] : [0.35, 1.6];
    const alarm = (value < low ? 1 : 0) | (value > high ? 2 : 0);
    const battery = this.world.cylinders.get(g.id)?.battery ?? 100;
    return meokonFrame(
      {
        id: g.serial,
        battery,
        rssi: -67,
        intervalS: this.world.community.gaugeIntervalS,
        alarm,
        low,
        high,
        value,
        at: now,
        records: [value],
      },
      crc16,
    );
  }

  #liftDevices(): FieldDevice[] {
    return this.world.lifts.map((lift) => ({
      id: `${lift.id}-t`,
      username: lift.registration,
      password: this.#passwords[lift.registration] ?? '',
      topic: TOPICS.lift(lift.registration),
      everyS: ELEVATOR_EVERY_S,
      message: (now) => JSON.stringify(elevatorMessage(this.#car(lift.id), this.world.shape, lift.registration, now)),
    }));
  }

  #speakOnChange(field: MqttSite, devices: readonly FieldDevice[]): void {
    for (const g of this.world.gauges) {
      const before = this.#sent.get(g.id);
      const device = before === undefined ? undefined : devices.find((d) => d.id === g.id);
      if (device && before !== undefined && Math.abs(this.world.gauge(g) - before) >= GAUGE_STEP_MPA)
        field.send(device);
    }
  }

  /** One password a terminal, made at first start and kept beside the site file, readable by its owner only. */
  #readPasswords(file: string): Record<string, string> {
    let known: Record<string, string> = {};
    try {
      known = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    } catch {
      // First start: there is no file yet.
    }
    const users = [...this.world.gauges.map((g) => g.serial), ...this.world.lifts.map((l) => l.registration)];
    const all = Object.fromEntries(users.map((u) => [u, known[u] ?? randomBytes(12).toString('base64url')]));
    writeFileSync(file, JSON.stringify(all), { mode: 0o600 });
    return all;
  }
}
