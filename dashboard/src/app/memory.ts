// Small choices kept in this browser. Storage may be refused (private window, full): then they last until reload.

const PREFIX = 'fengsui.';

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Nothing is lost but the choice itself.
  }
}
