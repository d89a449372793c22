// How a gateway's password is kept: it is 256 random bits, so one plain hash is enough, and a slow one would be waste.
import { createHash } from 'node:crypto';

/** SHA-256 as hex. */
export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex');
