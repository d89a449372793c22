// The timers of one shift and their keys.
import type { Effect } from '../events/api.ts';

/** Timer kind: look at a shift at its start, some time after, and when a certificate of one of its people runs out. */
export const SHIFT_TIMER = 'duty.shift';

export const startKey = (shift: string): string => `${SHIFT_TIMER}:${shift}:start`;
export const absentKey = (shift: string): string => `${SHIFT_TIMER}:${shift}:absent`;
export const expiryKey = (shift: string, person: string): string => `${SHIFT_TIMER}:${shift}:${person}`;

export const timerOf = (community: string, key: string, dueAt: number, payload: Record<string, unknown>): Effect => ({
  effect: 'timer',
  key,
  kind: SHIFT_TIMER,
  community,
  dueAt,
  basis: 'calendar',
  payload,
});

/** When the certificate of someone on duty runs out, ms wall: looked at then. */
export const expiryTimer = (community: string, shift: string, person: string, until: number): Effect =>
  timerOf(community, expiryKey(shift, person), until, { shift, person });
