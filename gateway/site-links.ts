// The links of a site file: which there are, and what of each is filled in.
import type { Path } from '../device-profiles/config-error.ts';
import { CALLED_LINE_DEFAULTS } from './call-in/limits.ts';
import { packetBytes, type Packet } from './call-in/registration.ts';
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
  const registrations = new Map<string, string>();
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
      const bytes = packetBytes(dtu.registration);
      const key = `${dtu.port} ${bytes.toString('hex')}`;
      const other = bytes.length > 0 ? registrations.get(key) : undefined;
      if (other !== undefined)
        there(['registration'], `link "${other}" has the same on port ${dtu.port}: they could not be told apart`);
      registrations.set(key, dtu.id);
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
  return links;
}

function readDtu(link: Extract<SiteLinkFile, { type: 'modbus-dtu' }>, report: Report): DtuLink {
  const registration = readPacket(link.registration, ['registration'], report);
  const heartbeats = (link.heartbeats ?? []).map((packet, n) => readPacket(packet, ['heartbeats', n], report));
  const { id, type, port, framing = 'rtu' } = link;
  const { silentS, latencyMs, lateMs } = { ...CALLED_LINE_DEFAULTS, ...link };
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
