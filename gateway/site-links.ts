// The links of a site file: which there are, and what of each is filled in.
import type { Path } from '../device-profiles/config-error.ts';
import { CALLED_LINE_DEFAULTS, RTU_LATE_MIN_MS } from './call-in/limits.ts';
import { packetBytes, type Packet } from './call-in/registration.ts';
import { settingOf } from './config.ts';
import type { SiteLinkFile } from './site-schema.ts';

/** A link of the site. `port` of a TCP link is filled in. */
export type SiteLink =
  | {
      readonly id: string;
      readonly type: 'modbus-tcp' | 'modbus-rtu-tcp';
      readonly host: string;
      readonly port: number;
    }
  | {
      readonly id: string;
      readonly type: 'modbus-rtu';
      readonly path: string;
      readonly baud?: number;
      readonly parity?: 'none' | 'even' | 'odd';
      readonly stopBits?: 1 | 2;
    }
  | DtuLink
  /** TCP where nothing is said. */
  | { readonly id: string; readonly type: 'gb26875'; readonly transport?: 'tcp' | 'udp' }
  | {
      readonly id: string;
      readonly type: 'mqtt';
      /** A broker of the site; without it devices connect to the gateway's own. Holds a secret: never log it. */
      readonly broker?: SiteBroker;
    };

/** The line of a DTU that calls; everything is filled in. */
export interface DtuLink {
  readonly id: string;
  readonly type: 'modbus-dtu';
  readonly port: number;
  readonly framing: 'rtu' | 'tcp';
  readonly registration: Packet;
  readonly heartbeats: readonly Packet[];
  readonly silentS: number;
  readonly latencyMs: number;
  readonly lateMs: number;
}

export interface SiteBroker {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
}

const DEFAULT_MODBUS_PORT = 502;
const DEFAULT_MQTT_PORT = 1883;

export type Report = (path: Path, message: string) => void;
type Env = Readonly<Record<string, string | undefined>>;

export function readLinks(given: readonly SiteLinkFile[], env: Env, report: Report): Map<string, SiteLink> {
  const links = new Map<string, SiteLink>();
  let field: string | undefined;
  let callIn: string | undefined;
  const dtus: DtuLink[] = [];
  given.forEach((link, k) => {
    if (links.has(link.id)) report(['links', k, 'id'], `link "${link.id}" is declared twice`);
    if (link.type === 'gb26875') {
      if (callIn !== undefined)
        report(['links', k], `the gateway has one GB/T 26875.3 listener; link "${callIn}" is it already`);
      callIn ??= link.id;
      links.set(link.id, link);
      return;
    }
    if (link.type === 'modbus-dtu') {
      const there: Report = (more, message) => report(['links', k, ...more], message);
      const dtu = readDtu(link, there);
      tellApart(dtu, dtus, there);
      dtus.push(dtu);
      links.set(dtu.id, dtu);
      return;
    }
    if (link.type !== 'mqtt') {
      links.set(link.id, 'host' in link ? { ...link, port: link.port ?? DEFAULT_MODBUS_PORT } : link);
      return;
    }
    const broker = readBroker(link, env, (more, message) => report(['links', k, ...more], message));
    if (!broker && field !== undefined)
      report(['links', k], `the gateway has one field broker; link "${field}" is it already`);
    if (!broker) field ??= link.id;
    links.set(link.id, { id: link.id, type: 'mqtt', ...(broker ? { broker } : {}) });
  });
  checkPorts(given, env, report);
  return links;
}

/** One registration that is the beginning of another could be taken for it where the other comes in two pieces. */
function tellApart(dtu: DtuLink, others: readonly DtuLink[], report: Report): void {
  const bytes = packetBytes(dtu.registration);
  for (const other of others) {
    const theirs = packetBytes(other.registration);
    const length = Math.min(bytes.length, theirs.length);
    if (other.port !== dtu.port || length === 0) continue;
    if (!bytes.subarray(0, length).equals(theirs.subarray(0, length))) continue;
    const how =
      bytes.length === theirs.length
        ? `link "${other.id}" has the same`
        : bytes.length > theirs.length
          ? `it begins with that of link "${other.id}"`
          : `that of link "${other.id}" begins with it`;
    report(['registration'], `${how} on port ${dtu.port}: they could not be told apart`);
    return;
  }
}

/** Ports of DTUs that another listener of the gateway takes, as its settings are here. */
function checkPorts(given: readonly SiteLinkFile[], env: Env, report: Report): void {
  const taken = [{ name: 'ANNUNCIATOR_PORT', by: "the gateway's own page" }];
  const field = given.find((l) => l.type === 'mqtt' && l.host === undefined);
  if (field) taken.push({ name: 'FIELD_MQTT_PORT', by: `link "${field.id}"` });
  const callIn = given.find((l) => l.type === 'gb26875' && l.transport !== 'udp');
  if (callIn) taken.push({ name: 'GB26875_PORT', by: `link "${callIn.id}"` });
  given.forEach((link, k) => {
    if (link.type !== 'modbus-dtu') return;
    const other = taken.find(({ name }) => settingOf(env, name) === String(link.port));
    if (other)
      report(['links', k, 'port'], `${link.port} is taken by ${other.by} (${other.name}); expected another port`);
  });
}

function readDtu(link: Extract<SiteLinkFile, { type: 'modbus-dtu' }>, report: Report): DtuLink {
  const registration = readPacket(link.registration, ['registration'], report);
  const heartbeats = (link.heartbeats ?? []).map((packet, n) => readPacket(packet, ['heartbeats', n], report));
  const { id, type, port, framing = 'rtu' } = link;
  const { silentS, latencyMs, lateMs } = { ...CALLED_LINE_DEFAULTS, ...link };
  if (framing === 'rtu' && lateMs < RTU_LATE_MIN_MS)
    report(
      ['lateMs'],
      `expected at least ${RTU_LATE_MIN_MS} with framing rtu, whose answers have no ids; found ${lateMs}`,
    );
  return { id, type, port, framing, registration, heartbeats, silentS, latencyMs, lateMs };
}

function readPacket(
  { text, hex }: { readonly text?: string | undefined; readonly hex?: string | undefined },
  path: Path,
  report: Report,
): Packet {
  if ((text === undefined) === (hex === undefined)) report(path, 'expected either text or hex');
  return hex === undefined ? { text: text ?? '' } : { hex: hex.toLowerCase() };
}

/** The broker that an MQTT link names; undefined for the gateway's own. */
function readBroker(link: Extract<SiteLinkFile, { type: 'mqtt' }>, env: Env, report: Report): SiteBroker | undefined {
  const { host, port, username, passwordEnv } = link;
  if (host === undefined) {
    for (const key of ['port', 'username', 'passwordEnv'] as const)
      if (link[key] !== undefined)
        report([key], 'only with host: the field broker has its own (FIELD_MQTT_PORT, mqttUsers)');
    return undefined;
  }
  const password = passwordEnv === undefined ? undefined : env[passwordEnv];
  if (passwordEnv !== undefined && !password) report(['passwordEnv'], `environment variable ${passwordEnv} is not set`);
  return {
    host,
    port: port ?? DEFAULT_MQTT_PORT,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}
