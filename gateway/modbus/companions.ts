// Which points of a model need another one to be understood: decimals, unit code, validity bit. Pure, once per model.
import type { DeviceModel } from '../../device-profiles/contract/profile.ts';

export interface Companions {
  /** By point index: the points that it needs. */
  readonly needs: ReadonlyMap<number, readonly number[]>;
  /** By point index: the points that need it. */
  readonly neededBy: ReadonlyMap<number, readonly number[]>;
}

const known = new WeakMap<DeviceModel, Companions>();

/** Companions of a model; models are frozen and shared, so this is worked out once for each. */
export function companionsOf(model: DeviceModel): Companions {
  const made = known.get(model) ?? work(model);
  known.set(model, made);
  return made;
}

function work(model: DeviceModel): Companions {
  const byId = new Map(model.points.map((p, index) => [p.id, index]));
  const needs = new Map<number, readonly number[]>();
  const neededBy = new Map<number, number[]>();
  model.points.forEach((p, index) => {
    const indexes = [p.decimalsFrom, p.unitFrom, p.validBit].flatMap((id) => {
      const at = id === undefined ? undefined : byId.get(id);
      return at === undefined ? [] : [at];
    });
    if (indexes.length === 0) return;
    needs.set(index, indexes);
    for (const at of indexes) neededBy.set(at, [...(neededBy.get(at) ?? []), index]);
  });
  return { needs, neededBy };
}
