// Orders on the screen: what is offered to whom agrees with the hub's machine; clocks, way and board.
import { describe, expect, test } from 'vitest';
import { ORDER_STATES, WAIT_REASONS, type OrderState, type OrderView } from '../../../hub/work-orders/contract.ts';
import { TRANSITIONS } from '../../../hub/work-orders/machine.ts';
import { nextMilestone, offerOf, ORDER_ACTS } from '../../../dashboard/src/orders/acts.ts';
import { COLUMNS, columnsOf } from '../../../dashboard/src/orders/board.ts';
import { pressing, readClock } from '../../../dashboard/src/orders/clocks.ts';
import { wayOf } from '../../../dashboard/src/orders/steps.ts';

const T = Date.parse('2026-11-21T19:00:00Z');
const iso = (minutes: number): string => new Date(T + minutes * 60_000).toISOString();

function order(given: Partial<OrderView>): OrderView {
  return {
    id: 'o',
    number: 'WO-2026-000001',
    kind: 'repair',
    state: 'open',
    version: 0,
    source: { kind: 'alarm', id: 'a' },
    title: { zh: '泵', en: 'Pump' },
    detail: '',
    priority: 'normal',
    dutyClass: 'x',
    alarms: [],
    openedAt: iso(0),
    clocks: [],
    milestones: [],
    photos: [],
    events: [],
    ...given,
  };
}

describe('what is offered', () => {
  const people = [
    { id: 'me', role: 'technician' },
    { id: 's', role: 'supervisor' },
    { id: 'o', role: 'operator' },
    { id: 'a', role: 'admin' },
  ];

  test('is always something that the hub’s machine knows in that state', () => {
    for (const state of ORDER_STATES)
      for (const doer of people)
        for (const assignee of [undefined, { id: 'me', name: '张伟' }]) {
          const { next, others } = offerOf(order({ state, ...(assignee ? { assignee } : {}) }), doer);
          for (const act of [next, ...others]) {
            if (act === null || act === 'milestone') continue;
            expect(TRANSITIONS[act][state], `${doer.role}: ${act} in ${state}`).toBeDefined();
          }
        }
  });

  test.each([
    ['dispatched', 'accept'],
    ['accepted', 'depart'],
    ['en-route', 'arrive'],
    ['on-site', 'start'],
    ['in-progress', 'finish'],
    ['waiting', 'resume'],
    ['done', null],
    ['closed', null],
  ] as const)('[W1] whose order is %s does %s next', (state, act) => {
    expect(offerOf(order({ state, assignee: { id: 'me', name: '张伟' } }), { id: 'me', role: 'technician' }).next).toBe(
      act,
    );
  });

  test('nobody verifies their own work, someone else does', () => {
    const done = order({ state: 'done', assignee: { id: 'a', name: 'x' } });
    expect(offerOf(done, { id: 'a', role: 'admin' }).next).toBeNull();
    expect(offerOf(done, { id: 's', role: 'supervisor' }).next).toBe('verify');
  });

  test('an order of someone else offers a technician nothing', () => {
    const theirs = order({ state: 'accepted', assignee: { id: 'other', name: 'x' } });
    expect(offerOf(theirs, { id: 'me', role: 'technician' })).toEqual({ next: null, others: [] });
  });

  test('every act has its place in the list of acts', () => {
    expect(Object.keys(TRANSITIONS).every((act) => act === 'dispatch' || ORDER_ACTS.some((a) => a === act))).toBe(true);
  });
});

