// Who may connect to the field broker and what each may publish. Pure but for hashing.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { MqttUser } from '../site-users.ts';

/** Whether a topic is matched by a filter with `+` for one level and `#` for the rest (MQTT 3.1.1, 4.7). */
export function topicMatches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (let k = 0; k < wanted.length; k++) {
    if (wanted[k] === '#') return true;
    if (k >= levels.length || (wanted[k] !== '+' && wanted[k] !== levels[k])) return false;
  }
  return wanted.length === levels.length;
}

const digest = (password: string | Uint8Array): Buffer => createHash('sha256').update(password).digest();

/** Passwords are held as digests and compared in constant time, whether the user exists or not. */
export class FieldRights {
  readonly #users: ReadonlyMap<string, { readonly password: Buffer; readonly topics: readonly string[] }>;
  readonly #nobody = digest('');

  constructor(users: readonly MqttUser[]) {
    this.#users = new Map(users.map((u) => [u.username, { password: digest(u.password), topics: u.topics }]));
  }

  mayConnect(username: string | undefined, password: Uint8Array | undefined): boolean {
    const user = username === undefined ? undefined : this.#users.get(username);
    const same = timingSafeEqual(digest(password ?? ''), user?.password ?? this.#nobody);
    return same && user !== undefined && password !== undefined && password.length > 0;
  }

  /** Names that begin with $ are the broker's own. */
  mayPublish(username: string, topic: string): boolean {
    if (topic.startsWith('$')) return false;
    return this.#users.get(username)?.topics.some((filter) => topicMatches(filter, topic)) ?? false;
  }
}

/** Messages a second with a reserve: a full bucket is a burst, an empty one means too many for too long. */
export class TokenBucket {
  readonly #perS: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(perS: number, burst: number, monotonic: number) {
    this.#perS = perS;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = monotonic;
  }

  take(monotonic: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((monotonic - this.#at) / 1_000) * this.#perS);
    this.#at = monotonic;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
