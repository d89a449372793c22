// One bar from many: stretches of points and alarms, the most important state of each moment, and how long each held. Pure.
import { DEVICE_STATES, type DeviceState } from './contract.ts';

export interface Stretch {
  readonly from: number;
  readonly to: number;
}
export interface Layer extends Stretch {
  readonly state: DeviceState;
}
export interface Bar {
  readonly bar: readonly Layer[];
  readonly totals: readonly { readonly state: DeviceState; readonly ms: number; readonly times: number }[];
  readonly unknownMs: number;
}

/**
 * What holds at each moment: the first of DEVICE_STATES that a layer has there. `normal` is a layer like the others: where
 * no layer lies, nobody knows.
 */
export function barOf(layers: readonly Layer[], { from, to }: Stretch): Bar {
  const edges: { at: number; rank: number; by: 1 | -1 }[] = [];
  for (const layer of layers) {
    const [a, b] = [Math.max(from, layer.from), Math.min(to, layer.to)];
    const rank = DEVICE_STATES.indexOf(layer.state);
    if (b > a) edges.push({ at: a, rank, by: 1 }, { at: b, rank, by: -1 });
  }
  edges.sort((a, b) => a.at - b.at);
  const depth = DEVICE_STATES.map(() => 0);
  const bar: Layer[] = [];
  let at = from;
  for (const edge of [...edges, { at: to, rank: 0, by: 1 as const }]) {
    const state = DEVICE_STATES[depth.findIndex((n) => n > 0)];
    const last = bar.at(-1);
    if (edge.at > at && state !== undefined) {
      if (last && last.state === state && last.to === at) bar[bar.length - 1] = { ...last, to: edge.at };
      else bar.push({ from: at, to: edge.at, state });
    }
    at = edge.at;
    depth[edge.rank] = (depth[edge.rank] ?? 0) + edge.by;
  }
  const totals = DEVICE_STATES.flatMap((state) => {
    const own = bar.filter((b) => b.state === state);
    const ms = own.reduce((sum, b) => sum + b.to - b.from, 0);
    return own.length === 0 ? [] : [{ state, ms, times: own.length }];
  });
  return { bar, totals, unknownMs: to - from - totals.reduce((sum, t) => sum + t.ms, 0) };
}
