// The gateway's settings from the environment, validated once.
import { resolve } from 'node:path';
import type { InfluxTarget } from './history/influx.ts';

interface Setting {
  readonly name: string;
  readonly help: string;
  readonly default?: string;
}

export const SETTINGS: readonly Setting[] = [
  { name: 'HOST', help: 'address that the listeners for field devices bind to', default: '127.0.0.1' },
  { name: 'FIELD_MQTT_PORT', help: 'port of the MQTT broker for field devices; 0 picks a free one', default: '1884' },
  {
    name: 'GB26875_PORT',
    help: 'port for transmission devices that call in by GB/T 26875.3; 0 picks a free one',
    default: '5001',
  },
  {
    name: 'ANNUNCIATOR_PORT',
    help: "port of the gateway's own page, /health and /metrics, on loopback only; 0 picks a free one",
    default: '8081',
  },
  {
    name: 'FENGSUI_DATA',
    help: 'directory for everything kept; the gateway uses gateway/<id> below it',
    default: './data',
  },
  { name: 'FENGSUI_SPOOL_MB', help: 'most disk space for records not delivered yet, MiB', default: '4096' },
  { name: 'MQTT_URL', help: 'broker of the hub', default: 'mqtt://127.0.0.1:1883' },
  { name: 'GATEWAY_USER', help: 'user name of this gateway at that broker' },
  { name: 'GATEWAY_PASSWORD', help: 'its password' },
  { name: 'INFLUX_URL', help: 'InfluxDB for history (1.x: with ?db=NAME); without it the hub keeps history' },
  { name: 'INFLUX_TOKEN', help: 'token for InfluxDB 2 and later' },
  { name: 'INFLUX_ORG', help: 'organisation in InfluxDB 2' },
  { name: 'INFLUX_BUCKET', help: 'bucket in InfluxDB, database in 1.x', default: 'fengsui' },
  {
    name: 'CLOCK_TRUSTED',
    help: "yes: this machine's clock is kept right by something that the system does not tell of, so devices may be set by it; ask: the system says whether it is synchronised",
    default: 'ask',
  },
  { name: 'LOG_LEVEL', help: 'fatal, error, warn, info, debug, trace or silent', default: 'info' },
];

export interface GatewayConfig {
  readonly host: string;
  readonly fieldMqttPort: number;
  readonly gb26875Port: number;
  readonly annunciatorPort: number;
  /** Absolute path. */
  readonly dataDir: string;
  readonly spoolBytes: number;
  readonly hub: { readonly url: string; readonly username?: string; readonly password?: string };
  readonly influx?: InfluxTarget;
  /** By somebody's word, beside what the system says. */
  readonly clockTrusted: boolean;
  readonly logLevel: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** A setting's value or default; an empty value counts as not given. */
export const settingOf = (env: Env, name: string): string | undefined =>
  env[name] || SETTINGS.find((s) => s.name === name)?.default;

/** What is wrong with the settings; every line names one. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];
const SPOOL_MIB_MIN = 16;
const SPOOL_MIB_MAX = 1024 * 1024;

class Reader {
  readonly mistakes: string[] = [];
  readonly #env: Env;
  constructor(env: Env) {
    this.#env = env;
  }

  text(name: string): string | undefined {
    return settingOf(this.#env, name);
  }

  integer(name: string, min: number, max: number): number {
    const text = this.text(name) ?? '';
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    this.mistakes.push(`${name}: expected a whole number from ${min} to ${max}, not "${text}"`);
    return min;
  }

  url(name: string, schemes: readonly string[]): string | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    // The address may carry a password, so it is not repeated in the message.
    if (!URL.canParse(text) || !schemes.includes(new URL(text).protocol))
      this.mistakes.push(`${name}: expected an address that begins with ${schemes.map((s) => `${s}//`).join(' or ')}`);
    return text;
  }

  oneOf(name: string, allowed: readonly string[]): string {
    const text = this.text(name) ?? '';
    if (!allowed.includes(text)) this.mistakes.push(`${name}: expected one of ${allowed.join(', ')}, not "${text}"`);
    return text;
  }
}

/** Undefined keys are left out. */
const given = <T extends object>(o: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

/** @throws SettingsError with a line for every setting that is wrong */
export function readConfig(env: Env): GatewayConfig {
  const r = new Reader(env);
  const influxUrl = r.url('INFLUX_URL', ['http:', 'https:']);
  const username = r.text('GATEWAY_USER');
  const password = r.text('GATEWAY_PASSWORD');
  if ((username === undefined) !== (password === undefined))
    r.mistakes.push('GATEWAY_USER and GATEWAY_PASSWORD: expected both or neither');
  const config: GatewayConfig = {
    host: r.text('HOST') ?? '',
    gb26875Port: r.integer('GB26875_PORT', 0, 65_535),
    fieldMqttPort: r.integer('FIELD_MQTT_PORT', 0, 65_535),
    annunciatorPort: r.integer('ANNUNCIATOR_PORT', 0, 65_535),
    dataDir: resolve(r.text('FENGSUI_DATA') ?? ''),
    spoolBytes: r.integer('FENGSUI_SPOOL_MB', SPOOL_MIB_MIN, SPOOL_MIB_MAX) * 1024 * 1024,
    hub: {
      url: r.url('MQTT_URL', ['mqtt:', 'mqtts:', 'ws:', 'wss:']) ?? '',
      ...given({ username, password }),
    },
    ...(influxUrl === undefined
      ? {}
      : {
          influx: {
            url: influxUrl,
            ...given({ token: r.text('INFLUX_TOKEN'), org: r.text('INFLUX_ORG'), bucket: r.text('INFLUX_BUCKET') }),
          },
        }),
    clockTrusted: r.oneOf('CLOCK_TRUSTED', ['yes', 'ask']) === 'yes',
    logLevel: r.oneOf('LOG_LEVEL', LOG_LEVELS),
  };
  if (r.mistakes.length > 0) throw new SettingsError(r.mistakes.join('\n'));
  return config;
}
