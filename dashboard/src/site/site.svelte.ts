// The compound as the hub describes it: buildings, floors, panels, elevators, trends; fetched anew when it may differ.
import type { OverviewView } from '../../../hub/read/contract.ts';
import type { Api } from '../api/client.ts';
import { Load } from '../api/load.svelte.ts';

export const SITE_LIMITS = {
  /** Fetched anew at least this often while shown, ms. */
  refreshMs: 10_000,
  /** …and at most this often when something has changed, ms. */
  changedMs: 2_000,
} as const;

export class Site {
  readonly #api: Api;
  readonly overview = new Load<OverviewView>();
  #at = 0;

  readonly #described: (view: OverviewView) => void;

  /** @param described called with every new description */
  constructor(api: Api, described: (view: OverviewView) => void) {
    this.#api = api;
    this.#described = described;
  }

  async load(): Promise<void> {
    this.#at = performance.now();
    await this.overview.run(() => this.#api.get<OverviewView>('/api/overview'));
    if (this.overview.value) this.#described(this.overview.value);
  }

  /** Fetches anew if what is known is older than it should be. */
  refresh(changed: boolean): void {
    if (this.overview.loading) return;
    const age = performance.now() - this.#at;
    if (age >= (changed ? SITE_LIMITS.changedMs : SITE_LIMITS.refreshMs)) void this.load();
  }
}
