// A rule as a form: every rule of the hub can be shown and changed place by place, and errors find their place.
import { describe, expect, test } from 'vitest';
import { Value } from 'typebox/value';
import { emptyOf, nodeOf, placedError, setAt, unitFor, type Node } from '../../../dashboard/src/admin/rule-form.ts';
import zh from '../../../hub/messages/ui.zh.json' with { type: 'json' };
import { ALARM_RULES } from '../../../hub/alarms/api.ts';
import { DUTY_RULES } from '../../../hub/duty/api.ts';
import { INCIDENT_RULES } from '../../../hub/incidents/api.ts';
import { NOTIFY_RULES } from '../../../hub/notify/api.ts';
import { ORDER_RULES } from '../../../hub/work-orders/api.ts';

const RULES = [...ALARM_RULES, ...INCIDENT_RULES, ...DUTY_RULES, ...NOTIFY_RULES, ...ORDER_RULES];
/** As the hub sends it. */
const sent = (schema: unknown): unknown => JSON.parse(JSON.stringify(schema)) as unknown;
const kinds = (node: Node): string[] =>
  node.kind === 'group'
    ? node.fields.flatMap((f) => kinds(f.node))
    : node.kind === 'list'
      ? kinds(node.item)
      : [node.kind];

describe.each(RULES.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
  const node = nodeOf(sent(rule.schema));

  test('has a name, and a field for every place', () => {
    expect(Object.keys(zh)).toContain(`ui.rule.${id}`);
    expect(kinds(node)).not.toContain('json');
  });

  test('what is added begins with a value that its schema knows', () => {
    const wrong = node.kind === 'group' ? node.fields.filter((f) => f.optional) : [];
    const added = wrong.reduce<unknown>((value, f) => setAt(value, [f.key], emptyOf(f.node)), rule.value);
    expect([...Value.Errors(rule.schema, added)].map((e) => e.message)).toEqual([]);
  });
});

test('a value is changed at one place of a copy; taking away leaves nothing behind', () => {
  const before = { a: { b: [1, 2, 3] }, c: 1 };
  expect(setAt(before, ['a', 'b', '1'], 9)).toEqual({ a: { b: [1, 9, 3] }, c: 1 });
  expect(setAt(before, ['a', 'b', '0'], undefined)).toEqual({ a: { b: [2, 3] }, c: 1 });
  expect(setAt(before, ['c'], undefined)).toEqual({ a: { b: [1, 2, 3] } });
  expect(setAt({}, ['x', 'y'], 1)).toEqual({ x: { y: 1 } });
  expect(before).toEqual({ a: { b: [1, 2, 3] }, c: 1 });
});

test('what the hub refuses stands at its field', () => {
  expect(placedError('value/COMMS: must be >= 1000')).toEqual({ path: '/COMMS', message: 'must be >= 1000' });
  expect(placedError('value: must have required properties b')).toEqual({
    path: '',
    message: 'must have required properties b',
  });
  expect(placedError('body must be object')).toBeNull();
});

test.each([
  [30_000, 's'],
  [90_000, 's'],
  [900_000, 'min'],
  [7_200_000, 'h'],
  [172_800_000, 'd'],
  [0, 's'],
] as const)('%d ms is said in %s', (ms, unit) => {
  expect(unitFor(ms)).toBe(unit);
});
