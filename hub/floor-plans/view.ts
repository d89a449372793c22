// One floor's plan whole: its drawing, and what belongs on it as memory knows it now.
import type { Tx } from '../db/tx.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { LivePoints } from '../ingest/api.ts';
import { listBuildings } from '../property/api.ts';
import type { DrawingView, FloorPlanView } from './contract.ts';
import { drawingsOf, findFloor, positionsOf, type DrawingRow, type Floor } from './store.ts';
import { thingsOf } from './things.ts';

export interface PlanSources {
  readonly points: LivePoints;
  readonly isProved: (num: number) => boolean;
}

export const drawingView = (row: DrawingRow): DrawingView => ({
  version: row.version,
  sha256: row.sha256,
  type: row.media_type,
  note: row.note,
  addedAt: row.added_at.toISOString(),
  addedBy: { id: row.added_by, name: row.added_by_name },
});

export async function hasFloor(tx: Tx, community: string, at: Floor): Promise<boolean> {
  const building = (await listBuildings(tx, community)).find((b) => b.id === at.building);
  return building?.floors.some((f) => f.floor === at.floor) ?? false;
}

/** Refuses `not-found` where the building has no such floor. */
export async function planOf(
  tx: Tx,
  { points, isProved }: PlanSources,
  community: string,
  at: Floor,
): Promise<Result<FloorPlanView>> {
  if (!(await hasFloor(tx, community, at))) return refuse('not-found');
  const [row, [drawing], positions] = [
    await findFloor(tx, community, at),
    await drawingsOf(tx, community, at, 1),
    await positionsOf(tx, community, at),
  ];
  return ok({
    ...at,
    revision: row?.revision ?? 0,
    changedAt: row?.changed_at.toISOString() ?? null,
    changedBy: row ? { id: row.changed_by, name: row.changed_by_name } : null,
    drawing: drawing ? drawingView(drawing) : null,
    things: thingsOf(points, isProved, { community, ...at }, positions),
  });
}
