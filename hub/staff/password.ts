// Passwords as argon2id hashes; checking them costs memory and time, so only a few are checked at once.
import { hash, verify } from '@node-rs/argon2';
import { STAFF_LIMITS } from '../config.ts';

export interface Passwords {
  hash(password: string): Promise<string>;
  /**
   * True when the password fits. Without a stored hash it takes as long and is false, so that the time tells nobody
   * which users exist. Undefined when too many are waiting.
   */
  fits(stored: string | undefined, password: string): Promise<boolean | undefined>;
}

/** Lets so many through at once and so many wait. */
class Gate {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  get full(): boolean {
    return this.#waiting.length >= STAFF_LIMITS.passwordChecksWaitingMax;
  }
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= STAFF_LIMITS.passwordChecksMax) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // Whoever waits takes over our place.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

export function makePasswords(options: typeof STAFF_LIMITS.argon2 = STAFF_LIMITS.argon2): Passwords {
  const gate = new Gate();
  const decoy = hash('nobody has this password', options);
  return {
    hash: (password) => gate.run(() => hash(password, options)),
    fits: async (stored, password) => {
      if (gate.full) return undefined;
      const against = stored ?? (await decoy);
      const fits = await gate.run(() => verify(against, password));
      return stored !== undefined && fits;
    },
  };
}
