// Codec `json`: an object whose fields are named by JSON pointers (RFC 6901).
import type { MqttSection } from '../../device-profiles/contract/profile.ts';
import type { FieldValue } from '../decode.ts';
import { MESSAGE_LIMITS, broken, type CodecResult } from './codec.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function decodeJson(payload: Uint8Array, section: MqttSection): CodecResult {
  if (payload.byteLength > MESSAGE_LIMITS.payloadBytes)
    return broken(`${payload.byteLength} bytes; at most ${MESSAGE_LIMITS.payloadBytes}`);
  let text: string;
  try {
    text = utf8.decode(payload);
  } catch {
    return broken('not UTF-8');
  }
  if (tooDeep(text)) return broken(`nested deeper than ${MESSAGE_LIMITS.jsonDepth}`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return broken('not JSON');
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return broken('not a JSON object');
  const time = section.time ? readTime(at(document, section.time.field), section.time.unit) : undefined;
  const identity = section.identity ? at(document, section.identity.field) : undefined;
  return {
    message: {
      fields: (pointer) => asField(at(document, pointer)),
      records: [],
      ...(time === undefined ? {} : { time }),
      ...(typeof identity === 'string' || typeof identity === 'number' ? { identity: String(identity) } : {}),
    },
  };
}

/** Depth before parsing, so that a hostile payload costs no more than one pass. */
function tooDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let k = 0; k < text.length; k++) {
    const c = text.charCodeAt(k);
    if (quoted) {
      if (c === 0x5c) k++;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22) quoted = true;
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > MESSAGE_LIMITS.jsonDepth) return true;
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return false;
}

/** Own properties only: `__proto__` and `constructor` are names like any other, and nothing is inherited. */
function at(document: unknown, pointer: string): unknown {
  let value: unknown = document;
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Object.getOwnPropertyDescriptor(value, key)?.value;
  }
  return value;
}

function asField(value: unknown): FieldValue | undefined {
  if (value === undefined || value === null) return value;
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  return { broken: true };
}

/** ISO 8601 with a zone, as RFC 3339 wants it: without one the time could be anybody's. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

function readTime(value: unknown, unit: 's' | 'ms' | 'iso'): number | undefined {
  if (unit === 'iso') {
    const time = typeof value === 'string' && ISO_TIME.test(value) ? Date.parse(value) : Number.NaN;
    return Number.isNaN(time) ? undefined : time;
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  return Math.round(unit === 's' ? value * 1_000 : value);
}
