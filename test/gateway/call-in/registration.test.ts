// Which declared device a connection is: by its whole first packet, and never by the beginning of another's.
import { expect, test } from 'vitest';
import { recognise } from '../../../gateway/call-in/registration.ts';

const line = (id: string, registration: string, heartbeat: string) => {
  const own = Buffer.from(registration);
  return { id, registration: own, between: [Buffer.from(heartbeat), own] };
};
const LINES = [line('one', 'DTU1', 'HB'), line('pump', 'PUMP', '\0\x01')];
const judged = (text: string): string => {
  const found = recognise(Buffer.from(text), LINES);
  return 'line' in found ? `${found.is} ${found.line.id} ${found.bytes}` : found.is;
};

test.each([
  ['', 'unfinished'],
  ['DT', 'unfinished'],
  ['DTU1', 'known-so-far one 4'],
  ['DTU1\r\n', 'known-so-far one 6'],
  ['DTU1\0', 'known-so-far one 5'],
  ['DTU12', 'unknown'],
  ['DTU1\r\n2', 'unknown'],
  ['DTU1H', 'unfinished'],
  ['DTU1HB', 'known one 4'],
  ['DTU1HX', 'unknown'],
  ['DTU1\nHBx', 'known one 5'],
  ['DTU1DTU1', 'known one 4'],
  ['DTU2', 'unknown'],
  ['PUMP\0\x01', 'known pump 4'],
  ['PUMP\0\0\x01', 'known pump 5'],
])('%j is %s', (text, is) => {
  expect(judged(text)).toBe(is);
});

test('of two that begin alike the longer is taken, and the shorter waits for it', () => {
  const lines = [line('one', 'DTU1', 'HB'), line('ten', 'DTU10!', 'HB')];
  expect(recognise(Buffer.from('DTU1'), lines)).toMatchObject({ is: 'known-so-far', line: { id: 'one' } });
  expect(recognise(Buffer.from('DTU10'), lines)).toEqual({ is: 'unfinished' });
  expect(recognise(Buffer.from('DTU10!'), lines)).toMatchObject({ is: 'known-so-far', line: { id: 'ten' } });
});
