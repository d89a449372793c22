// Users of the field broker: their passwords, and what each may publish.
import type { Path } from '../device-profiles/config-error.ts';
import type { MqttUserFile } from './site-schema.ts';

/** A user of the field broker and the topics it may publish to. Holds a secret: never log it. */
export interface MqttUser {
  readonly username: string;
  readonly password: string;
  readonly topics: readonly string[];
}

/** What of a device decides who may publish for it. */
interface Publisher {
  readonly id: string;
  readonly vars: Readonly<Record<string, string>>;
  readonly topic?: string;
}

type Report = (path: Path, message: string) => void;

interface Reading {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Some devices could not be read: it is not known which names and variables they have. */
  readonly unread: boolean;
  readonly report: Report;
}

/** Users with their topics resolved; mistakes go to `report` under `mqttUsers`. */
export function readUsers(
  users: readonly MqttUserFile[],
  devices: readonly Publisher[],
  { env, unread, report }: Reading,
): MqttUser[] {
  const seen = new Set<string>();
  return users.map((u, k) => {
    const path: Path = ['mqttUsers', k];
    if (seen.has(u.username)) report([...path, 'username'], `user "${u.username}" is declared twice`);
    seen.add(u.username);
    const topics = topicsOf(u, devices, { unread, report: (more, message) => report([...path, ...more], message) });
    return { username: u.username, password: passwordOf(u, env, (more, m) => report([...path, ...more], m)), topics };
  });
}

function passwordOf(u: MqttUserFile, env: Readonly<Record<string, string | undefined>>, report: Report): string {
  if ((u.password === undefined) === (u.passwordEnv === undefined))
    report([], 'expected exactly one of password and passwordEnv');
  if (u.passwordEnv === undefined) return u.password ?? '';
  const value = env[u.passwordEnv] ?? '';
  if (value === '') report(['passwordEnv'], `environment variable ${u.passwordEnv} is not set`);
  return value;
}

function topicsOf(u: MqttUserFile, devices: readonly Publisher[], { unread, report }: Omit<Reading, 'env'>): string[] {
  const topics = [...(u.topics ?? [])];
  u.topics?.forEach((topic, i) => {
    if (!isFilter(topic)) report(['topics', i], 'expected a topic, with + for one level or # at the end');
  });
  u.devices?.forEach((id, i) => {
    const d = devices.find((o) => o.id === id);
    if (d?.topic !== undefined) topics.push(d.topic);
    else if (d || !unread) report(['devices', i], d ? `device "${id}" does not speak MQTT` : `unknown device "${id}"`);
  });
  if (u.topics || u.devices) return topics;
  const own = devices.filter((d) => d.id === u.username || Object.values(d.vars).includes(u.username));
  topics.push(...own.flatMap((d) => d.topic ?? []));
  if (topics.length === 0 && !unread)
    report([], `expected devices or topics: no device is called "${u.username}", so it would be allowed nothing`);
  return topics;
}

/** A topic filter of MQTT 3.1.1, 4.7.1: `+` and `#` fill a level of their own, `#` only the last. */
function isFilter(topic: string): boolean {
  const levels = topic.split('/');
  return levels.every(
    (level, k) => level === '+' || (level === '#' && k === levels.length - 1) || !/[+#\0]/.test(level),
  );
}
