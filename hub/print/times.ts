// Times on paper: as people at the site read them.

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    const digits = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;
    format = new Intl.DateTimeFormat('sv-SE', { timeZone, ...digits, second: '2-digit', hourCycle: 'h23' });
    formats.set(timeZone, format);
  }
  return format;
}

/** YYYY-MM-DD HH:MM:SS in the site's time zone (IANA name). @param at ms wall */
export const localTime = (at: number, timeZone: string): string => formatOf(timeZone).format(at);
