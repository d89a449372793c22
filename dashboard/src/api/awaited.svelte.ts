// What nobody tells a screen of: a page's time runs out in silence. While one is awaited, the view asks again.

const EVERY_MS = 3_000;

/** Calls `ask` every 3 s for as long as `awaited` holds. To be called while a component is set up. */
export function whileAwaited(awaited: () => boolean, ask: () => unknown): void {
  const is = $derived(awaited());
  $effect(() => {
    if (!is) return;
    const timer = setInterval(() => void ask(), EVERY_MS);
    return () => clearInterval(timer);
  });
}
