// Polling one device: its cycles by poll class, what its answers mean for its points, and whether it is there.
import type { DriverPort, Reading, SiteDevice } from '../drivers/driver.ts';
import type { Reason, Table } from '../../device-profiles/contract/point.ts';
import { decodeBlock, type RawLookup } from '../decode.ts';
import { PRIORITIES, type Priority } from './bus-queue.ts';
import { companionsOf, type Companions } from './companions.ts';
import type { ModbusLimits } from './limits.ts';
import type { Link } from './link.ts';
import { NOTHING_LEARNT, type Learnt, type ModbusMemory } from './memory.ts';
import {
  confirm,
  heal,
  learn,
  learnt,
  planReads,
  restore,
  type Hole,
  type PlannedRead,
  type ReadPlan,
} from './plan-reads.ts';
import { isAskedAnew, type Cycle, type CycleKind, type PollCounters } from './poll-cycle.ts';
import { ReadSlot, type SlotOwner } from './read-slot.ts';
import type { ReadFailure } from './request.ts';

export interface DevicePollOptions {
  readonly device: SiteDevice;
  readonly unit: number;
  readonly link: Pick<Link, 'submit'>;
  readonly port: DriverPort;
  readonly limits: ModbusLimits;
  readonly counters: PollCounters;
  readonly timeoutMs: number;
  /** Plans by poll class, shared by devices of one model until a device teaches its own. */
  readonly plans: ReadonlyMap<Priority, ReadPlan>;
  /** What was learned before, and where to keep what is learned now. */
  readonly memory?: Pick<ModbusMemory, 'recall' | 'keep'>;
}

/** Answers that say nothing about whether the device is there; all other failures leave that in doubt. */
const ALIVE_FAILURES: ReadonlySet<ReadFailure> = new Set<ReadFailure>([
  'exception-01',
  'exception-02',
  'exception-03',
  'exception-04',
  'exception-06',
  'exception-other',
]);

export class DevicePoll implements SlotOwner {
  readonly cycles: Cycle[] = [];
  readonly unit: number;
  readonly #o: DevicePollOptions;
  readonly #companions: Companions;
  readonly #lookup: RawLookup;
  /** Which slot fetches a point. */
  readonly #slotOf = new Map<number, ReadSlot>();
  /** Slots whose fixed registers have yet to be recognised; while there are any, nothing else is asked. */
  readonly #unrecognised = new Set<ReadSlot>();
  #current: ReadSlot | undefined;
  #online: boolean | undefined;
  /** Why it is not heard, as told last. */
  #lostFor: Reason = '';
  #failedRounds = 0;
  #askAgainAt = 0;
  /** What was kept last, to see when there is more. */
  #kept = '';

  constructor(options: DevicePollOptions) {
    this.#o = options;
    this.unit = options.unit;
    this.#companions = companionsOf(options.device.model);
    this.#lookup = (table, address) => this.#raw(table, address);
    this.#makeCycles();
    this.#expectRecognition();
  }

