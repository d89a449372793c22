import { expect, test } from 'vitest';
import { commandKey, flagKey, loopAddress, reasonKey } from '../../../dashboard/src/admin/call-in.ts';

test('a component is told by system, type and loop address; other points are none', () => {
  expect(loopAddress('part-1-1-40-10-2')).toEqual({ system: '1-1', type: '40', address: '10-2' });
  expect(loopAddress('value-1-1-40-10-2-5')).toBeUndefined();
  expect(loopAddress('system-1-1')).toBeUndefined();
});

test('what the standard does not name is told by its number, a new reason as the gateway says it', () => {
  expect([commandKey(2), commandKey(200)]).toEqual(['ui.callin.command.2', 'ui.callin.command.other']);
  expect([flagKey(21), flagKey(99)]).toEqual(['ui.callin.flag.21', 'ui.callin.flag.other']);
  expect([reasonKey('checksum'), reasonKey('mood')]).toEqual(['ui.callin.why.checksum', 'ui.callin.why.other']);
});
