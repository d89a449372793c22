// Which requirements are proved: ids in the titles of tests, held against the list. What was proved once stays proved.
import { expect, test } from 'vitest';
import { loadRequirements, provedIn, titlesOf } from './requirements/titles.ts';
import { sources } from './tidy/source.ts';

const { requirements, proved } = loadRequirements();
const titles = sources.filter(({ path }) => path.endsWith('.test.ts')).flatMap(titlesOf);
const proofs = provedIn(titles);

test('every id in a title is a requirement', () => {
  const strange = [...proofs].filter(([id]) => !(id in requirements)).map(([id, places]) => `${id}: ${places[0]}`);
  expect(strange).toEqual([]);
});

test('what was proved once has a proof now', () => {
  expect(proved.filter((id) => !proofs.has(id))).toEqual([]);
});

test('what is proved is recorded, so that it cannot get lost (npx tsx test/requirements/record.ts)', () => {
  expect([...proofs.keys()].filter((id) => !proved.includes(id))).toEqual([]);
});

test('the list is whole, and names each requirement once', () => {
  const counts = { S: 8, F: 7, M: 9, C: 8, B: 7, W: 10, O: 9, X: 10 };
  const expected = Object.entries(counts).flatMap(([letter, n]) =>
    Array.from({ length: n }, (_, k) => `${letter}${k + 1}`),
  );
  expect(Object.keys(requirements).sort()).toEqual(expected.sort());
  expect(proved.filter((id) => !(id in requirements))).toEqual([]);
});

test('what is not proved yet is told', () => {
  const open = Object.keys(requirements).filter((id) => !proofs.has(id));
  console.log(`requirements with a proof: ${proofs.size}; without: ${open.join(' ') || 'none'}`);
  expect(open.length + proofs.size).toBe(Object.keys(requirements).length);
});

test('a title counts where its test runs, and only in brackets', () => {
  const text = `
    describe('[S1] a group', () => { test('one', () => {}); test.skip('[S2] not run', () => {}); });
    describeWith(['socat'], '[S3] with parts', () => { it.each([1])('[W1, M10] %s', () => {}); });
    describe.skip('[F1] away', () => { test('[F2] inside', () => {}); });
    test.todo('[F3]'); test(\`[F4] template\`, () => {}); log('[F5] no test'); test('F6 [not an id]', () => {});
  `;
  expect([...provedIn(titlesOf({ path: 'a.test.ts', text })).keys()].sort()).toEqual(['F4', 'M10', 'S1', 'S3', 'W1']);
});
