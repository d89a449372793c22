// A rule's value as a form: what its JSON Schema asks for at each place, where an error belongs, lengths of time in words.

export type Path = readonly string[];
export type Node =
  | {
      readonly kind: 'group';
      readonly fields: readonly { readonly key: string; readonly node: Node; readonly optional: boolean }[];
    }
  | {
      readonly kind: 'number';
      readonly unit: 'ms' | 'fen' | '';
      readonly min: number | null;
      readonly max: number | null;
    }
  | { readonly kind: 'text'; readonly max: number | null }
  | { readonly kind: 'flag' }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'choices'; readonly values: readonly string[] }
  | { readonly kind: 'list'; readonly item: Node }
  /** What this form can't ask for in fields: written as JSON. */
  | { readonly kind: 'json' };

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const numberOr = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function valuesOf(schema: Json): readonly string[] | null {
  const given = Array.isArray(schema['enum']) ? schema['enum'] : 'const' in schema ? [schema['const']] : null;
  return given !== null && given.every((v) => typeof v === 'string') ? given.map(String) : null;
}

function unitOf(schema: Json, key: string): 'ms' | 'fen' | '' {
  if (schema['unit'] === 'ms' || key.endsWith('Ms')) return 'ms';
  return key.endsWith('Fen') ? 'fen' : '';
}

/** @param key name of the place, which tells a unit where the schema does not */
export function nodeOf(schema: unknown, key = ''): Node {
  if (!isObject(schema)) return { kind: 'json' };
  const values = valuesOf(schema);
  if (values !== null) return { kind: 'choice', values };
  switch (schema['type']) {
    case 'integer':
    case 'number':
      return {
        kind: 'number',
        unit: unitOf(schema, key),
        min: numberOr(schema['minimum']),
        max: numberOr(schema['maximum']),
      };
    case 'boolean':
      return { kind: 'flag' };
    case 'string':
      return { kind: 'text', max: numberOr(schema['maxLength']) };
    case 'array': {
      const items = isObject(schema['items']) ? valuesOf(schema['items']) : null;
      return items === null ? { kind: 'list', item: nodeOf(schema['items']) } : { kind: 'choices', values: items };
    }
    case 'object': {
      const { properties, required } = schema;
      if (!isObject(properties)) return { kind: 'json' };
      const needed = Array.isArray(required) ? required : [];
      return {
        kind: 'group',
        fields: Object.entries(properties).map(([name, inner]) => ({
          key: name,
          node: nodeOf(inner, name),
          optional: !needed.includes(name),
        })),
      };
    }
    default:
      return { kind: 'json' };
  }
}

/** What a place begins with when somebody adds it. */
export function emptyOf(node: Node): unknown {
  switch (node.kind) {
    case 'group':
      return Object.fromEntries(node.fields.filter((f) => !f.optional).map((f) => [f.key, emptyOf(f.node)]));
    case 'number':
      return node.min ?? 0;
    case 'flag':
      return false;
    case 'choice':
      return node.values[0] ?? '';
    case 'choices':
    case 'list':
      return [];
    case 'text':
      return '';
    case 'json':
      return null;
  }
}

/** What stands under a name; undefined where nothing does. */
export const inside = (value: unknown, key: string): unknown => (isObject(value) ? value[key] : undefined);
export const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A copy with another value at a place; `undefined` takes the place away. */
export function setAt(whole: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(whole)) {
    const index = Number(key);
    if (rest.length === 0 && value === undefined) return whole.filter((_, i) => i !== index);
    const copy: unknown[] = [...whole];
    copy[index] = setAt(whole[index], rest, value);
    return copy;
  }
  const before = isObject(whole) ? whole : {};
  const inner = setAt(before[key], rest, value);
  if (inner === undefined) return Object.fromEntries(Object.entries(before).filter(([name]) => name !== key));
  return { ...before, [key]: inner };
}

export interface PlacedError {
  /** `/COMMS/0`; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/** Where the hub's refusal of a value belongs: `value/COMMS: must be >= 1000`. Null when it is about something else. */
export function placedError(detail: string): PlacedError | null {
  const found = /^value((?:\/[^:]*)?): (.*)$/.exec(detail);
  return found ? { path: found[1] ?? '', message: found[2] ?? '' } : null;
}

export const UNITS = { s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
export type Unit = keyof typeof UNITS;

/** The largest unit in which a length of time, ms, is a whole number. */
export function unitFor(ms: number): Unit {
  const fits = (['d', 'h', 'min'] as const).find((unit) => ms >= UNITS[unit] && ms % UNITS[unit] === 0);
  return fits ?? 's';
}
