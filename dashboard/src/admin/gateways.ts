// How a gateway stands in one word, the worst first, and the lines that make a new one speak.
import type { CredentialsView, GatewayView } from '../../../hub/ingest/contract.ts';

export type GatewayState = 'revoked' | 'refused' | 'wrong-password' | 'never' | 'silent' | 'clock-wrong' | 'heard';

/** What is most in the way of believing it. */
export function gatewayState(gateway: GatewayView): GatewayState {
  if (gateway.revokedAt !== undefined) return 'revoked';
  if (gateway.refused !== undefined) return 'refused';
  if (gateway.refusedLogin !== undefined && !gateway.online) return 'wrong-password';
  if (gateway.bornAt === undefined) return 'never';
  if (gateway.silentSince !== undefined || !gateway.online) return 'silent';
  return gateway.clockOffMs === undefined ? 'heard' : 'clock-wrong';
}

const NOWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '[::]']);
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

export interface Reach {
  /** Address a gateway connects to. */
  readonly url: string;
  /** The hub listens to its own machine alone. */
  readonly loopback: boolean;
}

/** The broker as a gateway must call it: a hub that listens everywhere is called as this page calls it. */
export function reachOf(broker: string, pageHost: string): Reach {
  const url = new URL(broker);
  const host = NOWHERE.has(url.hostname) ? pageHost : url.hostname;
  return { url: `${url.protocol}//${host}${url.port === '' ? '' : `:${url.port}`}`, loopback: LOOPBACK.has(host) };
}

/** The gateway's settings, ready to be put into its environment file. */
export const envLines = ({ username, password }: CredentialsView, url: string): string =>
  [`MQTT_URL=${url}`, `GATEWAY_USER=${username}`, `GATEWAY_PASSWORD=${password}`].join('\n');

/** The head of its site file. */
export const siteLines = ({ id, community }: CredentialsView): string =>
  [`gateway: ${id}`, `community: ${community}`].join('\n');
