// Lists of alarms: open ones as the control room ranks them, all of them newest first; pages by cursor.
import { Type, type Static } from 'typebox';
import type { Tx } from '../db/tx.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { ALARM_CLASSES } from '../../device-profiles/contract/signal.ts';
import { AlarmView, type AlarmActView } from './contract.ts';
import { viewOf } from './row.ts';
import { listAll, listOpen, type AlarmFilter } from './lists-store.ts';
import { actsOf, lastSeq } from './store.ts';

export const LIST_LIMITS = { page: 500, pageDefault: 100, cursorChars: 300, acts: 1_000 } as const;

export const AlarmQuery = Type.Object(
  {
    state: Type.Optional(Type.Enum(['open', 'all'])),
    device: Type.Optional(Type.String({ maxLength: 200 })),
    point: Type.Optional(Type.String({ maxLength: 100 })),
    class: Type.Optional(Type.Enum([...ALARM_CLASSES])),
    incident: Type.Optional(Type.String({ maxLength: 64 })),
    cursor: Type.Optional(Type.String({ maxLength: LIST_LIMITS.cursorChars })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIST_LIMITS.page })),
  },
  { additionalProperties: false },
);
type AlarmQuery = Static<typeof AlarmQuery>;

export const AlarmPage = Type.Object({
  items: Type.Array(AlarmView),
  next: Type.Union([Type.String(), Type.Null()]),
  /** Last change of any alarm of the community that the list surely holds: frames after it are to be applied. */
  seq: Type.Integer(),
});
type AlarmPage = Static<typeof AlarmPage>;

const encode = (key: readonly (string | number)[]): string => Buffer.from(JSON.stringify(key)).toString('base64url');

/** @returns undefined when it is not a cursor of ours */
function decode(cursor: string, shape: readonly ('number' | 'string')[]): (string | number)[] | undefined {
  try {
    const key = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown;
    if (!Array.isArray(key) || key.length !== shape.length) return undefined;
    const parts = key as unknown[];
    const fits = parts.every(
      (part, i) => typeof part === shape[i] && (typeof part === 'string' || Number.isFinite(part)),
    );
    const id = parts.at(-1);
    return fits && typeof id === 'string' && UUID.test(id) ? (parts as (string | number)[]) : undefined;
  } catch {
    return undefined;
  }
}

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Open alarms by rank, then unacknowledged first, then oldest first within FIRE and newest first in the other classes.
 * All alarms: newest first. Old and new by when the hub received them.
 */
export async function listAlarms(tx: Tx, community: string, query: AlarmQuery): Promise<Result<AlarmPage>> {
  const open = (query.state ?? 'open') === 'open';
  const after =
    query.cursor === undefined
      ? null
      : decode(
          query.cursor,
          open ? ['number', 'number', 'number', 'number', 'string'] : ['number', 'number', 'string'],
        );
  if (after === undefined) return refuse('bad-request', 'cursor');
  const limit = query.limit ?? LIST_LIMITS.pageDefault;
  const filter: AlarmFilter = {
    community,
    device: query.device ?? null,
    point: query.point ?? null,
    class: query.class ?? null,
    incident: query.incident ?? null,
  };
  // One look for both: a closing between them would be gone from the list and not yet in the number, and a screen would
  // differ from the hub without knowing why.
  await tx.run('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  const seq = await lastSeq(tx, community);
  const found = open ? await listOpen(tx, filter, after, limit + 1) : await listAll(tx, filter, after, limit + 1);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return ok({
    items: page.map((f) => viewOf(f.row, f.workOrder)),
    next: found.length > limit && last ? encode(last.key) : null,
    seq,
  });
}

export async function journalOf(tx: Tx, community: string, alarm: string): Promise<AlarmActView[]> {
  return actsOf(tx, community, alarm, LIST_LIMITS.acts);
}
