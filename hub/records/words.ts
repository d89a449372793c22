// What the codes of records mean in words, and a record as screens see it.
import { isMessage, keysSaying, textOf, type Words } from '../messages/text.ts';
import type { RecordView } from './contract.ts';
import type { EntryRow } from './store.ts';

const PREFIX = 'record.';

/** What happened, in both languages; an act that has no words yet is named by its code. */
export const whatOf = (code: string): Words =>
  isMessage(PREFIX + code) ? textOf(PREFIX + code) : textOf('record.other', { code: code.replace(/^audit\./, '') });

/** Codes whose words hold a text that somebody searches for. */
export const codesSaying = (text: string): string[] => keysSaying(PREFIX, text).map((key) => key.slice(PREFIX.length));

const given = <K extends string, V>(key: K, value: V | null): { [P in K]?: V } =>
  (value === null ? {} : { [key]: value }) as { [P in K]?: V };

export const recordView = (row: EntryRow): RecordView => ({
  id: row.id,
  log: row.log,
  at: row.at.toISOString(),
  code: row.code,
  what: whatOf(row.code),
  ...given('class', row.class),
  ...given('building', row.building),
  ...given('floor', row.floor),
  ...given('place', row.place),
  ...given('device', row.device),
  ...given('deviceName', row.device_name),
  ...given('person', row.person),
  ...given('name', row.person_name),
  ...given('title', row.title),
  note: row.note,
});
