// How what is not in automatic is told on the screen.
import { expect, test } from 'vitest';
import type { LinkageDevice } from '../../../hub/handling/contract.ts';
import { keyOf, namesOf, notFine } from '../../../dashboard/src/fires/linkage.ts';

const words = (text: string) => ({ zh: text, en: text });
const told = (device: string, point: string, state: LinkageDevice['state']): LinkageDevice => ({
  device,
  name: words(`name of ${device}`),
  point: words(point),
  state,
});

test('a device is told by its own name, and by its contact as well where it has several', () => {
  const [one, two, three] = [
    told('panel', 'a', 'not-auto'),
    told('pumps', 'b', 'not-auto'),
    told('pumps', 'c', 'auto'),
  ];
  const all = [one, two, three];
  expect(namesOf(one, all)).toEqual([words('name of panel')]);
  expect(namesOf(two, all)).toEqual([words('name of pumps'), words('b')]);
  expect(new Set(all.map(keyOf)).size).toBe(3);
  expect(notFine(all)).toEqual([one, two]);
});

test('a device that does not tell has no contact to name', () => {
  const silent: LinkageDevice = { device: 'panel', name: words('panel'), state: 'not-told' };
  expect(namesOf(silent, [silent, silent])).toEqual([words('panel')]);
});
