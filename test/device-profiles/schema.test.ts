import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SCHEMA_FILE, schemaText } from '../../device-profiles/schema.ts';

it('the committed JSON Schema of profiles is the one that the loader checks with', async () => {
  // When this fails: npm run schema.
  expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(await schemaText());
});

it('every reference in the JSON Schema leads somewhere inside it', () => {
  const text = readFileSync(SCHEMA_FILE, 'utf8');
  const refs = [...text.matchAll(/"\$ref": "#\/\$defs\/([^"]+)"/g)].map((m) => m[1]);
  const schema: unknown = JSON.parse(text);
  expect(refs.length).toBeGreaterThan(0);
  expect(schema).toHaveProperty('$defs');
  for (const name of refs) expect(schema).toHaveProperty(['$defs', String(name)]);
});
