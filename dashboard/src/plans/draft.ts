// What an editor changed and has not saved: positions with a way back. Pure: every act gives a new draft.
import type { Position, ThingView } from '../../../hub/floor-plans/contract.ts';
import { thingKey } from './standing.ts';
import type { Spot } from './viewport.ts';

export const DRAFT_LIMITS = {
  /** Acts that can be taken back. */
  undoMax: 200,
  /** Shares of a side that an arrow key moves by; with Shift the small one. */
  step: 0.01,
  fineStep: 0.001,
} as const;

type Spots = ReadonlyMap<string, Spot>;

export interface Draft {
  readonly saved: Spots;
  readonly spots: Spots;
  readonly before: readonly Spots[];
  readonly after: readonly Spots[];
  /** What the last act moved: moves of the same thing in a row are one act to take back. */
  readonly moving: string | null;
}

export function draftOf(things: readonly ThingView[]): Draft {
  const spots = new Map(things.flatMap((t) => (t.at ? [[thingKey(t), t.at] as const] : [])));
  return { saved: spots, spots, before: [], after: [], moving: null };
}

const held = (share: number): number => Number(Math.min(Math.max(share, 0), 1).toFixed(5));

function changed(draft: Draft, spots: Spots, moving: string | null): Draft {
  if (moving !== null && moving === draft.moving) return { ...draft, spots, after: [] };
  const before = [...draft.before, draft.spots].slice(-DRAFT_LIMITS.undoMax);
  return { ...draft, spots, before, after: [], moving };
}

/** Places something, or moves it; held to the drawing. */
export function place(draft: Draft, key: string, spot: Spot, continues = false): Draft {
  const spots = new Map(draft.spots).set(key, { x: held(spot.x), y: held(spot.y) });
  const next = changed(continues ? draft : { ...draft, moving: null }, spots, key);
  return next;
}

/** Moves something that is placed by an arrow key. */
export function nudge(draft: Draft, key: string, arrow: string, fine: boolean): Draft {
  const spot = draft.spots.get(key);
  const by = fine ? DRAFT_LIMITS.fineStep : DRAFT_LIMITS.step;
  const ways: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [-by, 0],
    ArrowRight: [by, 0],
    ArrowUp: [0, -by],
    ArrowDown: [0, by],
  };
  const way = ways[arrow];
  return spot && way ? place(draft, key, { x: spot.x + way[0], y: spot.y + way[1] }, true) : draft;
}

export function remove(draft: Draft, key: string): Draft {
  if (!draft.spots.has(key)) return draft;
  const spots = new Map(draft.spots);
  spots.delete(key);
  return changed(draft, spots, null);
}

export function undo(draft: Draft): Draft {
  const spots = draft.before.at(-1);
  if (!spots) return draft;
  return { ...draft, spots, before: draft.before.slice(0, -1), after: [...draft.after, draft.spots], moving: null };
}

export function redo(draft: Draft): Draft {
  const spots = draft.after.at(-1);
  if (!spots) return draft;
  return { ...draft, spots, after: draft.after.slice(0, -1), before: [...draft.before, draft.spots], moving: null };
}

export function isDirty({ saved, spots }: Draft): boolean {
  if (saved.size !== spots.size) return true;
  return [...spots].some(([key, spot]) => {
    const old = saved.get(key);
    return old?.x !== spot.x || old.y !== spot.y;
  });
}

/** As the hub wants them. */
export const positionsOf = ({ spots }: Draft): Position[] =>
  [...spots].map(([key, { x, y }]) => {
    const [device = '', point = ''] = key.split('\n');
    return { device, ...(point === '' ? {} : { point }), x, y };
  });
