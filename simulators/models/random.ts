// A seeded random source (mulberry32, public domain algorithm): a simulated day can be replayed from its seed.

export type Random = () => number;

/** Uniform in [0, 1). Same seed, same sequence. */
export function seeded(seed: number): Random {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Bell-shaped noise of about ±`width` around 0 (sum of three uniforms). */
export const noise = (random: Random, width: number): number => ((random() + random() + random()) / 1.5 - 1) * width;
