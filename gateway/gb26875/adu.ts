// The application data unit of GB/T 26875.3-2011, chapter 8: a type flag, a count, and that many objects; to records
// and what we ask of a device, to bytes.
import type { ComponentRef, SystemRef } from '../../device-profiles/gb26875/grow.ts';
import { GB26875_FRAME } from './limits.ts';
import { readTime, TIME_BYTES, writeTime } from './time.ts';

/** Times are ms since 1970 UTC; undefined when the object has none or it names no moment. */
interface Dated {
  readonly time: number | undefined;
}

export type AduObject =
  | ({ readonly kind: 'system-status'; readonly system: SystemRef; readonly status: number } & Dated)
  | ({
      readonly kind: 'component-status';
      readonly component: ComponentRef;
      readonly status: number;
      readonly text: string;
    } & Dated)
  | ({
      readonly kind: 'analog';
      readonly component: ComponentRef;
      readonly quantity: number;
      readonly raw: number;
    } & Dated)
  | ({
      readonly kind: 'operation';
      readonly system: SystemRef | undefined;
      readonly status: number;
      readonly operator: number;
    } & Dated)
  | {
      readonly kind: 'version';
      readonly system: SystemRef | undefined;
      readonly major: number;
      readonly minor: number;
    }
  | { readonly kind: 'config'; readonly system: SystemRef | undefined; readonly text: string }
  | { readonly kind: 'component-config'; readonly component: ComponentRef; readonly text: string }
  | ({ readonly kind: 'clock'; readonly system: SystemRef | undefined } & Dated)
  | ({ readonly kind: 'device-status'; readonly status: number } & Dated);

/** What a data unit says: its objects; or that its type is reserved or a vendor's; or why it can't be read. */
export type Adu =
  | { readonly result: 'read'; readonly flag: number; readonly objects: readonly AduObject[] }
  | { readonly result: 'unknown-type'; readonly flag: number; readonly count: number }
  | { readonly result: 'bad'; readonly flag: number | undefined; readonly why: string };

/** One object at a place of the unit; `dated` says whether its time stands behind it. */
type ReadObject = (bytes: Buffer, at: number, time: () => number | undefined) => AduObject;

interface ObjectType {
  /** Bytes without the time. */
  readonly bytes: number;
  /** By the standard. Some senders put a time behind every object, or leave it out: the length of the unit decides. */
  readonly timed: boolean;
  readonly read: ReadObject;
}

const byte = (bytes: Buffer, at: number): number => bytes[at] ?? 0;
const systemAt = (bytes: Buffer, at: number): SystemRef => ({ type: byte(bytes, at), address: byte(bytes, at + 1) });
const componentAt = (bytes: Buffer, at: number): ComponentRef => ({
  system: systemAt(bytes, at),
  type: byte(bytes, at + 2),
  address: bytes.readUInt32LE(at + 3),
});
const SYSTEM_BYTES = 2;
const COMPONENT_BYTES = 7;
const { textBytes } = GB26875_FRAME;

const decoder = new TextDecoder('gb18030');

/** GB 18030 text up to its first NUL (devices leave garbage behind it), without the blanks around it. */
export function readText(bytes: Buffer, from: number, to: number): string {
  const nul = bytes.subarray(from, to).indexOf(0);
  return decoder.decode(bytes.subarray(from, nul === -1 ? to : from + nul)).trim();
}

/** Objects of fixed size by type flag (GB/T 26875.3-2011, table 4 and 8.3). */
const TYPES: ReadonlyMap<number, ObjectType> = new Map<number, ObjectType>([
  [
    1,
    {
      bytes: 4,
      timed: true,
      read: (b, at, time) => ({
        kind: 'system-status',
        system: systemAt(b, at),
        status: b.readUInt16LE(at + 2),
        time: time(),
      }),
    },
  ],
  [
    2,
    {
      bytes: COMPONENT_BYTES + 2 + textBytes,
      timed: true,
      read: (b, at, time) => ({
        kind: 'component-status',
        component: componentAt(b, at),
        status: b.readUInt16LE(at + COMPONENT_BYTES),
        text: readText(b, at + COMPONENT_BYTES + 2, at + COMPONENT_BYTES + 2 + textBytes),
        time: time(),
      }),
    },
  ],
  [
    3,
    {
      bytes: COMPONENT_BYTES + 3,
      timed: true,
      read: (b, at, time) => ({
        kind: 'analog',
        component: componentAt(b, at),
        quantity: byte(b, at + COMPONENT_BYTES),
        raw: b.readInt16LE(at + COMPONENT_BYTES + 1),
        time: time(),
      }),
    },
  ],
  [
    4,
    {
      bytes: 4,
      timed: true,
      read: (b, at, time) => ({
        kind: 'operation',
        system: systemAt(b, at),
        status: byte(b, at + 2),
        operator: byte(b, at + 3),
        time: time(),
      }),
    },
  ],
  [
    5,
    {
      bytes: 4,
      timed: false,
      read: (b, at) => ({
        kind: 'version',
        system: systemAt(b, at),
        major: byte(b, at + 2),
        minor: byte(b, at + 3),
      }),
    },
  ],
  [
    7,
    {
      bytes: COMPONENT_BYTES + textBytes,
      timed: false,
      read: (b, at) => ({
        kind: 'component-config',
        component: componentAt(b, at),
        text: readText(b, at + COMPONENT_BYTES, at + COMPONENT_BYTES + textBytes),
      }),
    },
  ],
  [8, { bytes: 2, timed: true, read: (b, at, time) => ({ kind: 'clock', system: systemAt(b, at), time: time() }) }],
  [
    21,
    { bytes: 1, timed: true, read: (b, at, time) => ({ kind: 'device-status', status: byte(b, at), time: time() }) },
  ],
  [
    24,
    {
      bytes: 2,
      timed: true,
      read: (b, at, time) => ({
        kind: 'operation',
        system: undefined,
        status: byte(b, at),
        operator: byte(b, at + 1),
        time: time(),
      }),
    },
  ],
  [
    25,
    {
      bytes: 2,
      timed: false,
      read: (b, at) => ({ kind: 'version', system: undefined, major: byte(b, at), minor: byte(b, at + 1) }),
    },
  ],
  [28, { bytes: 0, timed: true, read: (_b, _at, time) => ({ kind: 'clock', system: undefined, time: time() }) }],
]);

