// Seeded randomness: the same seed gives the same choices, so that a run can be played again.
export interface Random {
  /** Whole number from 0 to max − 1. */
  below(max: number): number;
  shuffled<T>(items: readonly T[]): T[];
}

/** mulberry32: 32 bits of state are plenty for choosing moments. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (max: number): number => Math.floor(next() * max);
  return {
    below,
    shuffled: (items) => {
      const out = [...items];
      for (let k = out.length - 1; k > 0; k--) {
        const j = below(k + 1);
        const [a, b] = [out[k], out[j]];
        if (a === undefined || b === undefined) continue;
        out[k] = b;
        out[j] = a;
      }
      return out;
    },
  };
}

export const freshSeed = (): number => Date.now() % 2 ** 31;
