// Commissioning: someone made a point act on site and saw it here, or it has to be proved again.
import type { Static } from 'typebox';
import { markProved, type ChangePorts } from '../alarms/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import type { CommissionBody, ProveBody } from './contract.ts';
import { findDevice, setProved } from './store.ts';

export interface Marked {
  readonly nums: readonly number[];
  readonly proved: boolean;
}

/** Refuses `not-found` for a device of another community. Points that have the mark already are passed over. */
export async function prove(
  c: CommandContext,
  ports: ChangePorts,
  of: { readonly community: string; readonly device: string },
  body: Static<typeof ProveBody>,
): Promise<Result<Marked>> {
  const device = await findDevice(c.tx, of.community, of.device);
  if (!device) return refuse('not-found');
  const mark = { proved: body.proved, by: c.actor.id, note: body.note, at: c.now };
  const changed = await setProved(c.tx, device.id, body.points ?? null, mark);
  if (changed.length > 0) {
    const points = changed.map((p) => p.id);
    await markProved(c, ports, { device: device.id, points, proved: body.proved });
    c.emit({
      effect: 'audit',
      community: of.community,
      action: body.proved ? 'points.proved' : 'points.unproved',
      entity: 'device',
      entityId: device.id,
      after: { points, note: body.note },
    });
  }
  return ok({ nums: changed.map((p) => p.num), proved: body.proved });
}

/** Marks all points of many devices, or of none: refuses `not-found` with the device that is not there. */
export async function proveAll(
  c: CommandContext,
  ports: ChangePorts,
  community: string,
  { devices, proved, note }: Static<typeof CommissionBody>,
): Promise<Result<Marked>> {
  const nums: number[] = [];
  // In one order: two who mark at once must not wait for each other.
  for (const device of devices.toSorted()) {
    const done = await prove(c, ports, { community, device }, { proved, note });
    if (!done.ok) return refuse(done.code, device);
    nums.push(...done.value.nums);
  }
  return ok({ nums, proved });
}
