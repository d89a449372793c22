// The drivers of a site, in groups that stand alone: one a bus, one a broker, one a port that devices call. Another
// site file stops and starts the groups in which something differs; all others never notice.
import type { Driver, SiteDevice } from './drivers/driver.ts';
import { isCallIn, type CallInDriver } from './call-in/call-in.ts';
import { Gb26875Driver, type ListedDevice } from './drivers/gb26875.ts';
import { busAddress, modbusDriver, type ModbusLink } from './drivers/modbus.ts';
import { ModbusCallInDriver } from './drivers/modbus-call-in.ts';
import { MqttDriver, type MqttDriverOptions } from './drivers/mqtt.ts';
import { NOTHING_LEARNED, type Learned } from '../device-profiles/gb26875/grow.ts';
import type { GatewayConfig } from './config.ts';
import type { CallingDevice } from './gb26875/device.ts';
import { withLearned, type Registry } from './gb26875/registry.ts';
import type { ModbusMemory } from './modbus/memory.ts';
import type { Intake } from './intake.ts';
import { HOST_VARIABLE, sourceOf, type Site, type SiteDeviceEntry } from './site.ts';
import type { DtuLink, SiteBroker, SiteLink } from './site-links.ts';
import type { MqttUser } from './site-users.ts';

/** What a group is made of, as the site file says. */
export interface GroupPlan {
  /** Address of the bus, port of lines that devices open, or type and id of the link. */
  readonly key: string;
  /** Equal for two site files exactly when the group may run on. Holds secrets of the links: never log it. */
  readonly signature: string;
  readonly links: readonly SiteLink[];
  readonly devices: readonly SiteDeviceEntry[];
  /** Field users, where the group is the gateway's own broker. */
  readonly users: readonly MqttUser[];
}

/** The groups of a site, in the order of its links. */
export function groupsOf(site: Site): readonly GroupPlan[] {
  const byKey = new Map<string, SiteLink[]>();
  for (const link of site.links) byKey.set(keyOf(link), [...(byKey.get(keyOf(link)) ?? []), link]);
  return [...byKey].map(([key, links]) => {
    const devices = site.devices.filter((d) => links.some((l) => l.id === d.link));
    const users = links.some((l) => l.type === 'mqtt' && l.broker === undefined) ? site.mqttUsers : [];
    const described = devices.map(({ model, grow, ...rest }) => ({
      ...rest,
      model: model.hash,
      grows: grow !== undefined,
    }));
    return { key, signature: JSON.stringify({ links, described, users }), links, devices, users };
  });
}

function keyOf(link: SiteLink): string {
  if (isModbus(link)) return busAddress(link);
  return isDtu(link) ? `${link.type} port ${link.port}` : `${link.type} ${link.id}`;
}
const isDtu = (link: SiteLink): link is DtuLink => link.type === 'modbus-dtu';
const isModbus = (link: SiteLink): link is Extract<SiteLink, ModbusLink> =>
  link.type !== 'mqtt' && link.type !== 'gb26875' && !isDtu(link);
const isCalling = (device: SiteDeviceEntry): device is SiteDeviceEntry & CallingDevice => device.grow !== undefined;

interface Group {
  readonly plan: GroupPlan;
  readonly driver: Driver;
}

export interface SiteDriverParts {
  readonly intake: Intake;
  readonly registry: Registry;
  readonly memory: ModbusMemory;
  readonly config: Pick<GatewayConfig, 'host' | 'fieldMqttPort' | 'gb26875Port'>;
  readonly gateway: string;
  /** Whether the gateway's own clock is sure, so that devices may be set by it. */
  readonly clockTrusted: () => boolean;
}

/** Devices with what they had told of before the start. */
export interface KnownDevices {
  readonly devices: readonly SiteDeviceEntry[];
  readonly learned: ReadonlyMap<string, Learned>;
}

/** Puts other devices in force: what reshape.ts does. */
export type Become = (next: (now: readonly SiteDevice[]) => readonly SiteDevice[]) => Promise<void>;

/** Groups by their keys. */
export interface Change {
  readonly kept: readonly string[];
  readonly started: readonly string[];
  readonly stopped: readonly string[];
}

export class SiteDrivers {
  readonly #parts: SiteDriverParts;
  #order: readonly SiteDeviceEntry[];
  #groups: readonly Group[];

  /** @param known all devices of the site. @throws Error naming the link whose settings make no sense */
  constructor(site: Site, known: KnownDevices, parts: SiteDriverParts) {
    this.#parts = parts;
    this.#order = site.devices;
    this.#groups = groupsOf(site).map((plan) => this.#make(plan, known, true));
  }

  get all(): readonly Driver[] {
    return this.#groups.map((g) => g.driver);
  }

  get fields(): readonly MqttDriver[] {
    return this.all.filter((d) => d instanceof MqttDriver);
  }

  /** Those whose devices call us. */
  get callIns(): readonly CallInDriver[] {
    return this.all.filter(isCallIn);
  }

  get gb26875(): Gb26875Driver | undefined {
    return this.all.find((d) => d instanceof Gb26875Driver);
  }

