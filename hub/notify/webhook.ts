// One call of a web hook: signed, bounded in time, never redirected, and never into networks the site has not named.
import { createHmac } from 'node:crypto';
import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { NOTIFY_LIMITS, type HookTargets } from './norms.ts';

/** Addresses that are not the public Internet: this machine, private and shared networks, link-local (cloud metadata). */
const PRIVATE = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  ['::', 127], // unspecified and loopback
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv6');

/** True for an address that a hook may not lead to unless its host is named. IPv4 inside IPv6 counts as IPv4. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  // BlockList looks through IPv4-mapped addresses by itself.
  return PRIVATE.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** Why a hook may not lead to this URL, or undefined. The address a name resolves to is looked at again at each call. */
export function targetRefused(text: string, targets: HookTargets): string | undefined {
  if (!URL.canParse(text)) return 'not a URL';
  const url = new URL(text);
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== 'https' && scheme !== 'http') return `scheme ${scheme}`;
  if (url.username !== '' || url.password !== '') return 'user and password in the URL';
  if (isNamed(url, targets)) return undefined;
  if (!targets.schemes.includes(scheme)) return `scheme ${scheme}`;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isPrivateAddress(host)) return `${host} is a private address`;
  return undefined;
}

const isNamed = (url: URL, targets: HookTargets): boolean =>
  targets.hosts.includes(url.host) || targets.hosts.includes(url.hostname);

/** Resolves like the system does, but gives no private address: checked at the connection, so a name can't change between. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const found = error ? [] : addresses.filter((a) => !isPrivateAddress(a.address));
    const first = found[0];
    if (first === undefined) callback(error ?? new Error(`${hostname} leads to a private address`), '', 0);
    else if (options.all) callback(null, found);
    else callback(null, first.address, first.family);
  });
};

/** `t=<seconds>,v1=<hex>`: HMAC-SHA256 over `<seconds>.<body>`, so that an old call can't be sent again. */
export const signature = (secret: string, body: string, nowMs: number): string => {
  const seconds = Math.floor(nowMs / 1000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
};

export interface HookCall {
  readonly url: string;
  readonly secret: string;
  readonly body: string;
  readonly id: string;
  readonly now: number;
  readonly targets: HookTargets;
}

/** Calls a hook. Resolves when it answered 2xx. @throws Error with a text that holds nothing of the URL but its host */
export async function callHook(call: HookCall): Promise<void> {
  const refused = targetRefused(call.url, call.targets);
  if (refused !== undefined) throw new Error(`not allowed: ${refused}`);
  const url = new URL(call.url);
  const options: RequestOptions = {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(call.body),
      'user-agent': 'fengsui',
      'x-fengsui-id': call.id,
      'x-fengsui-signature': signature(call.secret, call.body, call.now),
    },
    signal: AbortSignal.timeout(NOTIFY_LIMITS.hookMsMax),
    ...(isNamed(url, call.targets) ? {} : { lookup: publicLookup }),
  };
  const status = await post(url, options, call.body);
  if (status < 200 || status > 299) throw new Error(`${url.host} answered ${status}`);
}

function post(url: URL, options: RequestOptions, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, options, (response) => {
      // What the other side says is nothing to us; an endless answer must not keep us.
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    request.on('error', (error) =>
      reject(
        new Error(error.name === 'TimeoutError' ? `${url.host}: no answer in time` : `${url.host}: ${error.message}`),
      ),
    );
    request.end(body);
  });
}
