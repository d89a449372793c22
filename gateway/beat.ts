// What a beat says of the spool. Pure.
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
