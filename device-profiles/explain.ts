// Why a value does not fit its schema, in words: where, what was expected, what was found. TypeBox decides whether a
// value fits; this walks the same schema to say it in the words of the vocabulary, with every problem at once.
import type { Path } from './config-error.ts';

/** The part of JSON Schema that our TypeBox schemas use. */
interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema | readonly Schema[];
  readonly minItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minProperties?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

export interface Mismatch {
  readonly path: Path;
  readonly message: string;
}

const SHOWN_CHARS_MAX = 60;

/** A value as it may be shown in a message: JSON, cut short. */
export function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value));
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text;
}

const isRecord = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

/** Every mismatch between `value` and `schema`, outermost first; empty when it fits. */
export function explain(schema: unknown, value: unknown): Mismatch[] {
  const out: Mismatch[] = [];
  walk(asSchema(schema), value, [], {}, out);
  return out;
}

/** TypeBox schemas are plain JSON Schema objects; a schema that is not an object allows everything. */
function asSchema(schema: unknown): Schema {
  return isRecord(schema) ? schema : {};
}

type Defs = Readonly<Record<string, Schema>>;

function walk(schema: Schema, value: unknown, path: Path, outerDefs: Defs, out: Mismatch[]): void {
  const defs = schema.$defs ? { ...outerDefs, ...schema.$defs } : outerDefs;
  if (schema.$ref !== undefined) {
    const target = defs[schema.$ref];
    if (target) walk(target, value, path, defs, out);
    return;
  }
  const expected = (what: string) => out.push({ path, message: `expected ${what}; found ${show(value)}` });
  if (schema.anyOf) return walkAny(schema.anyOf, value, path, defs, out);
  if (schema.enum) {
    if (!schema.enum.includes(value)) expected(`one of ${schema.enum.map(String).join(', ')}`);
    return;
  }
  if ('const' in schema) {
    if (schema.const !== value) expected(show(schema.const));
    return;
  }
  if (!ofType(schema.type, value)) {
    expected(describe(schema, defs));
    return;
  }
  if (typeof value === 'number') {
    const { minimum: low, maximum: high } = schema;
    if ((low !== undefined && value < low) || (high !== undefined && value > high)) expected(describe(schema, defs));
  } else if (typeof value === 'string') walkString(schema, value, expected);
  else if (Array.isArray(value)) walkArray(schema, value, path, defs, out);
  else if (isRecord(value)) walkObject(schema, value, path, defs, out);
}

function walkString(schema: Schema, value: string, expected: (what: string) => void): void {
  if (schema.minLength !== undefined && value.length < schema.minLength) expected('text that is not empty');
  else if (schema.maxLength !== undefined && value.length > schema.maxLength)
    expected(`at most ${schema.maxLength} characters`);
  else if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value))
    expected(`text like ${schema.pattern}`);
}

function walkArray(schema: Schema, value: readonly unknown[], path: Path, defs: Defs, out: Mismatch[]): void {
  const { items } = schema;
  if (isTuple(items)) {
    if (value.length !== items.length)
      out.push({ path, message: `expected ${items.length} entries; found ${value.length}` });
    items.forEach((item, k) => {
      if (k < value.length) walk(item, value[k], [...path, k], defs, out);
    });
    return;
  }
  if (schema.minItems !== undefined && value.length < schema.minItems)
    out.push({ path, message: `expected at least ${schema.minItems} of them; found ${value.length}` });
  if (items) value.forEach((item, k) => walk(items, item, [...path, k], defs, out));
}

const isTuple = (items: Schema['items']): items is readonly Schema[] => Array.isArray(items);

function walkObject(schema: Schema, value: Record<string, unknown>, path: Path, defs: Defs, out: Mismatch[]): void {
  for (const key of schema.required ?? [])
    if (!Object.hasOwn(value, key)) {
      const missing = schema.properties?.[key];
      out.push({ path, message: `${key} is missing: expected ${missing ? describe(missing, defs) : 'a value'}` });
    }
  if (schema.minProperties !== undefined && Object.keys(value).length < schema.minProperties)
    out.push({ path, message: `expected at least ${schema.minProperties} entry; found none` });
  for (const [key, part] of Object.entries(value)) {
    const known = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
    const byPattern = Object.entries(schema.patternProperties ?? {}).find(([p]) => new RegExp(p, 'u').test(key))?.[1];
    const rule = known ?? byPattern;
    if (rule) walk(rule, part, [...path, key], defs, out);
    else if (schema.additionalProperties === false)
      out.push({ path: [...path, key], message: unknownKey(schema, key, part) });
  }
}

function unknownKey(schema: Schema, key: string, value: unknown): string {
  const keys = Object.keys(schema.properties ?? {});
  const like =
    keys.length > 0
      ? `one of ${keys.join(', ')}`
      : `keys like ${Object.keys(schema.patternProperties ?? {}).join(', ')}`;
  const comma = value === null ? ' (a comma inside { } begins a new key: put the text before it in quotes)' : '';
  return `unknown key ${show(key)}; expected ${like}${comma}`;
}

/** Of several forms, explains the one the author seems to have meant: by kind of value, then by the keys it has. */
function walkAny(forms: readonly Schema[], value: unknown, path: Path, defs: Defs, out: Mismatch[]): void {
  let best: Mismatch[] | undefined;
  const like = forms.filter((f) => ofType(resolve(f, defs).type, value));
  const keyed = isRecord(value) ? like.filter((f) => sharesRequired(resolve(f, defs), value)) : like;
  for (const form of keyed.length > 0 ? keyed : like) {
    const found: Mismatch[] = [];
    walk(form, value, path, defs, found);
    if (found.length === 0) return;
    if (!best || found.length < best.length) best = found;
  }
  if (best) out.push(...best);
  else
    out.push({ path, message: `expected ${forms.map((f) => describe(f, defs)).join(' or ')}; found ${show(value)}` });
}

const resolve = (schema: Schema, defs: Defs): Schema =>
  schema.$ref === undefined ? schema : (defs[schema.$ref] ?? schema);

const sharesRequired = (form: Schema, value: Record<string, unknown>): boolean =>
  (form.required ?? []).length > 0 && (form.required ?? []).every((key) => Object.hasOwn(value, key));

function ofType(type: string | undefined, value: unknown): boolean {
  switch (type) {
    case 'object':
      return isRecord(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'string':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    default:
      return true;
  }
}

function describe(schema: Schema, defs: Defs): string {
  const s = resolve(schema, defs);
  if (s.enum) return `one of ${s.enum.map(String).join(', ')}`;
  if (s.anyOf) return s.anyOf.map((f) => describe(f, defs)).join(' or ');
  if (s.type === 'integer' || s.type === 'number') {
    const noun = s.type === 'integer' ? 'a whole number' : 'a number';
    if (s.minimum !== undefined && s.maximum !== undefined) return `${noun} from ${s.minimum} to ${s.maximum}`;
    return s.minimum === undefined ? noun : `${noun}, ${s.minimum} or more`;
  }
  if (s.type === 'string') return 'text';
  if (s.type === 'array') return isTuple(s.items) ? `a list of ${s.items.length}` : 'a list';
  if (s.type === 'boolean') return 'true or false';
  const keys = Object.keys(s.properties ?? {});
  return keys.length > 0 ? `a map with ${keys.slice(0, 6).join(', ')}${keys.length > 6 ? ', …' : ''}` : 'a map';
}
