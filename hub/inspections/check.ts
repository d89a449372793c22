// Entering a check. A failed one opens exactly one order (the policy table does that) or takes a signed waiver.
import type { Static } from 'typebox';
import type { Tx } from '../db/tx.ts';
import type { CommandContext } from '../events/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import { ordersOfSources } from '../work-orders/api.ts';
import type { CheckBody, CheckView } from './contract.ts';
import { judge } from './rules.ts';
import { insertCheck, sameCheck, type CheckRow, type NewCheck } from './store.ts';

/** Phones that are offline are believed this far back, and their clocks this far ahead, ms. */
export const CHECK_LIMITS = { backMs: 7 * 86_400_000, aheadMs: 300_000 } as const;

export interface CheckPorts {
  /** Which of these devices are not known in this community. */
  unknownDevices(tx: Tx, community: string, devices: readonly string[]): Promise<readonly string[]>;
  missingFiles(tx: Tx, community: string, files: readonly string[]): Promise<readonly string[]>;
}

const given = <K extends string, V>(key: K, value: V | null): { [P in K]?: V } =>
  (value === null ? {} : { [key]: value }) as { [P in K]?: V };

/** A check as screens see it, with the order it has led to. */
export const checkView = (row: CheckRow, workOrder: string | undefined): CheckView => ({
  id: row.id,
  item: row.item,
  ...given('device', row.device),
  ...given('building', row.building),
  ...given('floor', row.floor),
  ...given('place', row.place),
  outcome: row.outcome,
  ...given('value', row.value),
  ...given('unit', row.unit),
  note: row.note,
  at: row.at.toISOString(),
  by: row.by,
  name: row.by_name,
  ...given('waiver', row.waiver),
  workOrder: workOrder ?? null,
});

/**
 * Enters a check. The same check of the same moment by the same person, sent again, answers the first.
 * Refuses `out-of-range`, `bad-request`, `not-allowed` (waiver), `not-found` (device, file).
 */
export async function enterCheck(
  c: CommandContext,
  ports: CheckPorts,
  body: Static<typeof CheckBody>,
): Promise<Result<CheckView>> {
  if (c.actor.kind !== 'user') return refuse('not-allowed');
  const { community, id: by, name, role } = c.actor;
  const judged = judge(body, role);
  if (!judged.ok) return judged;
  const unknown = body.device === undefined ? [] : await ports.unknownDevices(c.tx, community, [body.device]);
  if (unknown.length > 0) return refuse('not-found', `device: ${unknown.join(', ')}`);
  const missing = await ports.missingFiles(c.tx, community, body.photos ?? []);
  if (missing.length > 0) return refuse('not-found', `photos: ${missing.join(', ')}`);

  const wanted: NewCheck = {
    community,
    item: body.item,
    device: body.device ?? null,
    building: body.building ?? null,
    floor: body.floor ?? null,
    place: body.place ?? null,
    outcome: body.outcome,
    value: body.value ?? null,
    unit: body.unit ?? null,
    range_low: body.range?.[0] ?? null,
    range_high: body.range?.[1] ?? null,
    note: body.note ?? '',
    photos: body.photos ?? [],
    at: timeOnSite(body.capturedAt, c.now),
    storedAt: c.now,
    by,
    by_name: name,
    waiver: body.waiver ?? null,
  };
  const row = await insertCheck(c.tx, wanted);
  if (!row) return repeated(c, wanted);
  emitCheck(c, row);
  return ok(checkView(row, undefined));
}

/** The phone's time, unless it can't be right. */
function timeOnSite(capturedAt: string | undefined, now: number): number {
  const at = capturedAt === undefined ? now : Date.parse(capturedAt);
  return at < now - CHECK_LIMITS.backMs || at > now + CHECK_LIMITS.aheadMs ? now : at;
}

async function repeated(c: CommandContext, wanted: NewCheck): Promise<Result<CheckView>> {
  const before = await sameCheck(c.tx, wanted);
  if (before.outcome !== wanted.outcome || before.value !== wanted.value)
    return refuse('duplicate', `check ${before.id} of this moment says ${before.outcome}`);
  const orders = await ordersOfSources(c.tx, wanted.community, 'check', [before.id]);
  return ok(checkView(before, orders.get(before.id)));
}

function emitCheck(c: CommandContext, row: CheckRow): void {
  const { community, id } = row;
  c.emit({
    effect: 'audit',
    community,
    action: row.waiver === null ? 'check.enter' : 'check.waive',
    entity: 'check',
    entityId: id,
    after: { item: row.item, outcome: row.outcome, value: row.value, device: row.device, waiver: row.waiver },
  });
  if (row.outcome !== 'fail' || row.waiver !== null) return;
  c.emit({
    effect: 'event',
    event: {
      type: 'check.failed',
      community,
      subject: id,
      payload: {
        check: id,
        item: row.item,
        note: row.note,
        by: row.by,
        ...given('device', row.device),
        ...given('value', row.value),
        ...given('building', row.building),
        ...given('floor', row.floor),
        ...given('place', row.place),
      },
    },
  });
}
