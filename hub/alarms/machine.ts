// The life of one alarm episode: a table of states after ISA-18.2 / IEC 62682, mirrored for a fire panel (DESIGN 6),
// and one step. Pure: time is an argument, what follows is data.
//
// Signal, panel, people and modes act on it. The signal raises and clears; the panel's RESET releases its latch; people
// acknowledge, close, shelve, take out of service; a drill or maintenance mode covers it. Silencing a buzzer is the
// screen's own affair and a verdict is a note on the record: neither changes the state. A closed episode (`normal`) is
// never re-used: the next alarm begins a new one.
import { NEVER_SHELVED, type AlarmClass, type Latch } from '../../device-profiles/contract/signal.ts';
import { refuse, ok, type RefusalCode, type Result } from '../errors.ts';
import type { AlarmState } from './contract.ts';

export type Mode = 'drill' | 'maintenance';

export interface Episode {
  readonly state: AlarmState;
  readonly class: AlarmClass;
  readonly latch: Latch;
  /** The signal is raised. A gap in its data leaves this as it was. */
  readonly active: boolean;
  /** What latched it (the panel, or the rule that a person must close it) has not let go. */
  readonly latched: boolean;
  /** When the panel was last reset while the signal was still raised, ms. */
  readonly resetAt: number | null;
  readonly recurrences: number;
  /** The mode that covers it now. */
  readonly mode: Mode | null;
}

export type AlarmEvent =
  | { readonly type: 'raise'; readonly at: number }
  | { readonly type: 'clear'; readonly at: number }
  | { readonly type: 'reset'; readonly at: number }
  | { readonly type: 'ack' }
  /** `orphaned`: its point is gone from the gateway's configuration, so no signal can ever clear it. */
  | { readonly type: 'close'; readonly orphaned?: boolean }
  | { readonly type: 'shelve' }
  | { readonly type: 'unshelve' }
  | { readonly type: 'cover'; readonly mode: Mode }
  | { readonly type: 'uncover' }
  | { readonly type: 'remove' }
  | { readonly type: 'restore' };
export type AlarmEventType = AlarmEvent['type'];

/** What happened to the episode, for the journal and for domain events. */
export type AlarmAct =
  | 'raised'
  | 'recurred'
  | 'cleared'
  | 'reset' // the panel was reset while the signal is still raised
  | 'unlatched' // the panel's RESET or a person let go what was latched
  | 'acknowledged'
  | 'closed'
  | 'shelved'
  | 'returned' // asks for attention again after shelving, suppression or being out of service
  | 'suppressed'
  | 'released'
  | 'out-of-service'
  | 'in-service';

export interface Stepped {
  readonly episode: Episode;
  /** In order; empty when nothing changed. */
  readonly acts: readonly AlarmAct[];
}

/** FIRE and ENTRAPMENT are never shelved, suppressed or taken out of service: a mode only marks them. */
export const canHide = (c: AlarmClass): boolean => !NEVER_SHELVED.includes(c);

/** The first state of an episode. */
export function begin(of: { readonly class: AlarmClass; readonly latch: Latch; readonly mode: Mode | null }): Stepped {
  const hidden = of.mode !== null && canHide(of.class);
  return {
    episode: {
      state: hidden ? 'suppressed' : 'unacked-active',
      class: of.class,
      latch: of.latch,
      active: true,
      latched: of.latch !== 'none',
      resetAt: null,
      recurrences: 0,
      mode: of.mode,
    },
    acts: hidden ? ['raised', 'suppressed'] : ['raised'],
  };
}

type Next = AlarmState | ((e: Episode) => AlarmState);

const same = (e: Episode): AlarmState => e.state;
/** Where an episode stands that nobody hides any more; the acknowledgement from before does not count (ISA-18.2). */
const returned = (e: Episode): AlarmState => {
  if (e.mode !== null && canHide(e.class)) return 'suppressed';
  return e.active ? 'unacked-active' : e.latched ? 'latched-unacked' : 'normal';
};
const coveredActive = (e: Episode): AlarmState => (canHide(e.class) ? 'suppressed' : e.state);
/** Back again: under a mode it is hidden like one that is new, and told when the mode is over. */
const back = (e: Episode): AlarmState => (e.mode !== null && canHide(e.class) ? 'suppressed' : 'unacked-active');
const hide = { shelve: 'shelved', remove: 'out-of-service' } as const;

