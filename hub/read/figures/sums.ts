// What counts and spans of time say: load and floods by windows, time that links were down. Pure; instants and lengths in ms.
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Alarms counted in a window: its number from the beginning of the period, and how many. Windows without any are absent. */
export interface WindowCount {
  readonly window: number;
  readonly count: number;
}

export interface Load {
  readonly windows: number;
  readonly average: number | null;
  readonly peak: (WindowCount & Span) | null;
  readonly floodWindows: number;
  readonly floodShare: number | null;
}

interface Windows extends Span {
  readonly widthMs: number;
}

/** A window that the period, or now, cuts short ends there. */
const spanOf = ({ from, to, widthMs }: Windows, first: number, last = first): Span => ({
  from: from + first * widthMs,
  to: Math.min(to, from + (last + 1) * widthMs),
});

/** The number of windows is that of the time that has gone by, a part counting as its part. */
export function loadOf(counts: readonly WindowCount[], of: Windows, floodAbove: number): Load {
  const elapsed = of.to - of.from;
  const windows = Math.ceil(elapsed / of.widthMs);
  if (windows <= 0) return { windows: 0, average: null, peak: null, floodWindows: 0, floodShare: null };
  let [sum, floodWindows] = [0, 0];
  let peak: WindowCount | undefined;
  for (const one of counts) {
    sum += one.count;
    if (one.count > floodAbove) floodWindows += 1;
    if (!peak || one.count > peak.count) peak = one;
  }
  return {
    windows,
    average: sum / (elapsed / of.widthMs),
    peak: peak ? { ...peak, ...spanOf(of, peak.window) } : null,
    floodWindows,
    floodShare: floodWindows / windows,
  };
}

export interface Flood extends Span {
  readonly count: number;
}

/**
 * A flood begins with a window of more than `above` and goes on until one of fewer than `below` (EEMUA 191): a lull
 * between the two is still the same flood.
 */
export function floodsOf(
  counts: readonly WindowCount[],
  of: Windows,
  { above, below }: { readonly above: number; readonly below: number },
): Flood[] {
  const floods: Flood[] = [];
  let open: { first: number; last: number; count: number } | undefined;
  const end = (): void => {
    if (open) floods.push({ ...spanOf(of, open.first, open.last), count: open.count });
    open = undefined;
  };
  for (const { window, count } of counts) {
    if (open && (window > open.last + 1 || count < below)) end();
    if (open) open = { first: open.first, last: window, count: open.count + count };
    else if (count > above) open = { first: window, last: window, count };
  }
  end();
  return floods;
}

/** Spans without overlap, in order. */
export function unionOf(spans: readonly Span[]): Span[] {
  const out: Span[] = [];
  for (const span of spans.filter((s) => s.to > s.from).toSorted((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last && span.from <= last.to) out[out.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
    else out.push(span);
  }
  return out;
}

export const clip = (span: Span, to: Span): Span => ({
  from: Math.max(span.from, to.from),
  to: Math.min(span.to, to.to),
});

export const lengthOf = (spans: readonly Span[]): number => spans.reduce((sum, s) => sum + s.to - s.from, 0);

export interface Availability {
  readonly availability: number | null;
  readonly downMs: number;
  readonly knownMs: number;
}

/** @param known the part of the period in which the link was watched; @param down when it was not heard */
export function availabilityOf(known: Span, down: readonly Span[]): Availability {
  const knownMs = Math.max(0, known.to - known.from);
  if (knownMs === 0) return { availability: null, downMs: 0, knownMs: 0 };
  const downMs = lengthOf(unionOf(down.map((s) => clip(s, known))));
  return { availability: 1 - downMs / knownMs, downMs, knownMs };
}

export const shareOf = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
