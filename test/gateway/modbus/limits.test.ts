import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MODBUS_LIMITS } from '../../../gateway/modbus/limits.ts';

test('the README gives every limit with its value', () => {
  const readme = readFileSync(new URL('../../../gateway/modbus/README.md', import.meta.url), 'utf8');
  const rows = [...readme.matchAll(/^\| `(\w+)` \| (\d+) \|$/gm)].map(([, name, value]) => [name, Number(value)]);
  expect(Object.fromEntries(rows)).toEqual(MODBUS_LIMITS);
});