  async start(): Promise<void> {
    await Promise.all(this.all.map((d) => d.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((d) => d.stop()));
  }

  /**
   * Changes over to another site. Groups that are as they were go on, with the devices they have.
   * @throws Error when the new site can't be put in force; then the old one runs again as it was
   */
  async change(site: Site, become: Become): Promise<Change> {
    const plans = groupsOf(site);
    const kept = this.#groups.filter((g) => plans.some((p) => isSame(p, g.plan)));
    const gone = this.#groups.filter((g) => !kept.includes(g));
    const fresh = plans.filter((p) => !kept.some((g) => isSame(p, g.plan)));
    const isOrdered = site.devices.every((d, k) => d.id === this.#order[k]?.id);
    if (gone.length + fresh.length === 0 && isOrdered) return { kept: keysOf(kept), started: [], stopped: [] };
    const stays = new Set(kept.flatMap((g) => g.plan.devices.map((d) => d.id)));
    await stopAll(gone);
    const started: Group[] = [];
    try {
      const known = await this.#known(fresh);
      // Of a new site every port has to be there, else it is not put in force.
      const made = fresh.map((plan) => this.#make(plan, known, false));
      await become((now) => arrange(site.devices, stays, now, known.devices));
      this.#parts.intake.relink(site.links.map((l) => l.id));
      for (const group of made) {
        started.push(group);
        await group.driver.start();
      }
    } catch (error) {
      await stopAll(started);
      const dead = await this.#goBack(kept, gone, become);
      if (dead.length === 0) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`${why}; not started again: ${dead.join(', ')}`, { cause: error });
    }
    this.#order = site.devices;
    this.#parts.memory.keepOnly(new Set(site.devices.map((d) => d.id)));
    this.#groups = plans.flatMap((p) => [...kept, ...started].find((g) => g.plan.key === p.key) ?? []);
    return { kept: keysOf(kept), started: keysOf(started), stopped: keysOf(gone) };
  }

  /**
   * The site before: what was stopped runs again; what ran on keeps what it has learned meanwhile.
   * @returns the groups that could not be started again; the others are
   */
  async #goBack(kept: readonly Group[], gone: readonly Group[], become: Become): Promise<readonly string[]> {
    const known = await this.#known(gone.map((g) => g.plan));
    const stays = new Set(kept.flatMap((g) => g.plan.devices.map((d) => d.id)));
    await become((now) => arrange(this.#order, stays, now, known.devices));
    this.#groups = this.#groups.map((g) => (kept.includes(g) ? g : this.#make(g.plan, known, true)));
    this.#parts.intake.relink(this.#groups.flatMap((g) => g.plan.links.map((l) => l.id)));
    const again = this.#groups.filter((g) => !kept.includes(g));
    const ends = await Promise.allSettled(again.map((g) => g.driver.start()));
    return keysOf(again.filter((_, k) => ends[k]?.status === 'rejected'));
  }

  #known(plans: readonly GroupPlan[]): Promise<KnownDevices> {
    return withLearned(
      plans.flatMap((p) => p.devices),
      this.#parts.registry,
    );
  }

  /** @param waits a port that is taken keeps no other group from running: it is waited for where devices call */
  #make(plan: GroupPlan, known: KnownDevices, waits: boolean): Group {
    const ids = new Set(plan.devices.map((d) => d.id));
    const devices = known.devices.filter((d) => ids.has(d.id));
    return { plan, driver: this.#driver(plan, { ...known, devices }, waits) };
  }

  #driver({ links, users }: GroupPlan, { devices, learned }: KnownDevices, waits: boolean): Driver {
    const { intake, config, registry, memory, clockTrusted } = this.#parts;
    const [link] = links;
    if (link?.type === 'mqtt')
      return new MqttDriver({ link: link.id, devices, port: intake, broker: this.#broker(link.broker, users) });
    if (link?.type === 'gb26875') {
      const listed = devices.filter(isCalling).flatMap((device): ListedDevice[] => {
        const source = sourceOf(device.vars['address'] ?? '');
        if (source === undefined) return [];
        const host = device.vars[HOST_VARIABLE];
        const known = learned.get(device.id) ?? NOTHING_LEARNED;
        return [{ device, source, ...(host === undefined ? {} : { host }), learned: known }];
      });
      const { host, gb26875Port: port } = config;
      const { id, transport = 'tcp' } = link;
      return new Gb26875Driver({ link: id, host, port, transport, devices: listed, intake, registry, clockTrusted });
    }
    if (link?.type === 'modbus-dtu') {
      const { host } = config;
      const dtus = links.filter(isDtu);
      return new ModbusCallInDriver({ host, port: link.port, waits, links: dtus, devices, intake, memory });
    }
    return modbusDriver({ links: links.filter(isModbus), devices, port: intake, memory });
  }

  /** Our own field broker, or the one that the site names. */
  #broker(named: SiteBroker | undefined, users: readonly MqttUser[]): MqttDriverOptions['broker'] {
    const { config, gateway } = this.#parts;
    if (!named) return { host: config.host, port: config.fieldMqttPort, users };
    const { host, port, username, password } = named;
    const literal = host.includes(':') ? `[${host}]` : host;
    return { url: `mqtt://${literal}:${port}`, username, password, clientId: `fengsui-field-${gateway}` };
  }
}

const isSame = (a: GroupPlan, b: GroupPlan): boolean => a.key === b.key && a.signature === b.signature;
const keysOf = (groups: readonly Group[]): string[] => groups.map((g) => g.plan.key);
const stopAll = (groups: readonly Group[]): Promise<unknown> => Promise.allSettled(groups.map((g) => g.driver.stop()));

/** Devices in this order: those that stay as they are now, the others as given. */
function arrange(
  order: readonly SiteDevice[],
  stays: ReadonlySet<string>,
  now: readonly SiteDevice[],
  others: readonly SiteDevice[],
): SiteDevice[] {
  const running = new Map(now.map((d) => [d.id, d]));
  const given = new Map(others.map((d) => [d.id, d]));
  return order.map((d) => (stays.has(d.id) ? running : given).get(d.id) ?? d);
}
