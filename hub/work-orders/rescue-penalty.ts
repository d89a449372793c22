// What a contractor who comes late to a rescue owes by its contract (X6). Pure; times in ms wall, money in integer fen.
import type { PenaltyTerms } from './rescue-norms.ts';

export interface PenaltyFacts {
  /** When the company was first told: reached, or reached and refusing. */
  readonly toldAt: number | undefined;
  /** When its people stood at the lift. */
  readonly arrivedAt: number | undefined;
  /** When everyone was out, by whomever. */
  readonly releasedAt: number | undefined;
  readonly now: number;
}

export interface Penalty {
  /** `not-told`: nobody can be late whom nobody called. `running`: it may still grow. */
  readonly status: 'not-told' | 'on-time' | 'running' | 'final';
  readonly toldAt?: number;
  readonly dueAt?: number;
  /** What ended the time: their arrival, else the release by others, else now. */
  readonly until?: number;
  readonly lateMs: number;
  /** Started steps. */
  readonly steps: number;
  readonly fen: number;
  /** The cap, not the steps, decides. */
  readonly capped: boolean;
}

/**
 * The penalty of one rescue: each started step of lateness costs `perStepFen`, up to `capFen`. To arrive on the limit is
 * to be on time. Whoever never came is late until the people were out.
 */
export function penaltyOf(terms: PenaltyTerms, facts: PenaltyFacts): Penalty {
  const { toldAt, now } = facts;
  if (toldAt === undefined) return { status: 'not-told', lateMs: 0, steps: 0, fen: 0, capped: false };
  const ended = facts.arrivedAt ?? facts.releasedAt;
  const until = ended ?? now;
  const dueAt = toldAt + terms.arriveMs;
  const lateMs = Math.max(0, until - dueAt);
  const steps = Math.ceil(lateMs / terms.stepMs);
  // Compared by steps, so that no product leaves the safe integers.
  const capped = terms.perStepFen > 0 && steps > Math.floor(terms.capFen / terms.perStepFen);
  const fen = capped ? terms.capFen : steps * terms.perStepFen;
  const status = ended === undefined ? 'running' : lateMs === 0 ? 'on-time' : 'final';
  return { status, toldAt, dueAt, until, lateMs, steps, fen, capped };
}
