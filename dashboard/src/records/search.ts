// What the screen of records asks the hub for. Pure.
import type { Log } from '../../../hub/records/contract.ts';

export const LOGS = ['running', 'upkeep', 'safety'] as const satisfies readonly Log[];

export interface Wanted {
  readonly log: Log;
  /** YYYY-MM-DD, both included; empty: no bound. */
  readonly from: string;
  readonly to: string;
  readonly building: string;
  readonly class: string;
  readonly person: string;
  readonly text: string;
}

/** @param dayBegins ms wall at which a day begins at the site, by YYYY-MM-DD; NaN for what is no day */
export function queryOf(wanted: Wanted, dayBegins: (day: string) => number, dayAfter: (day: string) => string): string {
  const query = new URLSearchParams({ log: wanted.log });
  const begin = wanted.from === '' ? Number.NaN : dayBegins(wanted.from);
  const end = wanted.to === '' ? Number.NaN : dayBegins(dayAfter(wanted.to));
  if (Number.isFinite(begin)) query.set('from', new Date(begin).toISOString());
  if (Number.isFinite(end)) query.set('to', new Date(end).toISOString());
  for (const key of ['building', 'class', 'person', 'text'] as const) {
    const value = wanted[key].trim();
    if (value !== '') query.set(key, value);
  }
  return query.toString();
}

export const logOf = (tab: string | undefined): Log => LOGS.find((log) => log === tab) ?? 'running';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * What a row adds to its words. An audited act names its subject by kind and id; the words have said the kind, and an id
 * of 36 letters helps nobody who reads: it stands in the export.
 */
export function noteOf({ code, note }: { readonly code: string; readonly note: string }): string {
  const [, id] = code.startsWith('audit.') ? (/^[a-z-]+ (\S*)$/.exec(note) ?? []) : [];
  if (id === undefined) return note;
  return UUID.test(id) ? '' : id;
}
