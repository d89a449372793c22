// Calls back a few times a second, also while the tab is hidden.
import { LINK_LIMITS } from './link-state.ts';

/** Returns how to stop. Should the worker not start, the page's own timer takes its place. */
export function startTicker(tick: () => void): () => void {
  let timer: number | undefined;
  const fallBack = (): void => {
    timer ??= window.setInterval(tick, LINK_LIMITS.lookEveryMs);
  };
  let worker: Worker | undefined;
  try {
    worker = new Worker(new URL('./ticker-worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', tick);
    worker.addEventListener('error', fallBack);
  } catch {
    fallBack();
  }
  return () => {
    worker?.terminate();
    if (timer !== undefined) clearInterval(timer);
  };
}
