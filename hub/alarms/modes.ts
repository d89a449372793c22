// Drill and maintenance: which mode covers a place (drill before maintenance when both do), how one begins and ends.
import { randomUUID } from 'node:crypto';
import type { Static } from 'typebox';
import type { Tx } from '../db/tx.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import type { SignedIn } from '../http/entry.ts';
import { ruleInForce } from '../rules/api.ts';
import { certified } from '../staff/api.ts';
import { AlarmChanges, type ChangePorts } from './changes.ts';
import type { ModeBody, ModeView } from './contract.ts';
import type { Mode } from './machine.ts';
import { LIFECYCLE, MODES } from './rules.ts';
import { changeModes, endMode, findMode, insertMode, lockCovered, modesInForce, type ModeRow } from './store.ts';

export const MODE_TIMER = 'alarm-mode-end';
const modeKey = (id: string): string => `${MODE_TIMER}:${id}`;

export interface Place {
  readonly community: string;
  readonly device: string;
  readonly building: string | null;
  readonly floor: number | null;
}

/** Devices named cover those only; else the building and floor named, each of which may be left open. */
export function covers(m: Pick<ModeRow, 'community' | 'building' | 'floor' | 'devices'>, p: Place): boolean {
  if (m.community !== p.community) return false;
  if (m.devices.length > 0) return m.devices.includes(p.device);
  return (m.building === null || m.building === p.building) && (m.floor === null || m.floor === p.floor);
}

/** The mode in force over a place at `now` (ms), or null. */
export function modeOver(modes: readonly ModeRow[], p: Place, now: number): Mode | null {
  let found: Mode | null = null;
  for (const m of modes) {
    if (m.until_at.getTime() <= now || !covers(m, p)) continue;
    if (m.mode === 'drill') return 'drill';
    found = m.mode;
  }
  return found;
}

export const modeView = (m: ModeRow): ModeView => ({
  id: m.id,
  mode: m.mode,
  ...(m.building === null ? {} : { building: m.building }),
  ...(m.floor === null ? {} : { floor: m.floor }),
  devices: [...m.devices],
  by: m.by_name,
  reason: m.reason,
  from: m.from_at.toISOString(),
  until: m.until_at.toISOString(),
  ...(m.ended_at === null ? {} : { endedAt: m.ended_at.toISOString() }),
});

/**
 * Whether someone answers for fire safety at that moment (ms wall), on shift or not: a supervisor with a valid
 * certificate of fire supervisor. Drills and maintenance are theirs to order.
 */
export const supervisesFire = async (tx: Tx, user: SignedIn, at: number): Promise<boolean> =>
  user.role === 'supervisor' && (await certified(tx, user.id, 'fire-supervisor', at));

/**
 * Begins a mode: marks every open alarm it covers, suppresses those it may. Refuses `bad-request` for an odd scope,
 * `out-of-range` when it is too long for its scope.
 */
export async function startMode(
  c: CommandContext,
  ports: ChangePorts,
  body: Static<typeof ModeBody>,
): Promise<Result<ModeView>> {
  const { actor } = c;
  if (actor.kind !== 'user') throw new Error('a mode needs a person');
  const { building, floor, devices = [] } = body.scope;
  if (floor !== undefined && building === undefined) return refuse('bad-request', 'scope.floor needs a building');
  const { value: norm } = await ruleInForce(c.tx, actor.community, MODES);
  const max = building === undefined && devices.length === 0 ? norm.wholeMinutesMax : norm.minutesMax;
  if (body.minutes > max) return refuse('out-of-range', `minutes ≤ ${max}`);
  const mode: ModeRow = {
    id: randomUUID(),
    community: actor.community,
    mode: body.mode,
    building: building ?? null,
    floor: floor ?? null,
    devices,
    reason: body.reason,
    by_id: actor.id,
    by_name: actor.name,
    from_at: new Date(c.now),
    until_at: new Date(c.now + body.minutes * 60_000),
    ended_at: null,
  };
  await changeModes(c.tx, mode.community);
  await insertMode(c.tx, mode);
  await recover(c, ports, mode);
  c.emit({
    effect: 'timer',
    key: modeKey(mode.id),
    kind: MODE_TIMER,
    community: mode.community,
    dueAt: mode.until_at.getTime(),
    basis: 'duration',
    payload: { mode: mode.id },
  });
  auditMode(c, mode, 'mode.started');
  return ok(modeView(mode));
}

/** Ends a mode before its time. */
export async function stopMode(c: CommandContext, ports: ChangePorts, id: string): Promise<Result<ModeView>> {
  const { actor } = c;
  if (actor.kind !== 'user') throw new Error('a mode is ended by a person');
  const { community } = actor;
  await changeModes(c.tx, community);
  const ended = await endMode(c.tx, id, { by: actor.id, at: c.now, community });
  if (!ended) return (await findMode(c.tx, community, id)) ? refuse('already-done') : refuse('not-found');
  c.emit({ effect: 'cancel-timer', key: modeKey(id) });
  await recover(c, ports, ended);
  auditMode(c, ended, 'mode.ended');
  return ok(modeView(ended));
}

/** The time of a mode is over: it ends by itself. */
export async function expireMode(
  c: CommandContext,
  ports: ChangePorts,
  { id, community }: { readonly id: string; readonly community: string },
): Promise<void> {
  await changeModes(c.tx, community);
  const ended = await endMode(c.tx, id, { by: c.actor.id, at: c.now });
  if (!ended) return;
  await recover(c, ports, ended);
  auditMode(c, ended, 'mode.ended');
}

/** A mode began or ended: every open alarm under it stands as the modes now in force say. */
async function recover(c: CommandContext, ports: ChangePorts, changed: ModeRow): Promise<void> {
  const rows = await lockCovered(c.tx, changed);
  if (rows.length === 0) return;
  const modes = await modesInForce(c.tx, [changed.community]);
  const rules = (await ruleInForce(c.tx, changed.community, LIFECYCLE)).value;
  const changes = new AlarmChanges(c.now);
  const by = { actor: c.actor, at: c.now, rules, note: changed.reason };
  for (const row of rows) {
    changes.hold(row);
    const mode = modeOver(modes, row, c.now);
    if (mode !== row.mode) changes.step(row.id, mode === null ? { type: 'uncover' } : { type: 'cover', mode }, by);
  }
  await changes.write(c.tx, ports);
}

function auditMode(c: CommandContext, m: ModeRow, action: string): void {
  const { mode, building, floor, devices, reason } = m;
  const after = { mode, building, floor, devices, reason, until: m.until_at.toISOString() };
  c.emit({ effect: 'audit', community: m.community, action, entity: 'mode', entityId: m.id, after });
}
