// What a payload codec is: bytes of one message in, named fields out. Pure; it never throws on what a device sends.
import type { MqttSection } from '../../device-profiles/contract/profile.ts';
import type { FieldLookup } from '../decode.ts';

/** Named maxima of messages (hard rule 10). */
export const MESSAGE_LIMITS = {
  /** Longest payload that is looked at, bytes. The field broker refuses longer ones before. */
  payloadBytes: 64 * 1024,
  /** Deepest nesting of JSON. */
  jsonDepth: 32,
} as const;

/** What a message says. */
export interface Message {
  /** The present values. */
  readonly fields: FieldLookup;
  /** The device's own time of the present values, ms UTC, if it gives one that can be read. */
  readonly time?: number;
  /** What the device calls itself in this message, by the profile's identity field. */
  readonly identity?: string;
  /** Values that the device had kept and sends late, oldest first; times in ms UTC. */
  readonly records: readonly { readonly time: number; readonly fields: FieldLookup }[];
}

/**
 * `broken`: the device speaks, but not what the codec says: its points are bad. `foreign`: sound, but no report of
 * values (another command): nothing is known by it. `detail` names what is wrong and never carries the payload.
 */
export type CodecResult =
  | { readonly message: Message; readonly fault?: undefined }
  | { readonly message?: undefined; readonly fault: 'broken' | 'foreign'; readonly detail: string };

export type Codec = (payload: Uint8Array, section: MqttSection) => CodecResult;

export const broken = (detail: string): CodecResult => ({ fault: 'broken', detail });
export const foreign = (detail: string): CodecResult => ({ fault: 'foreign', detail });
