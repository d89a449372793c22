// What others may ask of escorts: who is expected now, and which lifts are held or reserved.
import type { Tx } from '../db/tx.ts';
import type { EscortView, TakenLift } from './contract.ts';
import { openEscorts as storedEscorts, openReservations } from './store.ts';
import { escortViews, takenLifts } from './views.ts';

export { actOnEscort, callEscort, ESCORT_TIMER, escortLate } from './commands.ts';
export { actOnReservation, RESERVATION_TIMER, reservationTurn, reserveLift } from './reservations.ts';
export { ESCORT_RULE, ESCORT_RULES } from './norms.ts';
export { gateKey } from './views.ts';

/** Ambulances and fire engines under way, or whose lift nobody has given back. */
export const openEscorts = async (tx: Tx, community: string): Promise<EscortView[]> =>
  escortViews(tx, community, await storedEscorts(tx, community));

/** Lifts that are held for an escort or reserved now. */
export const liftsTaken = async (tx: Tx, community: string): Promise<TakenLift[]> =>
  takenLifts(tx, community, await storedEscorts(tx, community), await openReservations(tx, community));
