// Ages, times and hashes as the screen shows them.
import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAge, formatSpan } from '../../../dashboard/src/kit/age.ts';
import { sha256 } from '../../../dashboard/src/kit/sha256.ts';
import { timeFormats } from '../../../dashboard/src/kit/time.ts';
import { fit } from '../../../dashboard/src/photos/photo-size.ts';

describe('ages', () => {
  test.each([
    [0, '0.0 s', '0.0秒'],
    [449, '0.4 s', '0.4秒'],
    [9_999, '9.9 s', '9.9秒'],
    [44_900, '44 s', '44秒'],
    [192_000, '3 min 12 s', '3分12秒'],
    [180_000, '3 min', '3分钟'],
    [18_720_000, '5 h 12 min', '5小时12分'],
    [187_200_000, '2 d 4 h', '2天4小时'],
    [-5, '0.0 s', '0.0秒'],
  ])('%i ms is %s, %s', (ms, english, chinese) => {
    expect([formatAge(ms, 'en'), formatAge(ms, 'zh')]).toEqual([english, chinese]);
  });

  test('whole seconds for clocks that tick once a second', () => {
    const spans = [-1, 1_999, 61_000];
    expect(spans.map((ms) => formatSpan(ms, 'en'))).toEqual(['0 s', '1 s', '1 min 1 s']);
    expect(spans.map((ms) => formatSpan(ms, 'zh'))).toEqual(['0秒', '1秒', '1分1秒']);
  });
});

describe('times', () => {
  const format = timeFormats('Asia/Shanghai');
  const at = Date.parse('2026-11-20T19:17:42.500Z');

  test('are the site’s, whatever zone this machine is set to', () => {
    expect(format.full(at)).toBe('2026-11-21 03:17:42');
    expect(format.minute(at)).toBe('03:17');
    expect(format.dayMinute(at)).toBe('11-21 03:17');
  });

  test('midnight is 00:00 of the new day', () => {
    expect(format.full(Date.parse('2026-11-20T16:00:00Z'))).toBe('2026-11-21 00:00:00');
  });

  test('today needs no date, yesterday does', () => {
    expect(format.recent(at, at + 3_600_000)).toBe('03:17:42');
    expect(format.recent(at, at + 86_400_000)).toBe('11-21 03:17');
    expect(format.recent(at - 4 * 3_600_000, at)).toBe('11-20 23:17');
  });

  test('an unreadable time is dashes, not a wrong one', () => {
    expect(format.clock(NaN)).toBe('—:—:—');
  });
});

describe('SHA-256', () => {
  test('of the standard’s examples', () => {
    const hex = (text: string): string => sha256(new TextEncoder().encode(text));
    expect(hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  test('equals the platform’s for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(sha256(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'));
      }),
    );
    const large = randomBytes(400_000);
    expect(sha256(large)).toBe(createHash('sha256').update(large).digest('hex'));
  });
});

test('photos are scaled down, never up, and keep their shape', () => {
  expect(fit(4_000, 3_000, 1_600)).toEqual({ width: 1_600, height: 1_200 });
  expect(fit(640, 480, 1_600)).toEqual({ width: 640, height: 480 });
  expect(fit(1, 9_000, 1_600)).toEqual({ width: 1, height: 1_600 });
});
