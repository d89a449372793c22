// Which values this screen needs: views say so while they are shown, the hub gets the union.

export interface Want {
  readonly devices?: readonly string[];
  readonly overview?: boolean;
}

export const WANT_LIMITS = {
  /** Devices watched at once; a view that lists more shows the rest without live values. */
  devicesMax: 200,
} as const;

export class Wants {
  readonly #wants = new Map<symbol, Want>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Returns how to take it back. */
  add(want: Want): () => void {
    const id = Symbol('want');
    this.#wants.set(id, want);
    this.#changed();
    return () => {
      if (this.#wants.delete(id)) this.#changed();
    };
  }

  union(): { devices: string[]; overview: boolean } {
    const devices = new Set<string>();
    let overview = false;
    for (const want of this.#wants.values()) {
      for (const device of want.devices ?? []) if (devices.size < WANT_LIMITS.devicesMax) devices.add(device);
      overview ||= want.overview ?? false;
    }
    return { devices: [...devices], overview };
  }
}
