// The screen's own lists equal the contract's: they are written twice so that no schema library reaches the browser.
import { expect, test } from 'vitest';
import { QUALITIES, REASONS } from '../../../device-profiles/contract/point.ts';
import { ALARM_CLASSES, CLASS_RANK, NEVER_SHELVED } from '../../../device-profiles/contract/signal.ts';
import { DEVICE_KINDS } from '../../../device-profiles/contract/kinds.ts';
import { ALARM_STATES } from '../../../hub/alarms/contract.ts';
import {
  CLASS_ORDER,
  isLifeSafety,
  isOpen,
  isSetAside,
  isUnacked,
  worse,
} from '../../../dashboard/src/alarms/classes.ts';
import { DEVICE_KINDS as SHOWN_KINDS } from '../../../dashboard/src/devices/filter.ts';
import { REASON_WORDS } from '../../../dashboard/src/devices/quality.ts';
import { QUALITY_CODES } from '../../../dashboard/src/live/values.ts';

test('[S2] lamps stand in the order of the contract, all eleven', () => {
  expect([...CLASS_ORDER]).toEqual([...ALARM_CLASSES]);
});

test('the order of the lamps never contradicts the rank', () => {
  const ranks = CLASS_ORDER.map((c) => CLASS_RANK[c]);
  expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
});

test('life safety is exactly what may never be shelved', () => {
  expect(CLASS_ORDER.filter(isLifeSafety)).toEqual([...NEVER_SHELVED]);
});

test('every state is closed, unacknowledged, set aside or acknowledged', () => {
  expect(ALARM_STATES.filter((s) => !isOpen(s))).toEqual(['normal']);
  expect(ALARM_STATES.filter(isUnacked)).toEqual(['unacked-active', 'unacked-cleared', 'latched-unacked']);
  expect(ALARM_STATES.filter(isSetAside)).toEqual(['shelved', 'suppressed', 'out-of-service']);
});

test('the worse of two classes is the one whose lamp stands first', () => {
  expect(worse('FAULT', 'FIRE')).toBe('FIRE');
  expect(worse('ACTION', 'FEEDBACK')).toBe('ACTION');
});

test('qualities, reasons and device kinds are the contract’s', () => {
  expect([...QUALITY_CODES]).toEqual([...QUALITIES]);
  expect(['', ...REASON_WORDS]).toEqual([...REASONS]);
  expect([...SHOWN_KINDS].sort()).toEqual([...DEVICE_KINDS].sort());
});
