// The eleven alarm classes as the screen needs them: order of lamps, rank, which states count as unacknowledged.
import type { AlarmClass } from '../../../device-profiles/contract/signal.ts';
import type { AlarmState } from '../../../hub/alarms/contract.ts';

/** Order of the lamps (DESIGN 3 and 6, after GB 4717). A test compares it with the contract's list. */
export const CLASS_ORDER = [
  'FIRE',
  'ENTRAPMENT',
  'PREALARM',
  'SUPERVISORY',
  'ACTION',
  'FEEDBACK',
  'FAULT',
  'COMMS',
  'PROCESS',
  'DISABLED',
  'TEST',
] as const satisfies readonly AlarmClass[];

/** Position in CLASS_ORDER: settles which of two classes of one rank a cell of the section shows. */
export const CLASS_INDEX: ReadonlyMap<AlarmClass, number> = new Map(CLASS_ORDER.map((c, i) => [c, i]));

/** Announced at once, never hidden by a filter, never shelved. */
export const isLifeSafety = (c: AlarmClass): boolean => c === 'FIRE' || c === 'ENTRAPMENT';

const UNACKED: ReadonlySet<AlarmState> = new Set(['unacked-active', 'unacked-cleared', 'latched-unacked']);
export const isUnacked = (state: AlarmState): boolean => UNACKED.has(state);
export const isOpen = (state: AlarmState): boolean => state !== 'normal';
/** Acknowledged or not, someone or something decided that it need not be looked at now. */
export const isSetAside = (state: AlarmState): boolean =>
  state === 'shelved' || state === 'suppressed' || state === 'out-of-service';

/** The worse of two classes: the one that stands first in CLASS_ORDER. */
export const worse = (a: AlarmClass, b: AlarmClass): AlarmClass =>
  (CLASS_INDEX.get(a) ?? 99) <= (CLASS_INDEX.get(b) ?? 99) ? a : b;
