// Registers in every type and order: against Python's struct module, which had no part in our decoder, and against
// numbers whose bytes are known.
import { describe, expect, test } from 'vitest';
import { findNumber, readingsAt, textOf, type Reading } from '../../../gateway/tools/preview.ts';
import { describeWith } from '../../helpers/needs.ts';
import { requirePart } from '../../helpers/parts.ts';
import { runToEnd } from '../../helpers/processes.ts';

const SEED = Number(process.env['FENGSUI_SEED'] ?? 20_261_122);

/** Four registers a row → each reading by Python: bytes put in order by hand, then unpacked big-endian. */
const PYTHON = `
import json, struct, sys
from decimal import Decimal
ORDERS = {'ABCD': (False, False), 'CDAB': (True, False), 'BADC': (False, True), 'DCBA': (True, True)}
TYPES = {'uint16': (1, '>H'), 'int16': (1, '>h'), 'uint32': (2, '>I'), 'int32': (2, '>i'), 'float32': (2, '>f'),
         'uint64': (4, '>Q'), 'int64': (4, '>q'), 'float64': (4, '>d')}
out = []
for words in json.loads(sys.argv[1]):
    row = {}
    for name, (n, form) in TYPES.items():
        for order, (words_back, bytes_back) in ORDERS.items():
            if n == 1 and order != 'ABCD': continue
            taken = words[:n][::-1] if words_back else words[:n]
            data = b''.join(struct.pack('<H' if bytes_back else '>H', w) for w in taken)
            row[name + ' ' + order] = repr(struct.unpack(form, data)[0])
    for name, n in (('bcd16', 1), ('bcd32', 2)):
        for order, (words_back, bytes_back) in ORDERS.items():
            if n == 1 and order != 'ABCD': continue
            taken = words[:n][::-1] if words_back else words[:n]
            digits = b''.join(struct.pack('<H' if bytes_back else '>H', w) for w in taken).hex()
            if digits.isdigit(): row[name + ' ' + order] = repr(int(digits))
    out.append(row)
print(json.dumps(out))
`;

const keyOf = (r: Reading): string => `${r.type} ${r.order}`;

describeWith(['pymodbus'], 'registers in every type and order', () => {
  test(`are what Python’s struct says (seed ${SEED})`, async () => {
    let state = SEED;
    const next = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 16;
    };
    // Digits of BCD are rare among random words: every other row is made of them.
    const digit = (): number => Number.parseInt(String(next() % 10_000).padStart(4, '0'), 16);
    const rows = Array.from({ length: 200 }, (_, k) => Array.from({ length: 4 }, k % 2 === 0 ? next : digit));
    const done = await runToEnd(requirePart('pymodbus'), ['-c', PYTHON, JSON.stringify(rows)]);
    const told = JSON.parse(done.stdout) as Record<string, string>[];
    rows.forEach((words, k) => {
      const expected = Object.entries(told[k] ?? {}).filter(([, v]) => !/nan|inf/.test(v));
      const ours = new Map(readingsAt(words, 0).map((r) => [keyOf(r), r.value]));
      expect([...ours.keys()].sort()).toEqual(expected.map(([key]) => key).sort());
      // Whole numbers beyond 2^53 are compared as text, digit by digit.
      const isSame = (key: string, value: string): boolean =>
        /^u?int64/.test(key) ? String(ours.get(key)) === value : ours.get(key) === Number(value);
      expect(expected.filter(([key, value]) => !isSame(key, value))).toEqual([]);
    });
  });
});

describe('a range', () => {
  test('that ends, or has a hole, is shown as far as it goes', () => {
    expect(readingsAt([1, 2, 3], 2).map((r) => r.type)).toEqual(['uint16', 'int16', 'bcd16']);
    expect(readingsAt([1, Number.NaN, 3, 4], 0).map((r) => r.type)).toEqual(['uint16', 'int16', 'bcd16']);
    expect(readingsAt([Number.NaN, 2], 0)).toEqual([]);
  });

  test('of text is read both ways round', () => {
    // "AB" "C\\0" as a device writes it.
    expect(textOf([0x4142, 0x4300])).toEqual({ straight: 'ABC·', swapped: 'BA·C' });
  });
});

describe('a number that a display shows', () => {
  test('is found as IEEE 754, in whichever order, before anything that is only near', () => {
    // 25.4 is 41 CB 33 33; here low word first from the second register on.
    const [first] = findNumber([9, 0x3333, 0x41cb, 9], 25.4, 0.005);
    expect(first).toMatchObject({ at: 1, type: 'float32', order: 'CDAB', scale: 1 });
  });

  test('is found in tenths, negative too, and the plainest type comes first', () => {
    expect(findNumber([253], 25.3, 0.001)[0]).toMatchObject({ at: 0, type: 'uint16', scale: 0.1 });
    expect(findNumber([0xffd8], -4, 0.001)[0]).toMatchObject({ at: 0, type: 'int16', scale: 0.1 });
  });

  test('that is nowhere is not found', () => {
    expect(findNumber([0, 0, 0, 0], 25.3, 0.005)).toEqual([]);
  });
});
