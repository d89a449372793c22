// The order of the list.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALARM_CLASSES, CLASS_RANK } from '../../../device-profiles/contract/signal.ts';
import { ALARM_STATES, type AlarmView } from '../../../hub/alarms/contract.ts';
import { compareAlarms, firstOfIncidents, passesFilter, resort } from '../../../dashboard/src/alarms/order.ts';
import { subjectOf } from '../../../dashboard/src/alarms/subject.ts';
import { alarm, second } from './alarm.ts';

const ids = (alarms: readonly AlarmView[]): string[] => alarms.map((a) => a.id);

const anyAlarm = fc
  .record({
    id: fc.uuid(),
    class: fc.constantFrom(...ALARM_CLASSES),
    state: fc.constantFrom(...ALARM_STATES.filter((s) => s !== 'normal')),
    at: fc.integer({ min: 0, max: 59 }),
  })
  .map(({ id, class: c, state, at }) => alarm({ id, class: c, rank: CLASS_RANK[c], state, raisedAt: second(at) }));

describe('order', () => {
  test('[S2] rank first, then unacknowledged, then the oldest fire on top', () => {
    const list = [
      alarm({ id: 'fault', class: 'FAULT', raisedAt: second(50) }),
      alarm({ id: 'fire-acked', class: 'FIRE', state: 'acked-active', raisedAt: second(1) }),
      alarm({ id: 'fire-new', class: 'FIRE', raisedAt: second(30) }),
      alarm({ id: 'fire-first', class: 'FIRE', raisedAt: second(10) }),
      alarm({ id: 'trapped', class: 'ENTRAPMENT', raisedAt: second(2) }),
      alarm({ id: 'supervisory', class: 'SUPERVISORY', raisedAt: second(3) }),
    ];
    expect(ids(list.sort(compareAlarms))).toEqual([
      'fire-first',
      'fire-new',
      'fire-acked',
      'trapped',
      'supervisory',
      'fault',
    ]);
  });

  test('[S2] a fire from a gateway in 1970 or 2035 stands where the hub received it', () => {
    const times = ['1970-01-01T00:00:00.000Z', second(7), '2035-01-01T00:00:00.000Z'] as const;
    for (const raisedAt of times) {
      const list = [
        alarm({ id: 'later', class: 'FIRE', raisedAt: second(8), receivedAt: second(9) }),
        alarm({ id: 'wrong', class: 'FIRE', raisedAt, receivedAt: second(5) }),
        alarm({ id: 'origin', class: 'FIRE', raisedAt: second(1), receivedAt: second(1) }),
      ];
      expect(ids(list.sort(compareAlarms)), raisedAt).toEqual(['origin', 'wrong', 'later']);
      const incident = list.map((a) => ({ ...a, incident: 'i' }));
      expect([...firstOfIncidents(incident)], raisedAt).toEqual(['origin']);
    }
  });

  test('outside life safety the newest comes first, what is set aside last', () => {
    const list = [
      alarm({ id: 'old', raisedAt: second(1) }),
      alarm({ id: 'shelved', state: 'shelved', raisedAt: second(59) }),
      alarm({ id: 'new', raisedAt: second(9) }),
      alarm({ id: 'acked', state: 'acked-active', raisedAt: second(30) }),
    ];
    expect(ids(list.sort(compareAlarms))).toEqual(['new', 'old', 'acked', 'shelved']);
  });

  test('is a total order', () => {
    fc.assert(
      fc.property(anyAlarm, anyAlarm, anyAlarm, (a, b, c) => {
        expect(Math.sign(compareAlarms(a, b)) + Math.sign(compareAlarms(b, a))).toBe(0);
        const chained = compareAlarms(a, b) <= 0 && compareAlarms(b, c) <= 0;
        expect(!chained || compareAlarms(a, c) <= 0).toBe(true);
      }),
    );
  });
});

test('a list that is put in order after some alarms changed equals one that is sorted anew', () => {
  const lists = fc.uniqueArray(anyAlarm, { selector: (a) => a.id, maxLength: 30 });
  fc.assert(
    fc.property(lists, lists, fc.array(fc.nat(29)), (first, came, gone) => {
      const sorted = [...first].sort(compareAlarms);
      const open = new Map(sorted.map((a) => [a.id, a]));
      const changed = new Set<string>();
      for (const k of gone) {
        const id = sorted[k]?.id ?? '';
        if (open.delete(id)) changed.add(id);
      }
      for (const [k, a] of came.entries()) {
        // Some are new, some are known ones as they are now.
        const id = sorted[k * 2]?.id ?? a.id;
        open.set(id, { ...a, id });
        changed.add(id);
      }
      expect(resort(sorted, changed, (id) => open.get(id))).toEqual([...open.values()].sort(compareAlarms));
    }),
  );
});

test('[S2] a filter hides no life-safety row', () => {
  expect(passesFilter(alarm({ id: 'f', class: 'FIRE' }), 'FAULT')).toBe(true);
  expect(passesFilter(alarm({ id: 'e', class: 'ENTRAPMENT' }), 'FAULT')).toBe(true);
  expect(passesFilter(alarm({ id: 'a', class: 'ACTION' }), 'FAULT')).toBe(false);
  expect(passesFilter(alarm({ id: 'x', class: 'FAULT' }), 'FAULT')).toBe(true);
});

test('the first of an incident is its oldest; an alarm alone is no first', () => {
  const firsts = firstOfIncidents([
    alarm({ id: 'later', incident: 'i', raisedAt: second(9) }),
    alarm({ id: 'origin', incident: 'i', raisedAt: second(1) }),
    alarm({ id: 'alone', incident: 'j', raisedAt: second(0) }),
  ]);
  expect([...firsts]).toEqual(['origin']);
});

test('where there is fire, its first detector is the first alarm, whatever warned before', () => {
  const firsts = firstOfIncidents([
    alarm({ id: 'warning', class: 'PREALARM', incident: 'i', raisedAt: second(0) }),
    alarm({ id: 'spread', class: 'FIRE', incident: 'i', raisedAt: second(9) }),
    alarm({ id: 'fire', class: 'FIRE', incident: 'i', raisedAt: second(3) }),
  ]);
  expect([...firsts]).toEqual(['fire']);
});

test('a panel’s alarm is about its point, any other about its device, a silent one always about the device', () => {
  const [panel, pump, lost] = [
    subjectOf(alarm({ id: '1', deviceKind: 'fire-panel' })),
    subjectOf(alarm({ id: '2', deviceKind: 'fire-pump' })),
    subjectOf(alarm({ id: '3', deviceKind: 'fire-panel', point: 'online' })),
  ];
  expect([panel.main.en, panel.beside?.en]).toEqual(['Point', 'Panel']);
  expect([pump.main.en, pump.beside?.en]).toEqual(['Panel', 'Point']);
  expect([lost.main.en, lost.beside]).toEqual(['Panel', null]);
});
