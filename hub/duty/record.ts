// Writes the log of duty: each row with its hash, its audit entry and word to the screens, in the command's transaction.
import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical.ts';
import type { CommandContext } from '../events/api.ts';
import type { DutyForm, DutyRecord, RecordKind } from './contract.ts';
import { insertRecord, type StoredRecord } from './record-store.ts';

export interface Happened {
  readonly community: string;
  readonly kind: RecordKind;
  readonly shift?: string | undefined;
  /** Whom it concerns beside who did it. */
  readonly people?: readonly string[];
  readonly corrects?: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

export const sha256 = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex');

/** Adds a row to the log and answers its id; the actor of the command has done it, or the hub itself. */
export async function keep(c: CommandContext, what: Happened): Promise<string> {
  const { community, kind, shift, corrects, body = {} } = what;
  const by = c.actor.kind === 'user' ? c.actor : undefined;
  const people = [...new Set([...(by === undefined ? [] : [by.id]), ...(what.people ?? [])])];
  const said = { community, kind, at: c.now, by: by?.id, name: by?.name, shift, people, corrects, body };
  const hash = sha256(said);
  const id = await insertRecord(c.tx, {
    community,
    at: c.now,
    kind,
    by: by?.id,
    byName: by?.name,
    shift,
    people,
    corrects,
    body,
    sha256: hash,
  });
  c.emit({
    effect: 'audit',
    community,
    action: `duty.${kind}`,
    entity: 'duty-record',
    entityId: id,
    after: { sha256: hash, shift, corrects },
  });
  c.emit({
    effect: 'event',
    event: { type: 'duty.changed', community, subject: id, payload: { what: kind } },
  });
  return id;
}

const isForm = (form: unknown): form is DutyForm => typeof form === 'object' && form !== null;

/** A row as screens see it: the form of an entry stands by itself. */
export function recordView(r: StoredRecord): DutyRecord {
  const { form, ...body } = r.body;
  return {
    id: r.id,
    at: new Date(r.at).toISOString(),
    kind: r.kind,
    ...(r.by === undefined ? {} : { by: r.by }),
    ...(r.byName === undefined ? {} : { name: r.byName }),
    ...(r.shift === undefined ? {} : { shift: r.shift }),
    ...(r.corrects === undefined ? {} : { corrects: r.corrects }),
    ...(r.correctedBy === undefined ? {} : { correctedBy: r.correctedBy }),
    ...(isForm(form) ? { form } : {}),
    body,
    sha256: r.sha256,
  };
}
