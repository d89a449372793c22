// A list that is fetched page by page: what is shown grows when asked, a refusal of a later page leaves the earlier ones.
import { Load } from './load.svelte.ts';
import { asProblem, type Problem } from './problem.ts';

interface Paged<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export class Pages<T, P extends Paged<T>> {
  readonly #load = new Load<P>();
  #more = $state.raw<Problem | null>(null);
  #loading = $state(false);
  #path = '';
  readonly #get: (path: string) => Promise<P>;

  constructor(get: (path: string) => Promise<P>) {
    this.#get = get;
  }

  get value(): P | null {
    return this.#load.value;
  }
  get problem(): Problem | null {
    return this.#load.problem;
  }
  get loading(): boolean {
    return this.#load.loading;
  }
  /** Why the next page did not come. */
  get moreProblem(): Problem | null {
    return this.#more;
  }
  get loadingMore(): boolean {
    return this.#loading;
  }

  /** Fetches the first page of another list, or the same again. What was unfolded of the same list stays. */
  async first(path: string): Promise<void> {
    const again = path === this.#path;
    const shown = again ? (this.#load.value?.items.length ?? 0) : 0;
    if (!again) this.#load.clear();
    this.#path = path;
    this.#more = null;
    await this.#load.run(async () => {
      let page = await this.#get(path);
      while (page.next !== null && page.items.length < shown) page = await this.#after(page);
      return page;
    });
  }

  async more(): Promise<void> {
    const page = this.#load.value;
    if (!page || page.next === null || this.#loading) return;
    this.#loading = true;
    this.#more = null;
    const path = this.#path;
    try {
      const longer = await this.#after(page);
      if (path === this.#path) this.#load.set(longer);
    } catch (error) {
      this.#more = asProblem(error);
    }
    this.#loading = false;
  }

  async #after(page: P): Promise<P> {
    const joint = this.#path.includes('?') ? '&' : '?';
    const next = await this.#get(`${this.#path}${joint}cursor=${encodeURIComponent(page.next ?? '')}`);
    return { ...next, items: [...page.items, ...next.items] };
  }
}
