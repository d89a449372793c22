// The links of a site file: which there are, and what of each is filled in.
import type { Path } from '../device-profiles/config-error.ts';
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
  /** TCP where nothing is said. */
  | { readonly id: string; readonly type: 'gb26875'; readonly transport?: 'tcp' | 'udp' }
  | {
      readonly id: string;
      readonly type: 'mqtt';
      /** A broker of the site; without it devices connect to the gateway's own. Holds a secret: never log it. */
      readonly broker?: SiteBroker;
    };

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
  given.forEach((link, k) => {
    if (links.has(link.id)) report(['links', k, 'id'], `link "${link.id}" is declared twice`);
    if (link.type === 'gb26875') {
      if (callIn !== undefined)
        report(['links', k], `the gateway has one GB/T 26875.3 listener; link "${callIn}" is it already`);
      callIn ??= link.id;
      links.set(link.id, link);
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