describe('clocks', () => {
  const clock = (given: Partial<OrderView['clocks'][number]> = {}): OrderView['clocks'][number] => ({
    clock: 'arrive',
    dueAt: iso(30),
    pausedMs: 0,
    ...given,
  });
  const read = (given: Partial<OrderView['clocks'][number]>, minute: number) =>
    readClock(clock(given), T, T + minute * 60_000);

  test('running: what is left and how much is used', () => {
    expect(read({}, 15)).toEqual({ status: 'running', ms: 15 * 60_000, used: 0.5 });
  });
  test('late: how much over', () => {
    expect(read({}, 33)).toEqual({ status: 'late', ms: 3 * 60_000, used: 1 });
  });
  test('met in time: how long it took; met late: how much', () => {
    expect(read({ doneAt: iso(10) }, 99)).toMatchObject({ status: 'met', ms: 10 * 60_000 });
    expect(read({ doneAt: iso(40), breachedAt: iso(30) }, 99)).toMatchObject({ status: 'met-late', ms: 10 * 60_000 });
  });
  test('paused: stands where the wait began', () => {
    expect(read({ pausedSince: iso(20) }, 25)).toMatchObject({ status: 'paused', ms: 10 * 60_000 });
  });
  test('the latest presses most, then the one with least left; met ones never', () => {
    const clocks = [
      clock({ clock: 'restore', dueAt: iso(100) }),
      clock({ dueAt: iso(5) }),
      clock({ clock: 'respond', dueAt: iso(1), doneAt: iso(1) }),
    ];
    expect(pressing({ openedAt: iso(0), clocks }, T + 7 * 60_000)?.clock.clock).toBe('arrive');
    expect(pressing({ openedAt: iso(0), clocks: [] }, T)).toBeNull();
  });
});

describe('way', () => {
  const event = (to: OrderState, minute: number, more = {}) => ({
    id: to,
    at: iso(minute),
    by: 'u',
    name: '张伟',
    act: 'x',
    to,
    ...more,
  });
  test('done up to where it stands, the next is now, times are the phone’s', () => {
    const steps = wayOf(
      order({ state: 'accepted', events: [event('dispatched', 0), event('accepted', 3, { capturedAt: iso(2) })] }),
    );
    expect(steps.map((s) => s.status)).toEqual(['done', 'done', 'now', 'later', 'later', 'later', 'later', 'later']);
    expect(steps[1]).toMatchObject({ at: iso(2), name: '张伟' });
  });
  test('waiting stands within the work', () => {
    expect(wayOf(order({ state: 'waiting' })).find((s) => s.status === 'now')?.state).toBe('done');
  });
  test('an order that came back is not further than it is', () => {
    const steps = wayOf(order({ state: 'dispatched', events: [event('done', 5), event('dispatched', 9)] }));
    expect(steps.filter((s) => s.status === 'done').map((s) => s.state)).toEqual(['dispatched']);
  });
});

describe('board', () => {
  test('every state has exactly one column', () => {
    const placed = COLUMNS.flatMap((c) => [...c.states]);
    expect([...placed].sort()).toEqual([...ORDER_STATES].sort());
  });
  test('life first, then what is due soonest', () => {
    const columns = columnsOf([
      order({ id: 'late', clocks: [{ clock: 'arrive', dueAt: iso(1), pausedMs: 0 }] }),
      order({ id: 'later', clocks: [{ clock: 'arrive', dueAt: iso(9), pausedMs: 0 }] }),
      order({ id: 'life', priority: 'life' }),
    ]);
    expect(columns.get('waiting-for-someone')?.map((o) => o.id)).toEqual(['life', 'late', 'later']);
  });
});

test('the next milestone is the first not reached', () => {
  const milestones = [
    { milestone: 'answered', at: iso(1) },
    { milestone: 'contractor-called' },
    { milestone: 'released' },
  ];
  expect(nextMilestone(order({ kind: 'rescue', milestones }))).toBe('contractor-called');
  expect(nextMilestone(order({ kind: 'repair', milestones }))).toBeNull();
});

test('reasons to wait offered are the contract’s', async () => {
  const { readFileSync } = await import('node:fs');
  const dialog = readFileSync(new URL('../../../dashboard/src/orders/AskDialog.svelte', import.meta.url), 'utf8');
  for (const reason of WAIT_REASONS) expect(dialog).toContain(`'${reason}'`);
});
