// One text for one value: JSON with sorted keys, for hashing (idempotency, audit chain).

/**
 * JSON of a value with the keys of every object in code-point order; what JSON leaves out (undefined, functions) is
 * left out. Two values that JSON can't tell apart give the same text.
 * @throws TypeError on a cycle or a bigint
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value, 0)) ?? 'null';
}

const DEPTH_MAX = 200;

function sorted(value: unknown, depth: number): unknown {
  if (depth > DEPTH_MAX) throw new TypeError(`value is nested deeper than ${DEPTH_MAX}`);
  if (typeof value !== 'object' || value === null) return value;
  if ('toJSON' in value && typeof value.toJSON === 'function') return value.toJSON() as unknown;
  if (Array.isArray(value)) return value.map((item) => sorted(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item, depth + 1)]),
  );
}
