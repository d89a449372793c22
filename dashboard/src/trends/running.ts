// How panels and pumps ran, as the screen shows it: the view its address says, blocks of bars, words of durations. Pure.
import type { DeviceState, RunningDevice, Track } from '../../../hub/read/running/contract.ts';
import type { Key, Words } from '../app/words.ts';
import { formatNumber } from '../devices/series.ts';
import type { Shown, Tone } from './StateTrack.svelte';
import { spanOf, stretchOf, type Time } from './view.ts';

const DAY = 86_400_000;
/** Longest stretch that the hub looks through (hub/read/running/limits.ts). */
export const RUNNING_SPAN_MAX_MS = 8 * DAY;
export const RUNNING_RANGES = ['h8', 'd1', 'd7'] as const;
export type RunningRange = (typeof RUNNING_RANGES)[number];

export const RUNNING_KINDS = ['fire-panel', 'fire-pump', 'jockey-pump'] as const;
export type RunningKind = (typeof RUNNING_KINDS)[number];

export interface RunningView {
  readonly time: Time;
  readonly kind: RunningKind | '';
}

export function runningOf(query: Readonly<Record<string, string>>): RunningView {
  const range = RUNNING_RANGES.find((one) => one === query['range']) ?? 'd1';
  return {
    time: spanOf(query, RUNNING_SPAN_MAX_MS) ?? { range },
    kind: RUNNING_KINDS.find((one) => one === query['kind']) ?? '',
  };
}
export { stretchOf };

interface Speech {
  readonly words: (words: Words) => string;
  readonly t: (key: Key) => string;
}

export const TONE_OF: Readonly<Record<DeviceState, Tone>> = {
  fire: 'fire',
  offline: 'offline',
  fault: 'fault',
  running: 'on',
  manual: 'manual',
  disabled: 'disabled',
  normal: 'off',
};

export const blocksOf = (device: RunningDevice, { t }: Speech): Shown[] =>
  device.bar.map((b) => ({
    from: Date.parse(b.from),
    to: Date.parse(b.to),
    text: t(`ui.running.state.${b.state}`),
    tone: TONE_OF[b.state],
  }));

/** A value of a point in words: its own, heard or not, yes or no, or the bare value. */
export function valueWords(track: Pick<Track, 'role' | 'enum'>, value: number | string, { words, t }: Speech): string {
  const own = track.enum?.[String(value)];
  if (own) return words(own);
  if (track.role === 'online') return t(value === 1 ? 'ui.devices.online' : 'ui.devices.offline');
  if (value === 0 || value === 1) return t(value === 1 ? 'ui.trends.yes' : 'ui.trends.no');
  return typeof value === 'number' ? formatNumber(value) : value;
}

export const trackBlocks = (track: Track, speech: Speech): Shown[] =>
  track.runs.map((r) => ({
    from: Date.parse(r.from),
    to: Date.parse(r.to),
    text: valueWords(track, r.value, speech),
    tone:
      track.role === 'online'
        ? r.value === 1
          ? 'off'
          : 'offline'
        : r.value === 0
          ? 'off'
          : track.role === 'manual'
            ? 'manual'
            : 'on',
  }));

/** Bars worth a line of their own: what says how the device is, and what changed. */
export const worthShowing = (track: Track): boolean => track.role !== 'other' || track.states.length > 1;

export const blockAt = (blocks: readonly Shown[], at: number): Shown | null =>
  blocks.find((b) => b.from <= at && at < b.to) ?? null;