/** Configuration texts carry their own length (8.3.6, 8.3.11). */
const TEXT_TYPES: ReadonlyMap<number, { readonly system: boolean }> = new Map([
  [6, { system: true }],
  [26, { system: false }],
]);

/** Type flag and count. */
const UNIT_HEAD = 2;

/**
 * Reads a data unit. Never throws: what can't be read is said with the reason.
 * @param utcOffsetMinutes of the device's clock (the standard names none)
 */
export function readAdu(adu: Buffer, utcOffsetMinutes: number): Adu {
  const flag = adu[0];
  const count = adu[1];
  if (flag === undefined || count === undefined)
    return { result: 'bad', flag, why: `a data unit of ${adu.length} bytes has no type and count` };
  const type = TYPES.get(flag);
  if (type) return readFixed(adu, { flag, count, type, utcOffsetMinutes });
  const text = TEXT_TYPES.get(flag);
  if (text) return readTexts(adu, flag, count, text.system);
  return { result: 'unknown-type', flag, count };
}

interface Fixed {
  readonly flag: number;
  readonly count: number;
  readonly type: ObjectType;
  readonly utcOffsetMinutes: number;
}

function readFixed(adu: Buffer, { flag, count, type, utcOffsetMinutes }: Fixed): Adu {
  if (count === 0) return { result: 'bad', flag, why: `type ${flag} with no object` };
  const body = adu.length - UNIT_HEAD;
  const plain = type.bytes + (type.timed ? TIME_BYTES : 0);
  const other = type.bytes + (type.timed ? 0 : TIME_BYTES);
  const size = body === count * plain ? plain : body === count * other && other > 0 ? other : undefined;
  if (size === undefined)
    return {
      result: 'bad',
      flag,
      why: `type ${flag}: ${count} objects of ${plain} bytes expected, ${body} bytes found`,
    };
  const objects = Array.from({ length: count }, (_, index) => {
    const at = UNIT_HEAD + index * size;
    const time = (): number | undefined =>
      size > type.bytes ? readTime(adu, at + type.bytes, utcOffsetMinutes) : undefined;
    return type.read(adu, at, time);
  });
  return { result: 'read', flag, objects };
}

function readTexts(adu: Buffer, flag: number, count: number, ofSystem: boolean): Adu {
  const objects: AduObject[] = [];
  let at = UNIT_HEAD;
  for (let index = 0; index < count; index++) {
    const lengthAt = at + (ofSystem ? SYSTEM_BYTES : 0);
    const end = lengthAt + 1 + byte(adu, lengthAt);
    if (lengthAt >= adu.length || end > adu.length)
      return { result: 'bad', flag, why: `type ${flag}: text ${index + 1} of ${count} goes beyond the data unit` };
    const system = ofSystem ? systemAt(adu, at) : undefined;
    objects.push({ kind: 'config', system, text: readText(adu, lengthAt + 1, end) });
    at = end;
  }
  // A time behind the texts is some senders' habit; it says nothing about them.
  if (at !== adu.length && at + TIME_BYTES !== adu.length)
    return { result: 'bad', flag, why: `type ${flag}: ${adu.length - at} bytes behind the last text` };
  return { result: 'read', flag, objects };
}

/**
 * What we ask of a device: the state that it, a system or a component is in; and, where its profile declares it, to set
 * its clock by ours.
 */
export type CentreRequest =
  | { readonly ask: 'device-status' }
  | { readonly ask: 'system-status'; readonly system: SystemRef }
  /** `address` is the component's. */
  | { readonly ask: 'component-status'; readonly system: SystemRef; readonly address: number }
  | { readonly ask: 'set-clock' };

/** Type flags of these requests (GB/T 26875.3-2011, table 4). */
const ASKS = { 'device-status': 81, 'system-status': 61, 'component-status': 62, 'set-clock': 90 } as const;

/**
 * The data unit of a request. The clock is all that can be set (hard rule 1); there is none that initialises anything.
 * @param now ms since 1970 UTC, for the clock
 */
export function encodeRequest(request: CentreRequest, now: number, utcOffsetMinutes: number): Buffer {
  const head = [ASKS[request.ask], 1];
  if (request.ask === 'set-clock') {
    const time = Buffer.alloc(TIME_BYTES);
    writeTime(time, 0, now, utcOffsetMinutes);
    return Buffer.from([...head, ...time]);
  }
  if (request.ask === 'device-status') return Buffer.from([...head, 0]);
  const { type, address } = request.system;
  if (request.ask === 'system-status') return Buffer.from([...head, type, address]);
  const where = Buffer.alloc(4);
  where.writeUInt32LE(request.address);
  return Buffer.from([...head, type, address, ...where]);
}