/** Next state by state and event, computed after the event's flags are set. A missing entry: not possible here. */
export const TABLE: Readonly<Record<AlarmState, Partial<Record<AlarmEventType, Next>>>> = {
  normal: {},
  'unacked-active': {
    raise: same,
    clear: (e) => (e.latched ? 'latched-unacked' : 'unacked-cleared'),
    reset: same,
    ack: 'acked-active',
    close: 'unacked-cleared',
    cover: coveredActive,
    uncover: same,
    ...hide,
  },
  'acked-active': {
    raise: same,
    clear: (e) => (e.latched ? 'latched-acked' : 'normal'),
    reset: same,
    close: 'normal',
    cover: coveredActive,
    uncover: same,
    ...hide,
  },
  'unacked-cleared': {
    raise: back,
    clear: same,
    reset: same,
    ack: 'normal',
    cover: same,
    uncover: same,
    ...hide,
  },
  'latched-unacked': {
    raise: back,
    clear: same,
    reset: (e) => (e.latched ? 'latched-unacked' : 'unacked-cleared'),
    ack: 'latched-acked',
    close: 'unacked-cleared',
    cover: same,
    uncover: same,
    ...hide,
  },
  'latched-acked': {
    raise: back,
    clear: same,
    reset: (e) => (e.latched ? 'latched-acked' : 'normal'),
    close: 'normal',
    cover: same,
    uncover: same,
    ...hide,
  },
  shelved: { raise: same, clear: same, reset: same, unshelve: returned, cover: same, uncover: same },
  suppressed: { raise: same, clear: same, reset: same, cover: same, uncover: returned },
  'out-of-service': { raise: same, clear: same, reset: same, restore: returned, cover: same, uncover: same },
};

const ACT_OF_STATE: Partial<Record<AlarmState, AlarmAct>> = {
  normal: 'closed',
  shelved: 'shelved',
  suppressed: 'suppressed',
  'out-of-service': 'out-of-service',
};

export interface StepRules {
  /** A panel's RESET releases signals that clear within this time after it, ms. */
  readonly resetHoldMs: number;
}

/** Applies one event. A refusal says why a person's act is not possible; signal, panel and mode events never refuse. */
export function step(before: Episode, event: AlarmEvent, rules: StepRules): Result<Stepped> {
  const refusal = whyNot(before, event);
  if (refusal) return refuse(refusal);
  const flagged = withFlags(before, event, rules);
  const next = TABLE[before.state][event.type];
  if (next === undefined) return ok({ episode: before, acts: [] });
  const state = typeof next === 'function' ? next(flagged) : next;
  const episode = state === flagged.state ? flagged : { ...flagged, state };
  return ok({ episode, acts: actsOf(before, event, episode) });
}

function whyNot(e: Episode, event: AlarmEvent): RefusalCode | undefined {
  switch (event.type) {
    case 'raise':
    case 'clear':
    case 'reset':
    case 'cover':
    case 'uncover':
      return undefined;
    case 'ack':
      if (e.state === 'acked-active' || e.state === 'latched-acked' || e.state === 'normal') return 'already-done';
      break;
    case 'close':
      if (e.state === 'normal') return 'already-done';
      if (e.active && !event.orphaned) return 'still-active';
      break;
    case 'shelve':
    case 'remove':
      if (!canHide(e.class)) return 'never-shelved';
      if (e.state === (event.type === 'shelve' ? 'shelved' : 'out-of-service')) return 'already-done';
      break;
    case 'unshelve':
    case 'restore':
      break;
  }
  return TABLE[e.state][event.type] === undefined ? 'wrong-state' : undefined;
}

/** The flags after the event; the same object when none changed. */
function withFlags(e: Episode, event: AlarmEvent, rules: StepRules): Episode {
  switch (event.type) {
    case 'raise':
      if (e.active) return e;
      return { ...e, active: true, latched: e.latch !== 'none', resetAt: null, recurrences: e.recurrences + 1 };
    case 'clear': {
      if (!e.active) return e;
      const letGo = e.latch === 'panel' && e.resetAt !== null && Math.abs(event.at - e.resetAt) <= rules.resetHoldMs;
      return { ...e, active: false, latched: e.latched && !letGo };
    }
    case 'reset':
      if (e.latch !== 'panel') return e;
      if (e.active) return { ...e, resetAt: event.at };
      return e.latched ? { ...e, latched: false } : e;
    case 'close':
      return { ...e, active: false, latched: false };
    case 'cover':
      return e.mode === event.mode ? e : { ...e, mode: event.mode };
    case 'uncover':
      return e.mode === null ? e : { ...e, mode: null };
    default:
      return e;
  }
}

function actsOf(before: Episode, event: AlarmEvent, after: Episode): AlarmAct[] {
  const acts: AlarmAct[] = [];
  if (!before.active && after.active) acts.push('recurred');
  if (before.active && !after.active) acts.push('cleared');
  if (before.resetAt !== after.resetAt && after.resetAt !== null) acts.push('reset');
  if (before.latched && !after.latched) acts.push('unlatched');
  if (event.type === 'ack') acts.push('acknowledged');
  if (before.state === after.state) return acts;
  if (event.type === 'unshelve' || event.type === 'uncover') acts.push('released');
  if (event.type === 'restore') acts.push('in-service');
  const act = ACT_OF_STATE[after.state];
  if (act) acts.push(act);
  else if (isHidden(before.state)) acts.push('returned');
  return acts;
}

const isHidden = (s: AlarmState): boolean => s === 'shelved' || s === 'suppressed' || s === 'out-of-service';
/** Waits for a person's acknowledgement. */
export const isUnacked = (s: AlarmState): boolean =>
  s === 'unacked-active' || s === 'unacked-cleared' || s === 'latched-unacked';
