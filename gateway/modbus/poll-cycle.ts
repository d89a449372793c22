// One poll class of one device: what is read together, how far the present round has come, and what is counted.
import type { DeviceModel, ModelPoint } from '../../device-profiles/contract/profile.ts';
import type { Reading } from '../drivers/driver.ts';
import { PRIORITIES, type Priority } from './bus-queue.ts';
import { planReads, type PlanLimits, type ReadPlan } from './plan-reads.ts';
import type { ReadSlot } from './read-slot.ts';
import type { ReadFailure } from './request.ts';

/** `points` is the ordinary kind; `holes` tries refused places again; `liveness` asks one read of `of`, so that
 * the loss of a slow device is seen. */
export type CycleKind = 'points' | 'holes' | 'liveness';

export interface Cycle {
  readonly id: number;
  readonly kind: CycleKind;
  readonly priority: Priority;
  readonly intervalMs: number;
  /** liveness: the cycle whose first read it asks. */
  readonly of?: Cycle;
  plan: ReadPlan;
  slots: readonly ReadSlot[];
  /** Reads of the present round that have not been answered. */
  outstanding: number;
  /** When the present or last round began, monotonic ms. */
  startedAt: number;
  answered: number;
  failure: ReadFailure | '';
  /** Handed over together at the end of the round. */
  readings: Reading[];
  touched: ReadSlot[];
}

export interface PollCounters {
  /** Rounds that fell due while the one before was still under way: the bus can't keep up. */
  overruns: number;
  /** Rounds that the process itself missed. */
  missed: number;
  polls: number;
  /** Reads that found the bus's queue full. */
  dropped: number;
  /** Readings that the spool could not keep. */
  notKept: number;
  holes: number;
}

/**
 * Points whose refusals hold for this run alone: what tells of a fire, because a panel refuses while it boots, and what a
 * device is recognised by.
 */
export const isAskedAnew = (point: ModelPoint | undefined): boolean =>
  point?.lane === 'safety' || point?.poll === 'safety' || point?.expect !== undefined;

/** Which points of a device are polled in which class, planned for its limits. */
export function plansOf(model: DeviceModel): ReadonlyMap<Priority, ReadPlan> {
  const limits: PlanLimits = {
    maxRegisters: model.modbus?.maxRegisters ?? 125,
    gap: model.modbus?.gap ?? 0,
    illegal: model.illegal ?? [],
  };
  const plans = new Map<Priority, ReadPlan>();
  PRIORITIES.forEach((poll, priority) => {
    const points = model.points.flatMap((p, index) => {
      if (p.poll !== poll || !p.modbus) return [];
      const { table, address, length } = p.modbus;
      return [{ index, table, address, length }];
    });
    if (points.length > 0) plans.set(priority as Priority, planReads(points, limits));
  });
  return plans;
}
