// The code tables of GB/T 26875.3 as data: an edition is a file, since the series is being revised.
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { Text } from '../contract/point.ts';
import { SIGNAL_CLASSES } from '../contract/signal.ts';
import edition2011 from './tables-2011.json' with { type: 'json' };

const closed = { additionalProperties: false } as const;
const Codes = Type.Record(Type.String({ pattern: '^[0-9]{1,3}$' }), Text, closed);

/** One bit of a status or an operation; without a class it is told and raises nothing. */
const Bit = Type.Object(
  {
    bit: Type.Integer({ minimum: 0, maximum: 15 }),
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]*$' }),
    class: Type.Optional(Type.Enum([...SIGNAL_CLASSES])),
    /** A panel's reset takes it back. */
    takenBack: Type.Optional(Type.Boolean()),
    text: Text,
  },
  closed,
);
export type StateBit = Static<typeof Bit>;

const Quantity = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]*$' }),
    text: Text,
    /** One count of the 16-bit number, in `unit`. */
    scale: Type.Number({ exclusiveMinimum: 0 }),
    unit: Type.String(),
  },
  closed,
);

const Tables = Type.Object(
  {
    edition: Type.String(),
    source: Type.String(),
    from: Type.String(),
    /** Of the devices' clocks: the standard names no time zone. */
    utcOffsetMinutes: Type.Integer({ minimum: -720, maximum: 840 }),
    notes: Type.Array(Type.String()),
    systems: Codes,
    components: Codes,
    states: Type.Object({ system: Type.Array(Bit), component: Type.Array(Bit), device: Type.Array(Bit) }, closed),
    operations: Type.Object({ system: Type.Array(Bit), device: Type.Array(Bit) }, closed),
    analog: Type.Record(Type.String({ pattern: '^[0-9]{1,3}$' }), Quantity, closed),
  },
  closed,
);
export type Gb26875Tables = Static<typeof Tables>;

const check = Compile(Tables);

function known(edition: unknown): Gb26875Tables {
  if (!check.Check(edition)) throw new Error('a table file of GB/T 26875.3 does not fit its schema');
  return edition;
}

/** Editions by year. */
export const GB26875_EDITIONS: Readonly<Record<string, Gb26875Tables>> = { 2011: known(edition2011) };

/** @throws Error for an edition that is not there; the loader of profiles asks before */
export function tablesOf(edition: string): Gb26875Tables {
  const tables = Object.hasOwn(GB26875_EDITIONS, edition) ? GB26875_EDITIONS[edition] : undefined;
  if (!tables) throw new Error(`no tables of GB/T 26875.3-${edition}`);
  return tables;
}

/** The name of a code; one that the table lacks (reserved, or a vendor's from 128 on) is told by its number. */
export function codeName(codes: Gb26875Tables['systems'], code: number): Text {
  const name = Object.hasOwn(codes, String(code)) ? codes[String(code)] : undefined;
  if (name) return name;
  return code >= 128
    ? { zh: `厂家类型 ${code}`, en: `Vendor type ${code}` }
    : { zh: `未知类型 ${code}`, en: `Unknown type ${code}` };
}
