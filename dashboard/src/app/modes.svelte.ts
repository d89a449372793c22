// Drills and maintenance under way: shown on every screen, because they change what an alarm means.
import type { ModeView } from '../../../hub/alarms/contract.ts';
import type { Api } from '../api/client.ts';
import { Load } from '../api/load.svelte.ts';

export class Modes {
  readonly #api: Api;
  readonly list = new Load<readonly ModeView[]>();

  constructor(api: Api) {
    this.#api = api;
  }

  /** Under way at the hub's time `now`, ms. */
  active(now: number): readonly ModeView[] {
    return (this.list.value ?? []).filter((mode) => mode.endedAt === undefined && Date.parse(mode.until) > now);
  }

  load(): Promise<void> {
    return this.list.run(() => this.#api.all<ModeView>('/api/modes'));
  }
}
