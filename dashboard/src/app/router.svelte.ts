// Where the browser is, as state; links of our own page change it without loading anew.
import { match, type Route } from '../routes.ts';

export class Router {
  #route = $state.raw<Route>(match(location.pathname + location.search));
  #path = $state(location.pathname + location.search);
  #mayLeave: (() => boolean) | null = null;

  get route(): Route {
    return this.#route;
  }
  get path(): string {
    return this.#path;
  }

  /** Asks before another page is shown, as while something is unsaved. Returns how to stop asking. */
  guard(mayLeave: () => boolean): () => void {
    this.#mayLeave = mayLeave;
    return () => {
      if (this.#mayLeave === mayLeave) this.#mayLeave = null;
    };
  }

  /** Follows the browser's buttons and plain clicks on links. Returns how to stop. */
  start(): () => void {
    const moved = (): void => {
      // The browser has moved already: staying means going back to where the page is.
      if (this.#mayLeave?.() === false) history.pushState(null, '', this.#path);
      else this.#read();
    };
    const clicked = (event: MouseEvent): void => {
      const link = event.target instanceof Element ? event.target.closest('a') : null;
      const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
      if (!link || !plain || event.defaultPrevented) return;
      const own = link.origin === location.origin && !link.hasAttribute('download') && link.target === '';
      if (!own || link.pathname.startsWith('/api/')) return;
      event.preventDefault();
      this.go(link.pathname + link.search);
    };
    addEventListener('popstate', moved);
    document.addEventListener('click', clicked);
    return () => {
      removeEventListener('popstate', moved);
      document.removeEventListener('click', clicked);
    };
  }

  go(path: string, how: 'push' | 'replace' = 'push'): void {
    if (path === this.#path || this.#mayLeave?.() === false) return;
    if (how === 'push') history.pushState(null, '', path);
    else history.replaceState(null, '', path);
    this.#read();
    if (how === 'push') scrollTo(0, 0);
  }

  #read(): void {
    this.#path = location.pathname + location.search;
    this.#route = match(this.#path);
  }
}