  /** One round of a cycle: everything it reads is queued, or nothing where the bus or the device is not ready. */
  poll(cycle: Cycle): void {
    if (cycle.kind === 'liveness') {
      if (cycle.of && cycle.of.outstanding === 0) this.#round(cycle.of, this.#slotsToAsk(cycle.of).slice(0, 1));
      return;
    }
    if (cycle.outstanding > 0) {
      // A round that began out of turn (the link came back) is no sign of a bus that can't keep up.
      if (this.#o.port.clock.monotonic() - cycle.startedAt > cycle.intervalMs / 2) this.#o.counters.overruns++;
      return;
    }
    this.#round(cycle, this.#slotsToAsk(cycle));
  }

  /** Rounds for which the process itself came too late. */
  missed(rounds: number): void {
    this.#o.counters.missed += rounds;
  }

  /** Everything now: the link or the device has come back. */
  pollAll(): void {
    // Where it has refused all that it is asked for, only the refused places can show that it is there.
    const refusesAll = this.cycles.every((c) => c.kind !== 'points' || c.slots.length === 0);
    const kind = refusesAll ? 'holes' : 'points';
    for (const cycle of this.cycles) if (cycle.kind === kind) this.poll(cycle);
  }

  /** The device is not heard. One record for the device; its points are read anew when it is heard again. */
  lost(reason: Reason): void {
    this.#failedRounds = 0;
    for (const cycle of this.cycles) {
      cycle.readings = [];
      cycle.touched = [];
      for (const slot of cycle.slots) slot.state = 'unread';
    }
    if (this.#online !== false || this.#lostFor !== reason) {
      this.#online = false;
      this.#lostFor = reason;
      this.#keep(this.#o.port.online(this.#o.device, false, reason));
    }
    this.#expectRecognition();
  }

  slotDone(slot: ReadSlot, data: Buffer): void {
    const cycle = this.#cycleOf(slot);
    if (!cycle) return;
    cycle.answered++;
    if (cycle.kind === 'holes') this.#healed(cycle, slot);
    else this.#received(cycle, slot, data);
    this.#finishOne(cycle);
  }

  slotFailed(slot: ReadSlot, reason: ReadFailure): void {
    const cycle = this.#cycleOf(slot);
    if (!cycle) return;
    if (ALIVE_FAILURES.has(reason)) {
      cycle.answered++;
      if (this.#unrecognised.has(slot)) this.#notRecognised('wrong-map');
      else this.#refused(cycle, slot, reason);
    } else {
      cycle.failure = reason;
      if (cycle.kind === 'points') this.#mark(cycle, slot, reason);
    }
    this.#finishOne(cycle);
  }

  slotInterrupted(slot: ReadSlot): void {
    const cycle = this.#cycleOf(slot);
    if (cycle) this.#finishOne(cycle);
  }

  #makeCycles(): void {
    const { device, plans, limits, memory } = this.#o;
    const { holes: holesBefore, borders: bordersBefore } = memory?.recall(device) ?? NOTHING_LEARNT;
    for (const [priority, fresh] of plans) {
      const ofClass = ({ poll }: { readonly poll: number }): boolean => poll === priority;
      const [holes, borders] = [holesBefore.filter(ofClass), bordersBefore.filter(ofClass)];
      const plan = restore(fresh, holes, borders, (k) => isAskedAnew(device.model.points[k]));
      this.#o.counters.holes += plan.holes.length;
      this.#addCycle('points', priority, device.pollMs[PRIORITIES[priority]], plan);
      for (const { point, why } of plan.refused)
        this.#o.port.log.error(
          { device: device.id, profile: device.model.profile, point: device.model.points[point]?.id },
          `this point can't be read: ${why}`,
        );
    }
    this.#kept = JSON.stringify({ holes: holesBefore, borders: bordersBefore });
    this.#remember();
    const fastest = this.cycles.reduce<Cycle | undefined>(
      (best, c) => (best && best.intervalMs <= c.intervalMs ? best : c),
      undefined,
    );
    if (!fastest) return;
    const none = planReads([], fastest.plan.limits);
    // What refuses while it starts up must not hide a fire for long.
    const watches = device.model.points.some((point) => point.lane === 'safety');
    this.#addCycle('holes', 3, watches ? limits.holeRetrySafetyMs : limits.holeRetryMs, none);
    if (fastest.intervalMs <= limits.livenessMs) return;
    this.#addCycle('liveness', fastest.priority, limits.livenessMs, none, fastest);
  }

