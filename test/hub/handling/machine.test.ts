// The fire procedure as a table: every phase with every event, each refusal, and what always holds.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ONCE, PHASES, STEPS, type FireEntry, type Phase } from '../../../hub/handling/contract.ts';
import { foundOf, step, type Fire, type FireEvent, type Found } from '../../../hub/handling/machine.ts';
import { askedFor, evacuationOrder, isMet, missingOf, stepsOf } from '../../../hub/handling/steps.ts';

const in_ = (phase: Phase, result?: Found, more: Partial<Fire> = {}): Fire => ({
  phase,
  result: phase === 'confirming' ? undefined : (result ?? (phase === 'closed' ? 'false' : phase)),
  once: new Set(),
  cause: false,
  ...more,
});
const EVENTS: Readonly<Record<string, FireEvent>> = {
  alarm: { type: 'alarm' },
  'judge real': { type: 'judge', result: 'real', cause: false },
  'judge false': { type: 'judge', result: 'false', cause: false },
  'judge false with cause': { type: 'judge', result: 'false', cause: true },
  'judge test': { type: 'judge', result: 'test', cause: false },
  'judge undecided': { type: 'judge', result: undefined, cause: false },
  cause: { type: 'cause' },
  evacuation: { type: 'once', what: 'evacuation' },
  act: { type: 'act' },
  remark: { type: 'remark' },
  close: { type: 'close', unexplained: [] },
  'close unexplained': { type: 'close', unexplained: ['linkage', 'report'] },
};
const outcome = (before: Fire, event: FireEvent): string => {
  const done = step(before, event);
  if (!done.ok) return done.code;
  return done.value === before ? 'stays' : done.value.phase;
};

describe('[S3] phase × event', () => {
  const table: Readonly<Record<string, Readonly<Record<Phase, string>>>> = {
    alarm: { confirming: 'stays', real: 'stays', false: 'confirming', test: 'confirming', closed: 'confirming' },
    'judge real': { confirming: 'real', real: 'real', false: 'real', test: 'real', closed: 'real' },
    'judge false': { confirming: 'false', real: 'false', false: 'false', test: 'false', closed: 'false' },
    'judge false with cause': { confirming: 'false', real: 'false', false: 'false', test: 'false', closed: 'false' },
    'judge test': { confirming: 'test', real: 'test', false: 'test', test: 'test', closed: 'test' },
    'judge undecided': {
      confirming: 'confirming',
      real: 'confirming',
      false: 'confirming',
      test: 'confirming',
      closed: 'confirming',
    },
    cause: {
      confirming: 'wrong-state',
      real: 'wrong-state',
      false: 'false',
      test: 'wrong-state',
      closed: 'wrong-state',
    },
    evacuation: { confirming: 'confirming', real: 'real', false: 'false', test: 'test', closed: 'wrong-state' },
    act: { confirming: 'stays', real: 'stays', false: 'stays', test: 'stays', closed: 'wrong-state' },
    remark: { confirming: 'stays', real: 'stays', false: 'stays', test: 'stays', closed: 'stays' },
    close: {
      confirming: 'verdict-required',
      real: 'closed',
      false: 'cause-required',
      test: 'closed',
      closed: 'wrong-state',
    },
    'close unexplained': {
      confirming: 'verdict-required',
      real: 'reason-required',
      false: 'cause-required',
      test: 'reason-required',
      closed: 'wrong-state',
    },
  };
  test.each(Object.keys(EVENTS).flatMap((name) => PHASES.map((phase) => [phase, name] as const)))(
    '%s, %s',
    (phase, name) => {
      const event = EVENTS[name];
      expect(event && outcome(in_(phase), event)).toBe(table[name]?.[phase]);
    },
  );

  test('what happens once is refused the second time, with what it is', () => {
    const began = in_('real', 'real', { once: new Set(['evacuation']) });
    expect(step(began, { type: 'once', what: 'evacuation' })).toMatchObject({
      code: 'already-done',
      detail: 'evacuation',
    });
    expect(step(began, { type: 'once', what: 'plan' }).ok).toBe(true);
  });

  test('a false alarm with its cause can be closed, and keeps it when it is judged false once more', () => {
    const known = in_('false', 'false', { cause: true });
    expect(outcome(known, { type: 'close', unexplained: [] })).toBe('closed');
    expect(step(known, { type: 'judge', result: 'false', cause: false })).toMatchObject({ value: { cause: true } });
    expect(step(known, { type: 'judge', result: 'real', cause: false })).toMatchObject({ value: { cause: false } });
  });
});

test('[S3] of a whole incident: one real is real, one unjudged leaves it open, else false before test', () => {
  expect(foundOf(['false', null, 'real'])).toBe('real');
  expect(foundOf(['false', null])).toBeUndefined();
  expect(foundOf(['test', 'false'])).toBe('false');
  expect(foundOf(['test', 'test'])).toBe('test');
  expect(foundOf([])).toBeUndefined();
});

test('[S3] whatever happens in whatever order: nobody who acts is stopped while it runs, and it ends only judged and explained', () => {
  const event = fc.oneof(
    fc.constantFrom<FireEvent>({ type: 'alarm' }, { type: 'cause' }, { type: 'act' }, { type: 'remark' }),
    fc.record({
      type: fc.constant('judge' as const),
      result: fc.constantFrom<Found>('real', 'false', 'test', undefined),
      cause: fc.boolean(),
    }),
    fc.record({ type: fc.constant('once' as const), what: fc.constantFrom(...ONCE) }),
    fc.record({ type: fc.constant('close' as const), unexplained: fc.subarray([...STEPS], { maxLength: 2 }) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      expect(brokenBy(events)).toEqual([]);
    }),
  );
});

