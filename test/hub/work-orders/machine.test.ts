import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { ORDER_STATES, type OrderState } from '../../../hub/work-orders/contract.ts';
import {
  step,
  TRANSITIONS,
  type Act,
  type ActName,
  type Doer,
  type OrderFacts,
} from '../../../hub/work-orders/machine.ts';

const user = (id: string, role: string): Doer => ({ kind: 'user', id, name: id.toUpperCase(), role });
const tech = user('tina', 'technician');
const other = user('otto', 'technician');
const operator = user('olga', 'operator');
const supervisor = user('sven', 'supervisor');
const manager = user('mara', 'manager');
const owner = user('owen', 'owner');
const system: Doer = { kind: 'system' };

const order = (state: OrderState, more: Partial<OrderFacts> = {}): OrderFacts => ({
  kind: 'repair',
  state,
  workers: [],
  milestones: [],
  ...more,
});
const tinas = (state: OrderState, more: Partial<OrderFacts> = {}): OrderFacts =>
  order(state, { assignee: { id: 'tina', name: 'TINA' }, workers: ['tina'], ...more });

const finish: Act = { act: 'finish', result: 'sensor replaced', afterPhotos: 1 };
const wait: Act = { act: 'wait', note: 'a fuse is on its way' };
const refusal: Act = { act: 'refuse', note: 'no ladder' };
const toOtto: Act = { act: 'assign', to: { id: 'otto', name: 'OTTO' } };
const live: Act = { act: 'verify', by: 'live-data' };
const person: Act = { act: 'verify', by: 'person' };
const waiver: Act = { act: 'verify', by: 'waiver' };
const again: Act = { act: 'reopen', note: 'leaks again' };
const cancel: Act = { act: 'cancel', note: 'opened twice' };
const released: Act = { act: 'milestone', milestone: 'released' };

/** The outcome in a line: the states walked, with the assignee if it changed, or the refusal's code. */
function outcome(facts: OrderFacts, act: Act, by: Doer): string {
  const done = step(facts, act, by);
  if (!done.ok) return `✗ ${done.code}`;
  const assignee = done.value.assignee === undefined ? '' : ` @${done.value.assignee?.id ?? 'nobody'}`;
  return `${done.value.path.join(' ') || '·'}${assignee}`;
}

const simple = (act: 'dispatch' | 'accept' | 'depart' | 'arrive' | 'start' | 'resume' | 'close'): Act => ({ act });

