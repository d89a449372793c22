// What must stay within reach while a dialog makes everything else inert: signing in again.

/** Told on the document when a dialog has opened or closed. */
export const MODALS_CHANGED = 'modals-changed';
export const tellModals = (): boolean => document.dispatchEvent(new Event(MODALS_CHANGED));

/**
 * Keeps a dialog element open over whatever is open: beside the page while there is no other dialog, and on top of the
 * last one while there is. To be attached to it.
 */
export function keepOnTop(panel: HTMLDialogElement): () => void {
  const place = (): void => {
    const others = [...document.querySelectorAll('dialog:modal')].some((d) => d !== panel);
    panel.close();
    // Beside the page it takes no focus: whoever types there goes on.
    if (others) panel.showModal();
    else panel.open = true;
  };
  place();
  document.addEventListener(MODALS_CHANGED, place);
  return () => {
    document.removeEventListener(MODALS_CHANGED, place);
    panel.close();
  };
}
