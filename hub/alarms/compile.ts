// The signals of a birth made ready to be evaluated: each condition with the points it reads. Pure.
import type { Lookup } from '../../device-profiles/contract/conditions.ts';
import type { Signal } from '../../device-profiles/contract/signal.ts';
import type { Sample } from '../../device-profiles/contract/wire.ts';
import type { PointEntry, PointView, Program } from '../ingest/api.ts';
import { signalsOfBirth } from './evaluate.ts';
import { keyOf } from './row.ts';

/** One signal on one point, ready to be evaluated. */
export interface SignalRun {
  readonly key: string;
  readonly entry: PointEntry;
  readonly def: Signal;
  readonly when: Signal['when'];
  readonly reads: readonly PointEntry[];
  readonly lookup: Lookup;
}

export interface Compiled {
  readonly runs: readonly SignalRun[];
  readonly keys: ReadonlySet<string>;
  /** Runs that read a point, by its number. */
  readonly readers: ReadonlyMap<number, readonly SignalRun[]>;
  readonly ofDevice: ReadonlyMap<string, readonly SignalRun[]>;
}

/**
 * @param view what conditions look at while a record is evaluated
 * @throws RangeError when a condition is nested too deep
 */
export function compileSignals(program: Program, view: () => PointView | undefined): Compiled {
  const runs: SignalRun[] = [];
  const readers = new Map<number, SignalRun[]>();
  const ofDevice = new Map<string, SignalRun[]>();
  for (const [deviceId, signals] of signalsOfBirth(program.born.devices, program.born.models)) {
    const points = program.devices.get(deviceId);
    for (const { signal, point, when, reads } of signals) {
      const entry = points?.get(point);
      if (!points || !entry) continue;
      const lookup: Lookup = (name) => {
        const read = name === undefined ? entry : points.get(name);
        return read && view()?.state(read);
      };
      const known = reads.map((id) => points.get(id)).filter((e) => e !== undefined);
      const run = { key: keyOf(entry.device.id, point, signal.id), entry, def: signal, when, reads: known, lookup };
      runs.push(run);
      for (const e of known) push(readers, e.num, run);
      push(ofDevice, entry.device.id, run);
    }
  }
  return { runs, keys: new Set(runs.map((r) => r.key)), readers, ofDevice };
}

/** The record that came last of what a signal reads; order follows n, never time. */
export function newestOf(reads: readonly PointEntry[], of: (e: PointEntry) => Sample | undefined): Sample | undefined {
  let newest: Sample | undefined;
  for (const entry of reads) {
    const s = of(entry);
    if (s && (newest === undefined || s.n > newest.n)) newest = s;
  }
  return newest;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
