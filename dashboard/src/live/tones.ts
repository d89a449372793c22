// What each class sounds like, as data: a pattern that is rendered once into a looped buffer, so that it goes on by
// itself even if the page stalls. The most urgent differ in rhythm, not only in pitch.
import type { AlarmClass } from '../../../device-profiles/contract/signal.ts';

/** A stretch of sound: from `hz` to `toHz` over `ms`; hz 0 is a pause. */
export interface Stretch {
  readonly hz: number;
  readonly toHz?: number;
  readonly ms: number;
}
export type ToneName = 'fire' | 'entrapment' | 'warning' | 'event' | 'fault' | 'notice' | 'frozen' | 'call' | 'test';

const beep = (hz: number, ms: number, pauseMs: number): Stretch[] => [
  { hz, ms },
  { hz: 0, ms: pauseMs },
];

export const TONES: Readonly<Record<ToneName, readonly Stretch[]>> = {
  // A rising siren without a pause.
  fire: [
    { hz: 600, toHz: 1_150, ms: 550 },
    { hz: 1_150, toHz: 600, ms: 350 },
  ],
  // Two voices in turn.
  entrapment: [
    { hz: 880, ms: 280 },
    { hz: 587, ms: 280 },
    { hz: 880, ms: 280 },
    { hz: 587, ms: 280 },
    { hz: 0, ms: 380 },
  ],
  warning: [...beep(784, 200, 120), ...beep(784, 200, 120), ...beep(784, 200, 900)],
  event: [...beep(659, 180, 140), ...beep(659, 180, 1_300)],
  fault: [...beep(440, 260, 2_000)],
  notice: [...beep(392, 120, 5_000)],
  // Falling, unlike any alarm: the screen itself is what is wrong.
  frozen: [
    { hz: 520, toHz: 260, ms: 420 },
    { hz: 0, ms: 120 },
    { hz: 520, toHz: 260, ms: 420 },
    { hz: 0, ms: 1_600 },
  ],
  // Three high and short: a person is asked for, nothing is burning.
  call: [...beep(1_046, 90, 70), ...beep(1_046, 90, 70), ...beep(1_318, 140, 900)],
  test: [...beep(523, 160, 60), ...beep(659, 160, 60), { hz: 784, ms: 260 }],
};

export const TONE_OF_CLASS: Readonly<Record<AlarmClass, ToneName>> = {
  FIRE: 'fire',
  ENTRAPMENT: 'entrapment',
  PREALARM: 'warning',
  SUPERVISORY: 'warning',
  ACTION: 'event',
  FEEDBACK: 'event',
  FAULT: 'fault',
  COMMS: 'fault',
  PROCESS: 'fault',
  DISABLED: 'notice',
  TEST: 'notice',
};

/** Soft edges, so that a loop doesn't click, ms. */
const EDGE_MS = 8;
const LEVEL = 0.5;

/** Samples of one turn of the pattern, −1…1, at `rate` samples a second. */
export function renderTone(pattern: readonly Stretch[], rate: number): Float32Array<ArrayBuffer> {
  const lengths = pattern.map((stretch) => Math.round((stretch.ms / 1_000) * rate));
  const samples = new Float32Array(lengths.reduce((a, b) => a + b, 0));
  let at = 0;
  for (const [i, stretch] of pattern.entries()) {
    const length = lengths[i] ?? 0;
    if (stretch.hz > 0) renderStretch(samples.subarray(at, at + length), stretch, rate);
    at += length;
  }
  return samples;
}

function renderStretch(out: Float32Array, stretch: Stretch, rate: number): void {
  const edge = Math.max(1, Math.round((EDGE_MS / 1_000) * rate));
  const toHz = stretch.toHz ?? stretch.hz;
  let phase = 0;
  for (let i = 0; i < out.length; i++) {
    const hz = stretch.hz + ((toHz - stretch.hz) * i) / out.length;
    phase += (2 * Math.PI * hz) / rate;
    const envelope = Math.min(1, i / edge, (out.length - 1 - i) / edge);
    // A little of the third harmonic carries through the noise of a room better than a pure sine.
    out[i] = LEVEL * envelope * (0.8 * Math.sin(phase) + 0.2 * Math.sin(3 * phase));
  }
}