describe('an order goes', () => {
  const rows: [string, OrderFacts, Act, Doer, string][] = [
    ['dispatch', order('open'), simple('dispatch'), system, 'dispatched'],
    ['dispatch twice', order('dispatched'), simple('dispatch'), system, '✗ wrong-state'],
    ['accept from the pool', order('dispatched'), simple('accept'), tech, 'accepted @tina'],
    ['accept before anyone dispatched', order('open'), simple('accept'), tech, 'dispatched accepted @tina'],
    ['accept what another has', tinas('accepted'), simple('accept'), other, '✗ conflict'],
    ['accept what is assigned to another', tinas('dispatched'), simple('accept'), other, '✗ conflict'],
    ['accept what is assigned to oneself', tinas('dispatched'), simple('accept'), tech, 'accepted @tina'],
    ['an operator accepts nothing', order('dispatched'), simple('accept'), operator, '✗ not-allowed'],
    ['an owner does nothing', order('dispatched'), simple('accept'), owner, '✗ not-allowed'],
    ['assign', order('dispatched'), toOtto, supervisor, '· @otto'],
    ['assign away', tinas('in-progress'), toOtto, manager, 'dispatched @otto'],
    ['hand over without a reason', tinas('in-progress'), toOtto, tech, '✗ note-required'],
    ['hand over', tinas('in-progress'), { ...toOtto, note: 'shift ends' } as Act, tech, 'dispatched @otto'],
    ['assign by one who has no part in it', tinas('in-progress'), toOtto, other, '✗ conflict'],
    ['assign finished work', tinas('done'), toOtto, supervisor, '✗ wrong-state'],
    ['refuse from the pool: recorded', order('dispatched'), refusal, tech, '·'],
    ['refuse one’s own', tinas('en-route'), refusal, tech, 'dispatched @nobody'],
    ['refuse without a reason', tinas('en-route'), { act: 'refuse', note: ' ' }, tech, '✗ note-required'],
    ['depart', tinas('accepted'), simple('depart'), tech, 'en-route'],
    ['arrive', tinas('en-route'), simple('arrive'), tech, 'on-site'],
    ['arrive: the way is implied', tinas('accepted'), simple('arrive'), tech, 'en-route on-site'],
    ['arrive at another’s order', tinas('accepted'), simple('arrive'), other, '✗ conflict'],
    ['arrive unaccepted', tinas('dispatched'), simple('arrive'), tech, '✗ wrong-state'],
    ['start', tinas('on-site'), simple('start'), tech, 'in-progress'],
    ['start from afar', tinas('accepted'), simple('start'), tech, '✗ wrong-state'],
    ['wait', tinas('in-progress'), wait, tech, 'waiting'],
    ['wait: work is implied', tinas('on-site'), wait, tech, 'in-progress waiting'],
    ['wait, ordered', tinas('in-progress'), wait, supervisor, 'waiting'],
    ['resume', tinas('waiting'), simple('resume'), tech, 'in-progress'],
    ['finish', tinas('in-progress'), finish, tech, 'done'],
    ['finish: work is implied', tinas('on-site'), finish, tech, 'in-progress done'],
    ['finish out of a wait', tinas('waiting'), finish, tech, 'in-progress done'],
    ['finish from the road', tinas('en-route'), finish, tech, '✗ wrong-state'],
    ['finish without a result', tinas('in-progress'), { ...finish, result: ' ' }, tech, '✗ note-required'],
    ['finish without a photo', tinas('in-progress'), { ...finish, afterPhotos: 0 }, tech, '✗ photo-required'],
    ['finish by a supervisor', tinas('in-progress'), finish, supervisor, '✗ not-allowed'],
    ['verified by live data', tinas('done'), live, system, 'verified'],
    ['verify by live data', tinas('done'), live, operator, 'verified'],
    ['verify while it still shows', tinas('done'), { ...live, stillActive: 'low' } as Act, operator, '✗ still-active'],
    ['verify by looking', tinas('done'), person, operator, 'verified'],
    ['waive', tinas('done'), waiver, manager, 'verified'],
    ['an operator waives nothing', tinas('done'), waiver, operator, '✗ not-allowed'],
    ['verify one’s own', tinas('done'), live, tech, '✗ not-allowed'],
    ['verify what one worked on', tinas('done', { workers: ['sven'] }), waiver, supervisor, '✗ own-work'],
    ['verify unfinished work', tinas('in-progress'), person, operator, '✗ wrong-state'],
    ['close', tinas('verified'), simple('close'), operator, 'closed'],
    ['close by the technician', tinas('verified'), simple('close'), tech, 'closed'],
    ['close unverified', tinas('done'), simple('close'), operator, '✗ wrong-state'],
    ['reopen', tinas('closed'), again, operator, 'dispatched @nobody'],
    ['reopened by its alarm', tinas('verified'), again, system, 'dispatched @nobody'],
    ['reopen what is open', tinas('accepted'), again, operator, '✗ wrong-state'],
    ['cancel', tinas('accepted'), cancel, supervisor, 'cancelled'],
    ['cancel by an operator', tinas('accepted'), cancel, operator, '✗ not-allowed'],
    ['cancel finished work', tinas('done'), cancel, supervisor, '✗ wrong-state'],
    ['a milestone of a repair', tinas('accepted'), released, operator, '✗ wrong-state'],
  ];
  test.each(rows)('%s', (_, facts, act, by, expected) => expect(outcome(facts, act, by)).toBe(expected));
});

describe('[S5] a rescue', () => {
  const rescue = (state: OrderState, more: Partial<OrderFacts> = {}): OrderFacts =>
    tinas(state, { kind: 'rescue', ...more });
  const out = { milestones: ['released'] as const, serviceState: 'stopped' as const };
  const rows: [string, OrderFacts, Act, Doer, string][] = [
    ['close before the release', rescue('verified'), simple('close'), operator, '✗ release-required'],
    [
      'close without the state of the lift',
      rescue('verified', { milestones: ['released'] }),
      simple('close'),
      operator,
      '✗ service-state-required',
    ],
    [
      'close with the lift back in service that nobody inspected',
      rescue('verified', { milestones: ['released'], serviceState: 'in-service' }),
      simple('close'),
      operator,
      '✗ inspection-required',
    ],
    [
      'close with the lift back in service after an inspection',
      rescue('verified', { milestones: ['released'], serviceState: 'in-service', inspected: true }),
      simple('close'),
      operator,
      'closed',
    ],
    ['close', rescue('verified', out), simple('close'), operator, 'closed'],
    ['cancel before the release', rescue('accepted'), cancel, manager, '✗ release-required'],
    ['cancel after it', rescue('accepted', out), cancel, manager, 'cancelled'],
    ['a milestone', rescue('dispatched'), released, operator, '·'],
    ['a milestone by the technician', rescue('dispatched'), released, tech, '·'],
    ['a milestone twice', rescue('dispatched', out), released, operator, '✗ already-done'],
    ['a milestone by an owner', rescue('dispatched'), released, owner, '✗ not-allowed'],
  ];
  test.each(rows)('%s', (_, facts, act, by, expected) => expect(outcome(facts, act, by)).toBe(expected));

  test('arriving is its milestone on-site', () => {
    const done = step(rescue('accepted'), simple('arrive'), tech);
    expect(done).toMatchObject({ ok: true, value: { milestones: ['on-site'] } });
  });

  test('accepting does not end the clock that the answered intercom ends', () => {
    const done = step(order('dispatched', { kind: 'rescue' }), simple('accept'), tech);
    expect(done).toMatchObject({ ok: true, value: { clocks: [] } });
    const answered = step(
      order('dispatched', { kind: 'rescue' }),
      { act: 'milestone', milestone: 'answered' },
      operator,
    );
    expect(answered).toMatchObject({ ok: true, value: { clocks: [{ change: 'done', clock: 'respond' }] } });
  });
});