const FREE: readonly FireEvent['type'][] = ['act', 'remark', 'judge', 'alarm'];

/** What does not hold along a sequence of events. */
function brokenBy(events: readonly FireEvent[]): string[] {
  const broken: string[] = [];
  let fire = in_('confirming');
  for (const e of events) {
    const before = fire;
    const done = step(before, e);
    if (done.ok) fire = done.value;
    const running = before.phase !== 'closed';
    const free = FREE.includes(e.type) || (e.type === 'once' && !before.once.has(e.what));
    if (running && free && !done.ok) broken.push(`${e.type} was refused in ${before.phase}`);
    if (e.type === 'once' && before.once.has(e.what) && done.ok) broken.push(`${e.what} happened twice`);
    if (e.type === 'close' && done.ok) broken.push(...closedWrongly(before, e.unexplained));
    if ([...before.once].some((what) => !fire.once.has(what))) broken.push('what was done was forgotten');
    if (fire.phase !== 'closed' && fire.phase !== (fire.result ?? 'confirming')) broken.push(`phase ${fire.phase}`);
    if (fire.cause && fire.result !== 'false') broken.push(`a cause of what is ${String(fire.result)}`);
  }
  return broken;
}

function closedWrongly(before: Fire, unexplained: readonly string[]): string[] {
  return [
    ...(before.result === undefined ? ['closed unjudged'] : []),
    ...(before.result === 'false' && !before.cause ? ['closed without a cause'] : []),
    ...(unexplained.length > 0 ? ['closed unexplained'] : []),
  ];
}

let count = 0;
const entry = (kind: FireEntry['kind'], minute: number, body: FireEntry['body'] = {}): FireEntry => ({
  id: String(++count),
  at: new Date(Date.UTC(2026, 10, 22, 3, minute)).toISOString(),
  kind,
  name: '消控员',
  body,
  sha256: '',
});
const quiet = {
  all: 1,
  open: 0,
  unacked: 0,
  acked: { at: '2026-11-22T03:00:00.000Z', name: '消控员' },
  overAt: '2026-11-22T03:30:00.000Z',
};

describe('[S3] steps', () => {
  test('while it is not known, what a real fire asks for is shown for later', () => {
    const steps = stepsOf({
      result: undefined,
      entries: [],
      alarms: { ...quiet, open: 1, unacked: 1, overAt: undefined },
    });
    expect(steps.map((s) => `${s.step}:${s.status}`).slice(0, 5)).toEqual([
      'acked:missing',
      'confirm:missing',
      'verdict:missing',
      'linkage:later',
      'call-119:later',
    ]);
  });

  test('a person sent who was not reached has confirmed nothing', () => {
    const entries = [entry('sent', 1), entry('answered', 2, { finding: 'not-reached' })];
    expect(missingOf({ result: 'test', entries, alarms: quiet })).toEqual([]);
    expect(missingOf({ result: 'false', entries, alarms: quiet })).toEqual(['confirm']);
    const reached = [...entries, entry('answered', 3, { finding: 'nothing' })];
    expect(missingOf({ result: 'false', entries: reached, alarms: quiet })).toEqual([]);
  });

  test('a fire asks for each step until it has a proof; a skipped one shows its reason', () => {
    const entries = [entry('judged', 1), entry('call-119', 2), entry('evacuation', 3)];
    const missing = missingOf({ result: 'real', entries, alarms: quiet });
    expect(missing).toEqual(['confirm', 'linkage', 'plan', 'report', 'brigade-arrived', 'fire-out', 'brigade-left']);
    expect(askedFor('real').filter((s) => !missing.includes(s))).toEqual([
      'acked',
      'verdict',
      'call-119',
      'evacuation',
      'restored',
    ]);
    const closed = [...entries, entry('closed', 9, { reasons: { plan: '无预案' } })];
    expect(stepsOf({ result: 'real', entries: closed, alarms: quiet }).find((s) => s.step === 'plan')).toEqual({
      step: 'plan',
      status: 'skipped',
      reason: '无预案',
    });
  });

  test('the evacuation is late when the brigade was there before it', () => {
    expect(evacuationOrder([])).toBe('open');
    expect(evacuationOrder([entry('evacuation', 1), entry('brigade-arrived', 2)])).toBe('before');
    expect(evacuationOrder([entry('brigade-arrived', 1)])).toBe('late');
    expect(evacuationOrder([entry('brigade-arrived', 1), entry('evacuation', 2)])).toBe('late');
  });

  test('a clock is met by its step, and by a finding that it is not real', () => {
    const none = { entries: [], alarms: quiet };
    expect(isMet('confirm', { ...none, result: undefined })).toBe(false);
    expect(isMet('call-119', { ...none, result: 'real' })).toBe(false);
    expect(isMet('call-119', { ...none, result: 'false' })).toBe(true);
    expect(isMet('call-119', { ...none, entries: [entry('call-119', 1)], result: 'real' })).toBe(true);
  });
});
