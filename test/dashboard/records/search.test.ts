// What a row of the logs adds to its words.
import { expect, test } from 'vitest';
import { noteOf } from '../../../dashboard/src/records/search.ts';

test.each([
  ['audit.fire.call-119', 'fire b2b7abc2-47d9-4d75-ae62-1cdf49cfb895', ''],
  ['audit.plan.placed', 'floor b6/9', 'b6/9'],
  ['alarm.verdict', 'false: 灰尘，已清洁', 'false: 灰尘，已清洁'],
  ['order.finish', 'pump b2b7abc2-47d9-4d75-ae62-1cdf49cfb895', 'pump b2b7abc2-47d9-4d75-ae62-1cdf49cfb895'],
])('of %s "%s" people read "%s"', (code, note, shown) => {
  expect(noteOf({ code, note })).toBe(shown);
});
