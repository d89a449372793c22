// The state machine of one link's connection: a table of what each event does in each state. Pure; times are monotonic.
import type { Reason } from '../../device-profiles/contract/point.ts';
import type { ModbusLimits } from './limits.ts';

export type LinkReason = Extract<Reason, 'link-down' | 'timeout' | 'crc' | 'wrong-unit' | 'short-reply'>;

export const LINK_STATES = ['idle', 'connecting', 'settling', 'ready', 'backing-off', 'stopped'] as const;
export type LinkStateName = (typeof LINK_STATES)[number];

/** Everything the machine knows. `failures` counts connections in a row that did not become steady. */
export interface LinkState {
  readonly name: LinkStateName;
  readonly failures: number;
  /** settling, backing-off: when it ends. */
  readonly until: number;
  /** ready: since when. */
  readonly readySince: number;
  /** ready: whether anything has answered on this connection. Accepting connections alone proves nothing. */
  readonly proved: boolean;
  /** Since when nothing has answered, and whether that has been declared. */
  readonly unprovedSince: number;
  readonly declaredDown: boolean;
  /** Why the last connection was lost. */
  readonly reason: LinkReason;
}

export type LinkEvent =
  | { readonly type: 'start' }
  | { readonly type: 'connected' }
  /** A sound frame came: something answers. */
  | { readonly type: 'proved' }
  /** Could not connect, was closed by the other side, or must be replaced; `replies` were good on this connection. */
  | { readonly type: 'lost'; readonly reason: LinkReason; readonly replies: number; readonly random: number }
  | { readonly type: 'tick' }
  | { readonly type: 'stop' };

export type LinkEffect =
  | { readonly do: 'open' }
  | { readonly do: 'close' }
  /** Reads may go out. */
  | { readonly do: 'ready' }
  /** Something answers again, or for the first time. */
  | { readonly do: 'up' }
  /** Nothing has answered for long enough: say so. */
  | { readonly do: 'down'; readonly reason: LinkReason };

export interface LinkTimes extends Pick<
  ModbusLimits,
  'resetPauseMs' | 'backoffMinMs' | 'backoffMaxMs' | 'steadyReplies' | 'steadyMs' | 'downAfterMs'
> {
  /** Pause after connecting before the first request. */
  readonly settleMs: number;
}

export const IDLE: LinkState = {
  name: 'idle',
  failures: 0,
  until: 0,
  readySince: 0,
  proved: false,
  unprovedSince: 0,
  declaredDown: false,
  reason: 'link-down',
};

interface Step {
  readonly state: LinkState;
  readonly effects: readonly LinkEffect[];
}
type Handler = (state: LinkState, event: LinkEvent, now: number, times: LinkTimes) => Step;

/**
 * Wait before the next connection, ms: a short pause after a steady or timed-out one, else 1, 2, 4 … 60 s less up to half
 * as jitter, so that a hundred links that lost one switch do not come back in step. `random` in [0, 1).
 */
export function backoffMs(failures: number, random: number, times: LinkTimes): number {
  if (failures === 0) return times.resetPauseMs;
  const full = Math.min(times.backoffMaxMs, times.backoffMinMs * 2 ** Math.min(failures - 1, 30));
  return full * (1 - random / 2);
}

const stay: Handler = (state) => ({ state, effects: [] });

const start: Handler = (state, _event, now) => ({
  state: { ...state, name: 'connecting', failures: 0, unprovedSince: now, declaredDown: false },
  effects: [{ do: 'open' }],
});

const connected: Handler = (state, _event, now, times) => {
  if (times.settleMs === 0) return becomeReady(state, now);
  return { state: { ...state, name: 'settling', until: now + times.settleMs }, effects: [] };
};

function becomeReady(state: LinkState, now: number): Step {
  return { state: { ...state, name: 'ready', readySince: now, proved: false }, effects: [{ do: 'ready' }] };
}

const proved: Handler = (state) =>
  state.proved
    ? { state, effects: [] }
    : { state: { ...state, proved: true, declaredDown: false }, effects: [{ do: 'up' }] };

const lost: Handler = (state, event, now, times) => {
  if (event.type !== 'lost') return stay(state, event, now, times);
  const longEnough = event.replies > 0 && now - state.readySince >= times.steadyMs;
  const steady = state.name === 'ready' && (event.replies >= times.steadyReplies || longEnough);
  // A connection that was replaced because a request timed out is no reason to stay away: the timeout itself sets the
  // pace, and a bus must not stand still for one dead slave.
  const timedOut = state.name === 'ready' && event.reason === 'timeout';
  const failures = steady || timedOut ? 0 : state.failures + 1;
  return {
    state: {
      ...state,
      name: 'backing-off',
      failures,
      until: now + backoffMs(failures, event.random, times),
      proved: false,
      unprovedSince: state.proved ? now : state.unprovedSince,
      reason: event.reason,
    },
    effects: [{ do: 'close' }],
  };
};

const retry: Handler = (state, _event, now) =>
  now < state.until ? { state, effects: [] } : { state: { ...state, name: 'connecting' }, effects: [{ do: 'open' }] };

const settled: Handler = (state, _event, now) => (now < state.until ? { state, effects: [] } : becomeReady(state, now));

const stop: Handler = (state) => ({ state: { ...state, name: 'stopped' }, effects: [{ do: 'close' }] });

/** Rows: the state it is in; columns: what happens. Empty cells leave everything as it is. */
const TABLE: Record<LinkStateName, Partial<Record<LinkEvent['type'], Handler>>> = {
  idle: { start, stop },
  connecting: { connected, lost, stop },
  settling: { tick: settled, lost, stop },
  ready: { proved, lost, stop },
  'backing-off': { tick: retry, stop },
  stopped: {},
};

const DOWN_STATES: ReadonlySet<LinkStateName> = new Set(['connecting', 'settling', 'backing-off']);

/** One event. Whatever the state, having no connection after `downAfterMs` without an answer is declared once. */
export function step(state: LinkState, event: LinkEvent, now: number, times: LinkTimes): Step {
  const next = (TABLE[state.name][event.type] ?? stay)(state, event, now, times);
  const s = next.state;
  if (s.declaredDown || !DOWN_STATES.has(s.name) || now - s.unprovedSince < times.downAfterMs) return next;
  return { state: { ...s, declaredDown: true }, effects: [...next.effects, { do: 'down', reason: s.reason }] };
}

/** When the machine wants its next tick (monotonic ms), or undefined. */
export function nextTick(state: LinkState, times: LinkTimes): number | undefined {
  if (!DOWN_STATES.has(state.name)) return undefined;
  const declare = state.declaredDown ? undefined : state.unprovedSince + times.downAfterMs;
  if (state.name === 'connecting') return declare;
  return declare === undefined ? state.until : Math.min(state.until, declare);
}