  #addCycle(kind: CycleKind, priority: Priority, intervalMs: number, plan: ReadPlan, of?: Cycle): void {
    const cycle: Cycle = {
      id: this.cycles.length,
      kind,
      priority,
      intervalMs,
      plan,
      slots: [],
      outstanding: 0,
      startedAt: 0,
      answered: 0,
      failure: '',
      readings: [],
      touched: [],
      ...(of && { of }),
    };
    this.cycles.push(cycle);
    if (kind === 'points') this.#setPlan(cycle, plan);
  }

  /** Of all poll classes. */
  #learnt(): Learnt {
    const all = this.cycles.flatMap(({ kind, priority: poll, plan }) =>
      kind === 'points' ? [{ poll, ...learnt(plan) }] : [],
    );
    return {
      holes: all.flatMap(({ poll, holes }) => holes.map((h) => ({ poll, ...h }))),
      borders: all.flatMap(({ poll, borders }) => borders.map((b) => ({ poll, ...b }))),
    };
  }

  #remember(): void {
    const { memory, device } = this.#o;
    if (!memory) return;
    const now = this.#learnt();
    const text = JSON.stringify(now);
    if (text === this.#kept) return;
    this.#kept = text;
    memory.keep(device, now);
  }

  #slot(cycle: Cycle, read: PlannedRead): ReadSlot {
    const settings = { unit: this.unit, priority: cycle.priority, timeoutMs: this.#o.timeoutMs };
    return new ReadSlot(read, cycle.id, settings, this);
  }

  /** Slots of reads that stay are kept with what they hold. */
  #setPlan(cycle: Cycle, plan: ReadPlan): readonly ReadSlot[] {
    const old = new Map(cycle.slots.map((s) => [s.read, s]));
    cycle.plan = plan;
    cycle.slots = plan.reads.map((read) => old.get(read) ?? this.#slot(cycle, read));
    for (const slot of cycle.slots) for (const point of slot.points) this.#slotOf.set(point, slot);
    const kept = new Set(cycle.slots);
    for (const slot of old.values()) if (!kept.has(slot)) this.#unrecognised.delete(slot);
    return cycle.slots.filter((s) => !old.has(s.read));
  }

  #round(cycle: Cycle, slots: readonly ReadSlot[]): void {
    if (slots.length === 0) return;
    const now = this.#o.port.clock.monotonic();
    if (this.#unrecognised.size > 0 && now < this.#askAgainAt) return;
    cycle.startedAt = now;
    this.#o.counters.polls++;
    cycle.answered = 0;
    cycle.failure = '';
    // Held open until all are submitted, because an answer may come at once.
    cycle.outstanding = 1;
    for (const slot of slots) if (!this.#submit(cycle, slot)) break;
    this.#finishOne(cycle);
  }

  #cycleOf(slot: ReadSlot): Cycle | undefined {
    return this.cycles[slot.cycle];
  }

  #slotsToAsk(cycle: Cycle): readonly ReadSlot[] {
    if (this.#unrecognised.size > 0) return cycle.slots.filter((s) => this.#unrecognised.has(s));
    if (cycle.kind === 'holes') this.#renewHoles(cycle);
    return cycle.slots;
  }

  #renewHoles(cycle: Cycle): void {
    const holes = this.cycles.flatMap((c) => c.plan.holes);
    const old = new Map(cycle.slots.map((s) => [s.read, s]));
    cycle.slots = holes.map((hole) => old.get(hole) ?? this.#slot(cycle, hole));
  }

  /** False when asking on makes no sense in this round. */
  #submit(cycle: Cycle, slot: ReadSlot): boolean {
    cycle.outstanding++;
    const submitted = this.#o.link.submit(slot);
    if (submitted === 'queued') return true;
    cycle.outstanding--;
    if (submitted === 'full') this.#o.counters.dropped++;
    return false;
  }

  #finishOne(cycle: Cycle): void {
    if (--cycle.outstanding > 0) return;
    this.#handOver(cycle);
    if (cycle.answered > 0) this.#failedRounds = 0;
    else if (cycle.failure !== '' && (this.#online !== false || this.#lostFor !== cycle.failure)) {
      // One that was lost with its line and stays silent when the line is back is told again: it is another repair.
      this.#failedRounds++;
      if (this.#failedRounds >= this.#o.limits.offlineAfterPolls) this.lost(cycle.failure);
    }
  }

  #handOver(cycle: Cycle): void {
    const { port, device } = this.#o;
    const now = port.clock.now();
    if (cycle.readings.length > 0) {
      const { readings } = cycle;
      cycle.readings = [];
      this.#keep(port.accept(device, readings, now));
    }
    if (cycle.touched.length === 0) return;
    for (const slot of cycle.touched) if (slot.state === '') port.fresh(device, slot.points, now);
    cycle.touched = [];
  }

  /** Nothing waits for it: what could not be kept is read again, and its heartbeat repeats it. */
  #keep(kept: Promise<void>): void {
    kept.catch(() => this.#o.counters.notKept++);
  }

  #heard(): void {
    if (this.#online === true) return;
    this.#online = true;
    const { port, device } = this.#o;
    this.#keep(port.online(device, true, ''));
    // Points in holes are not asked, so nothing else would say how they stand.
    const readings = this.cycles.flatMap(({ plan }) =>
      plan.holes.flatMap(({ points, reason }) =>
        points.map((point): Reading => ({ point, value: null, quality: 'bad', reason })),
      ),
    );
    if (readings.length > 0) this.#keep(port.accept(device, readings, port.clock.now()));
  }

  #received(cycle: Cycle, slot: ReadSlot, data: Buffer): void {
    if (slot.same(data)) {
      this.#o.port.fresh(this.#o.device, slot.points, this.#o.port.clock.now());
      return;
    }
    const { model } = this.#o.device;
    const changed = slot.changed(data, model.points);
    slot.keep(data);
    this.#current = slot;
    const readings = decodeBlock(model, this.#withDependants(changed), this.#lookup);
    if (readings.some((r) => r.reason === 'wrong-map')) {
      this.#notRecognised('wrong-map');
      return;
    }
    const recognised = this.#unrecognised.delete(slot) && this.#unrecognised.size === 0;
    this.#heard();
    for (const reading of readings) cycle.readings.push(this.#blamed(reading));
    cycle.touched.push(slot);
    // A fire does not wait for the rest of its panel.
    if (cycle.priority === 0) this.#handOver(cycle);
    if (cycle.kind === 'points') this.#taught(cycle, slot);
    if (recognised) this.pollAll();
  }

  #taught(cycle: Cycle, slot: ReadSlot): void {
    const plan = confirm(cycle.plan, slot.read);
    if (plan === cycle.plan) return;
    this.#setPlan(cycle, plan);
    this.#remember();
  }

  /** Points whose decimals, unit or validity changed change with them, in whichever block they lie. */
  #withDependants(changed: readonly number[]): readonly number[] {
    const { neededBy } = this.#companions;
    if (neededBy.size === 0) return changed;
    const all = new Set(changed);
    for (const point of changed)
      for (const dependant of neededBy.get(point) ?? [])
        if (this.#slotOf.get(dependant)?.state === '') all.add(dependant);
    return [...all];
  }

  /** A value whose companion could not be read is not to be believed, and for that reason. */
  #blamed(reading: Reading): Reading {
    if (reading.quality !== 'never') return reading;
    for (const companion of this.#companions.needs.get(reading.point) ?? []) {
      const state = this.#slotOf.get(companion)?.state;
      if (state !== undefined && state !== '' && state !== 'unread')
        return { point: reading.point, value: null, quality: 'bad', reason: state };
    }
    return reading;
  }

  /** The device answers, but not this. */
  #refused(cycle: Cycle, slot: ReadSlot, reason: ReadFailure): void {
    this.#heard();
    if (cycle.kind !== 'points') return;
    if (reason !== 'exception-02' && reason !== 'exception-03') {
      this.#mark(cycle, slot, reason);
      return;
    }
    const before = cycle.plan.holes.length;
    const fresh = this.#setPlan(cycle, learn(cycle.plan, slot.read, reason));
    this.#remember();
    if (cycle.plan.holes.length > before) {
      this.#o.counters.holes++;
      this.#mark(cycle, slot, reason);
      const ids = slot.points.map((p) => this.#o.device.model.points[p]?.id);
      this.#o.port.log.warn({ device: this.#o.device.id, points: ids, reason }, 'the device refuses this place');
    }
    for (const next of fresh) if (!this.#submit(cycle, next)) break;
  }

  #healed(cycle: Cycle, slot: ReadSlot): void {
    const owner = this.cycles.find((c) => c.plan.holes.some((h) => h === slot.read));
    const hole = owner?.plan.holes.find((h): h is Hole => h === slot.read);
    if (!owner || !hole) return;
    cycle.slots = cycle.slots.filter((s) => s !== slot);
    this.#o.counters.holes--;
    const fresh = this.#setPlan(owner, heal(owner.plan, hole));
    this.#remember();
    if (owner.outstanding > 0) return;
    owner.outstanding = 1;
    for (const next of fresh) if (!this.#submit(owner, next)) break;
    this.#finishOne(owner);
  }

  /** Points of a failed read, and those that depend on them: bad with the reason, once. */
  #mark(cycle: Cycle, slot: ReadSlot, reason: ReadFailure): void {
    const answer = ALIVE_FAILURES.has(reason);
    const isNews = slot.state === '' || slot.state === 'unread' || (answer && slot.state !== reason);
    if (!isNews) return;
    slot.state = reason;
    // A device that has not been heard has one record for all its points.
    if (this.#online !== true) return;
    for (const point of this.#withDependants(slot.points))
      cycle.readings.push({ point, value: null, quality: 'bad', reason });
  }

  #expectRecognition(): void {
    this.#unrecognised.clear();
    const { points } = this.#o.device.model;
    for (const cycle of this.cycles)
      if (cycle.kind === 'points')
        for (const slot of cycle.slots)
          if (slot.points.some((p) => points[p]?.expect !== undefined)) this.#unrecognised.add(slot);
  }

  /** Registers with fixed content hold something else: nothing this device says can be believed. */
  #notRecognised(reason: Reason): void {
    this.#o.port.log.error(
      { device: this.#o.device.id, profile: this.#o.device.model.profile },
      'a register with fixed content holds something else: not the device or edition of its profile',
    );
    this.lost(reason);
    this.#askAgainAt = this.#o.port.clock.monotonic() + this.#o.limits.expectRetryMs;
  }

  #raw(table: Table, address: number): number | undefined {
    const current = this.#current;
    if (current?.holds(table, address)) return current.raw(address);
    for (const cycle of this.cycles)
      for (const slot of cycle.slots) if (slot.state === '' && slot.holds(table, address)) return slot.raw(address);
    return undefined;
  }
}
