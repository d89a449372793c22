// What the live channel keeps of one community between beats.
import type { Board } from './board.ts';
import type { PointCounts } from './state.ts';

export interface CommunityChannel {
  readonly id: string;
  readonly board: Board;
  reading: Promise<void> | undefined;
  again: boolean;
  /** Since when (ms monotonic) the changes of alarms have been asked for in vain. */
  unreadSince: number | undefined;
  counts: PointCounts;
  /** The database has been asked for what memory does not know, and has not answered yet. */
  asking: boolean;
  drills: number;
}

export const newChannel = (id: string, board: Board): CommunityChannel => ({
  id,
  board,
  reading: undefined,
  again: false,
  unreadSince: undefined,
  counts: {
    panels: { online: 0, all: 0 },
    points: { all: 0, fresh: 0, unknown: 0, unproved: 0 },
    oldestMs: null,
  },
  asking: false,
  drills: 0,
});