describe('clocks', () => {
  const rows: [string, OrderFacts, Act, Doer, string][] = [
    ['accepting ends respond', order('dispatched'), simple('accept'), tech, 'done respond'],
    ['arriving ends arrive', tinas('accepted'), simple('arrive'), tech, 'done arrive'],
    ['waiting pauses restore', tinas('in-progress'), wait, tech, 'pause restore'],
    ['going on resumes it', tinas('waiting'), simple('resume'), tech, 'resume restore'],
    ['finishing out of a wait', tinas('waiting'), finish, tech, 'resume restore, done restore'],
    ['handing back runs respond again', tinas('accepted'), refusal, tech, 'undo respond'],
    ['handing back from site', tinas('waiting'), refusal, tech, 'resume restore, undo respond, undo arrive'],
    ['reopening starts afresh', tinas('closed'), again, operator, 'restart'],
    ['cancelling stops all', tinas('accepted'), cancel, supervisor, 'stop'],
  ];
  test.each(rows)('%s', (_, facts, act, by, expected) => {
    const done = step(facts, act, by);
    if (!done.ok) throw new Error(done.code);
    expect(done.value.clocks.map((c) => ('clock' in c ? `${c.change} ${c.clock}` : c.change)).join(', ')).toBe(
      expected,
    );
  });
});

describe('the table', () => {
  test('every state can be reached from open, and closed is left only by reopening', () => {
    const reached = new Set<OrderState>(['open']);
    for (let size = 0; size < reached.size;) {
      size = reached.size;
      for (const from of Object.values(TRANSITIONS))
        for (const [state, path] of Object.entries(from))
          if (reached.has(state as OrderState)) path.forEach((s) => reached.add(s));
    }
    expect([...reached].sort()).toEqual([...ORDER_STATES].sort());
    const fromClosed = Object.entries(TRANSITIONS).filter(([, from]) => from.closed);
    expect(fromClosed.map(([act]) => act)).toEqual(['reopen']);
    expect(Object.values(TRANSITIONS).some((from) => from.cancelled)).toBe(false);
  });

  test('[W1] whatever is done in whatever order, nothing is closed without a finish with photo and a verification by another', () => {
    const acts: Act[] = [
      ...(['dispatch', 'accept', 'depart', 'arrive', 'start', 'resume', 'close'] as const).map(simple),
      { act: 'finish', result: 'done', afterPhotos: 0 },
      finish,
      wait,
      refusal,
      toOtto,
      live,
      person,
      waiver,
      again,
      cancel,
    ];
    const doers = [tech, other, operator, supervisor, manager, owner, system];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...acts), fc.constantFrom(...doers)), { maxLength: 60 }),
        (tries) => {
          let facts = order('open');
          const since: { act: ActName; by: string }[] = [];
          for (const [act, by] of tries) {
            const done = step(facts, act, by);
            if (!done.ok) continue;
            const id = by.kind === 'user' ? by.id : 'system';
            if (done.value.path.length > 0) since.push({ act: act.act, by: id });
            const assignee = done.value.assignee === undefined ? facts.assignee : (done.value.assignee ?? undefined);
            const workers = act.act === 'accept' ? [...new Set([...facts.workers, id])] : facts.workers;
            facts = { ...order(done.value.to), workers, ...(assignee ? { assignee } : {}) };
            if (act.act === 'reopen') since.length = 0;
            if (done.value.to !== 'closed') continue;
            const finished = since.findLast((s) => s.act === 'finish');
            const verified = since.findLast((s) => s.act === 'verify');
            expect(finished).toBeDefined();
            expect(verified).toBeDefined();
            expect(workers).not.toContain(verified?.by);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
