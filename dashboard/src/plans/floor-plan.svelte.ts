// One floor's plan as a screen holds it: fetched, and joined with the alarms and values that are live.
import type { FloorPlanView, ThingView } from '../../../hub/floor-plans/contract.ts';
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import type { Api } from '../api/client.ts';
import { Load } from '../api/load.svelte.ts';
import type { Live } from '../live/live.svelte.ts';
import { alarmsByThing, standingOf, thingKey, type Standing } from './standing.ts';
import type { FloorAt } from './target.ts';

export const PLAN_LIMITS = {
  /** Fetched anew this often while shown, ms: someone else may have moved something. */
  refreshMs: 30_000,
} as const;

/** The hub's path of a floor. */
export const planPath = ({ building, floor }: FloorAt): string =>
  `/api/floor-plans/${encodeURIComponent(building)}/${floor}`;

export class FloorPlan {
  readonly load = new Load<FloorPlanView>();
  readonly #api: Api;
  readonly #live: Live;
  readonly #alarms: ReadonlyMap<string, readonly AlarmView[]> = $derived.by(() =>
    alarmsByThing(this.#live.alarms.sorted, this.things),
  );

  constructor(api: Api, live: Live) {
    this.#api = api;
    this.#live = live;
  }

  get view(): FloorPlanView | null {
    return this.load.value;
  }
  get things(): readonly ThingView[] {
    return this.load.value?.things ?? [];
  }
  /** Devices whose values the plan shows. */
  get devices(): readonly string[] {
    return [...new Set(this.things.map((t) => t.device))];
  }

  /** @param anew another floor: what is shown of the last one must not stay */
  async open(at: FloorAt, anew: boolean): Promise<void> {
    if (anew) this.load.clear();
    await this.load.run(() => this.#api.get<FloorPlanView>(planPath(at)));
  }

  /** Open alarms of something, worst first not guaranteed. */
  alarmsOf(thing: ThingView): readonly AlarmView[] {
    return this.#alarms.get(thingKey(thing)) ?? [];
  }

  standing(thing: ThingView): Standing {
    return standingOf(thing, this.alarmsOf(thing), this.#live.points.sample(thing.num), this.#live.link.frozen);
  }
}
