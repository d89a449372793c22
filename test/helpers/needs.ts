// Tests that need a part of others: skipped with its name where it is missing, failed where CI=true promises it.
import { describe, test } from 'vitest';
import { findPart, type PartId } from './parts.ts';

/** `describe` for tests that need these parts. In CI a missing part is a failure, elsewhere its tests are skipped. */
export function describeWith(parts: readonly PartId[], title: string, body: () => void): void {
  const missing = parts.filter((id) => findPart(id) === null);
  if (missing.length === 0) {
    describe(title, body);
  } else if (process.env['CI'] === 'true') {
    describe(title, () => {
      test(`has ${missing.join(', ')}`, () => {
        throw new Error(`not on this machine: ${missing.join(', ')}; CI=true makes that a failure`);
      });
    });
  } else {
    describe.skip(`${title} (needs ${missing.join(', ')})`, body);
  }
}
