// Line protocol: names with any character stay in their place, each field keeps its type, equal times stay apart.
import { expect, test } from 'vitest';
import {
  historyLine,
  historyPrefix,
  historyTagValue,
  historyTime,
} from '../../device-profiles/contract/history-line.ts';

const series = { kind: 'fire-panel', community: 'x', gateway: 'g', device: 'd', point: 'p' } as const;
const at = { quality: 'good', sourceTime: 1_700_000_000_123, n: 7 } as const;

test('a line has prefix, fields and nanoseconds', () => {
  const prefix = historyPrefix({ ...series, building: 'B 1' });
  expect(prefix).toBe('fire-panel,building=B\\ 1,community=x,device=g.d,point=p ');
  expect(historyLine(prefix, { ...at, value: 1 })).toBe(`${prefix}num=1,quality=0i 1700000000123000007`);
  expect(historyLine(prefix, { ...at, value: null, quality: 'bad' })).toBe(`${prefix}quality=2i 1700000000123000007`);
  expect(historyLine(prefix, { ...at, value: 'a "b" \\ c\nd' })).toBe(
    `${prefix}quality=0i,text="a \\"b\\" \\\\ c d" 1700000000123000007`,
  );
});

test('a number that is none is no value', () => {
  for (const value of [Number.NaN, Infinity, -Infinity])
    expect(historyLine('m ', { ...at, value })).toBe('m quality=0i 1700000000123000007');
});

test('separators, newlines and backslashes in names can not end a tag', () => {
  const prefix = historyPrefix({ ...series, building: 'a,b=c d\ne\\' });
  expect(prefix).toBe('fire-panel,building=a\\,b\\=c\\ d\\ e/,community=x,device=g.d,point=p ');
  expect(historyTagValue('a\ne\\')).toBe('a e/');
});

test('without a building there is no such tag', () => {
  expect(historyPrefix(series)).toBe('fire-panel,community=x,device=g.d,point=p ');
});

test('equal milliseconds are told apart by n, and n beyond a million stays within its millisecond', () => {
  expect(historyTime(1_700_000_000_123, 1)).not.toBe(historyTime(1_700_000_000_123, 2));
  expect(historyTime(1_700_000_000_123, 1_999_999)).toBe('1700000000123999999');
  expect(historyTime(0, 5)).toBe('5');
});
