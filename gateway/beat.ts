// What a beat says of the spool. Pure.
import { CALL_IN_LIMITS, type CallIns } from '../device-profiles/contract/call-in.ts';
import type { Beat } from '../device-profiles/contract/wire.ts';
import type { SpoolStats } from './spool/api.ts';

/** `failing` only while the disk refuses a lane: see `Beat`. */
export function spoolBeat({
  bytes,
  maxBytes,
  dropped,
  failing,
}: Pick<SpoolStats, 'bytes' | 'maxBytes' | 'dropped' | 'failing'>): Pick<Beat, 'spool' | 'failing'> {
  const refused = Object.fromEntries(Object.entries(failing).filter(([, code]) => code !== ''));
  return {
    spool: { bytes, maxBytes, dropped },
    ...(Object.keys(refused).length === 0 ? {} : { failing: refused }),
  };
}

/** How devices that call in stand, in every so many beats; nothing where none do. */
export function callInBeats(listeners: () => readonly { standing(): CallIns }[]): () => Pick<Beat, 'callIns'> {
  let beats = 0;
  return () => {
    if (beats++ % CALL_IN_LIMITS.everyBeats !== 0) return {};
    const callIns = listeners()
      .slice(0, CALL_IN_LIMITS.listeners)
      .map((l) => l.standing());
    return callIns.length === 0 ? {} : { callIns };
  };
}
