// Which signals of the live births tell manual or automatic, and since when each is as it is. Asked for every second, so
// they are not looked for among all signals each time.
import type { Truth } from '../../device-profiles/contract/conditions.ts';
import type { PointEntry } from '../ingest/api.ts';
import type { SignalRun } from './compile.ts';
import { keyOf } from './row.ts';
import type { activePanels, PanelRow } from './store.ts';

/** A signal of manual or automatic: `true` is not automatic. */
export interface ModeSignal {
  readonly entry: PointEntry;
  readonly reads: readonly PointEntry[];
  readonly truth: Truth;
  /** When (ms wall) it last went to manual or back; undefined when it never did. */
  readonly since: number | undefined;
}

export class ModeSignals {
  readonly #runs = new Map<string, readonly SignalRun[]>();
  readonly #since = new Map<string, number>();

  /** Where panels stood when the hub stopped: manual before a restart is manual since then. */
  load(panels: Awaited<ReturnType<typeof activePanels>>): void {
    this.#since.clear();
    for (const p of panels) this.#since.set(keyOf(p.device, p.point, p.signal), p.at);
  }

  changed(panels: ReadonlyMap<string, PanelRow>): void {
    for (const [key, { at }] of panels) this.#since.set(key, at);
  }

  /** The signals of a gateway's live birth; none when it is retired. */
  born(gateway: string, runs: readonly SignalRun[]): void {
    this.#runs.set(
      gateway,
      runs.filter((r) => r.def.class === 'MODE'),
    );
  }

  of(gateway: string, truthOf: (key: string) => Truth): ModeSignal[] {
    const runs = this.#runs.get(gateway) ?? [];
    return runs.map(({ entry, reads, key }) => ({ entry, reads, truth: truthOf(key), since: this.#since.get(key) }));
  }
}
