// A blocked fire lane: open, its driver on the way, cleared, or void. Pure.
import { ok, refuse, type Result } from '../errors.ts';
import type { ContactResult, LaneState } from './contract.ts';

export type LaneEvent =
  | { readonly type: 'contact'; readonly result: ContactResult }
  | { readonly type: 'identify' }
  | { readonly type: 'clear'; readonly photo: boolean }
  | { readonly type: 'void'; readonly note: string }
  | { readonly type: 'overdue' };

const isOpen = (state: LaneState): boolean => state === 'open' || state === 'coming';

/**
 * The state after an event. Refuses `already-done` when it has ended, `photo-required` for clearing without a picture and
 * `note-required` for a void one. A driver who then does not come makes it open again.
 */
export function stepLane(state: LaneState, event: LaneEvent): Result<LaneState> {
  if (!isOpen(state)) return refuse('already-done', state);
  switch (event.type) {
    case 'contact':
      // A notice left on the car says nothing of its driver.
      if (event.result === 'left') return ok(state);
      return ok(event.result === 'coming' ? 'coming' : 'open');
    case 'identify':
    case 'overdue':
      return ok(state);
    case 'clear':
      return event.photo ? ok('cleared') : refuse('photo-required');
    case 'void':
      return event.note.trim() === '' ? refuse('note-required') : ok('void');
  }
}

/** A plate as it is compared: capitals, half width, without dots, spaces and dashes. */
export const plateOf = (text: string): string =>
  text
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[\s.·•・‧-]/g, '');

/** A province's character, a letter, then five or six of letters and figures: 京A12345, 京AD12345; others are asked twice. */
export const looksLikePlate = (plate: string): boolean =>
  /^\p{Script=Han}[A-Z][A-Z0-9]{4,5}[A-Z0-9\p{Script=Han}]$/u.test(plate);

/** Whether more patrols are worth it: how often before by the same plate or at the same place, this one included. */
export const isRepeated = (before: { readonly plate: number; readonly place: number }, from: number): boolean =>
  Math.max(before.plate, before.place) + 1 >= from;
