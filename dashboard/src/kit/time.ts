// Times as people at the site read them: in the community's time zone, whatever zone this machine is set to.

/** Until the hub names the community's own. */
export const DEFAULT_TIME_ZONE = 'Asia/Shanghai';

const DAY_MS = 86_400_000;

export interface TimeFormats {
  /** 03:17:42 */
  clock(ms: number): string;
  /** 03:17 */
  minute(ms: number): string;
  /** 2026-11-21 */
  date(ms: number): string;
  /** 11-21 03:17 */
  dayMinute(ms: number): string;
  /** 2026-11-21 03:17:42 */
  full(ms: number): string;
  /** Today only the clock; otherwise month and day before it: 11-20 22:08. */
  recent(ms: number, now: number): string;
}

/** Seconds that a format remembers: rows are drawn again and again with the same few times. */
const REMEMBERED_MAX = 2_000;

function lately(format: (ms: number) => string): (ms: number) => string {
  const known = new Map<number, string>();
  return (ms) => {
    const second = Math.floor(ms / 1_000);
    const before = known.get(second);
    if (before !== undefined) return before;
    if (known.size >= REMEMBERED_MAX) known.clear();
    const made = format(ms);
    known.set(second, made);
    return made;
  };
}

/** @throws RangeError for a time zone that the machine does not know */
export function timeFormats(timeZone: string): TimeFormats {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const parts = (ms: number): Record<string, string> => {
    if (!Number.isFinite(ms)) return { year: '—', month: '—', day: '—', hour: '—', minute: '—', second: '—' };
    return Object.fromEntries(format.formatToParts(ms).map((p) => [p.type, p.value]));
  };
  const clock = lately((ms) => {
    const p = parts(ms);
    return `${p['hour']}:${p['minute']}:${p['second']}`;
  });
  const minute = (ms: number): string => clock(ms).slice(0, 5);
  const date = lately((ms) => {
    const p = parts(ms);
    return `${p['year']}-${p['month']}-${p['day']}`;
  });
  const dayMinute = (ms: number): string => `${date(ms).slice(5)} ${minute(ms)}`;
  return {
    clock,
    minute,
    date,
    dayMinute,
    full: (ms) => `${date(ms)} ${clock(ms)}`,
    recent: (ms, now) => (Math.abs(now - ms) < DAY_MS && date(ms) === date(now) ? clock(ms) : dayMinute(ms)),
  };
}

/** ISO 8601 to ms; NaN stays NaN and is shown as a dash. */
export const at = (iso: string): number => Date.parse(iso);
