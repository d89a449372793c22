// The nervous system in one table: which event causes which command (DESIGN 7). One line a rule; the runner
// (events/runner.ts) takes events in order and gives each rule a transaction of its own.
//
// A line says: rule (its name in the books), on (the event), lane (what must stay in order with it), when (a condition
// on the payload alone), key (the effect happens once for each), run (a command of a domain's api.ts).
import * as dutyNotices from './duty-notices.ts';
import * as duty from './duty/api.ts';
import { REPORT_KIND } from './alarms/api.ts';
import { beginEscalation } from './escalation.ts';
import type { AlarmFact, CommandContext, EventPayloads, EventType } from './events/api.ts';
import { policy, type Policy } from './events/runner.ts';
import * as fireSafetyNotices from './fire-safety-notices.ts';
import * as fireSafety from './fire-safety/api.ts';
import * as fireNotices from './fire-notices.ts';
import * as fires from './handling/api.ts';
import { DESK_SIGNAL } from './live/desk.ts';
import * as notices from './policy-notices.ts';
import type { PolicyPorts } from './policy-ports.ts';
import * as scene from './scene-notices.ts';
import * as staff from './staff/api.ts';
import * as orders from './work-orders/api.ts';

/** Kinds of device whose limits (pressure, level) are repaired by an order. */
const PROCESS_KINDS = ['extinguisher', 'water-tank', 'water-main', 'hydrant'];

/**
 * No order is opened while a drill or maintenance covers the place; when that is over, an alarm that still stands is told
 * as raised (or as returned) again. Whoever is inside a lift is rescued in every mode: a mode only marks an ENTRAPMENT.
 */
const earnest = (a: AlarmFact): boolean => a.mode === undefined;
const ofAlarm = (a: AlarmFact): string => `alarm:${a.alarm}`;
const patient = (a: AlarmFact): boolean => a.class === 'COMMS' || a.class === 'DISABLED';
const needsOrder = (a: AlarmFact): boolean =>
  a.class === 'FAULT' || (a.class === 'PROCESS' && PROCESS_KINDS.includes(a.deviceKind));
const mayHaveOrder = (a: AlarmFact): boolean => needsOrder(a) || patient(a) || a.class === 'ENTRAPMENT';
const entered =
  (state: string) =>
  (o: EventPayloads['order.changed']): boolean =>
    o.state === state && o.from !== state;

/** A line that only tells people, each event once. */
const telling = <T extends EventType>(
  rule: string,
  on: T,
  lane: 'pages' | 'notices',
  tell: (c: CommandContext, community: string, payload: EventPayloads[T], event: string) => Promise<void> | void,
): Policy<PolicyPorts> =>
  policy({ rule, on, lane, run: (c, { id, community, payload }) => tell(c, community, payload, id) });

export const POLICIES: readonly Policy<PolicyPorts>[] = [
  // Alarms → orders
  policy({
    rule: 'fault-opens-order',
    on: 'alarm.raised',
    lane: 'orders',
    when: (a) => earnest(a) && needsOrder(a),
    key: ofAlarm,
    run: async (c, { payload }, ports) => void (await orders.openForAlarm(c, ports, payload)),
  }),
  policy({
    rule: 'entrapment-opens-rescue',
    on: 'alarm.raised',
    lane: 'orders',
    when: (a) => a.class === 'ENTRAPMENT',
    key: ofAlarm,
    run: async (c, { payload }, ports) => void (await orders.openForAlarm(c, ports, payload)),
  }),
  policy({
    rule: 'silence-starts-patience',
    on: 'alarm.raised',
    lane: 'orders',
    when: (a) => earnest(a) && patient(a),
    run: (c, { payload }) => orders.startAlarmPatience(c, payload),
  }),
  policy({
    rule: 'return-of-silence-starts-patience',
    on: 'alarm.recurred',
    lane: 'orders',
    when: (a) => earnest(a) && patient(a),
    run: (c, { payload }) => orders.startAlarmPatience(c, payload),
  }),
  policy({
    rule: 'clearing-ends-patience',
    on: 'alarm.cleared',
    lane: 'orders',
    when: patient,
    run: (c, { payload }) => orders.endAlarmPatience(c, payload),
  }),
  policy({
    rule: 'clearing-asks-for-verification',
    on: 'alarm.cleared',
    lane: 'orders',
    when: mayHaveOrder,
    run: (c, { payload }) => orders.alarmCleared(c, payload),
  }),
  policy({
    rule: 'return-reopens-order',
    on: 'alarm.recurred',
    lane: 'orders',
    when: mayHaveOrder,
    run: (c, { payload }) => orders.alarmRecurred(c, payload),
  }),
  policy({
    rule: 'failed-check-opens-order',
    on: 'check.failed',
    lane: 'orders',
    key: (check) => `check:${check.check}`,
    run: async (c, { community, payload }, ports) =>
      void (await orders.openForCheck(c, ports, { community, ...payload })),
  }),
  policy({
    rule: 'order-is-shown-on-its-alarm',
    on: 'order.changed',
    // In a transaction of its own: the alarm's row and its change number are T1's, and held no longer than that.
    lane: 'links',
    when: (o) => o.alarm !== undefined,
    key: (o) => `alarm:${o.alarm}:${o.order}`,
    run: (c, { payload }, ports) => ports.linkAlarm(c, payload.alarm ?? '', payload.order),
  }),
  policy({
    rule: 'clock-jump-moves-due-times',
    on: 'clock.jumped',
    lane: 'orders',
    run: async (c, { payload: { jumpMs, seenAt } }) =>
      void (await orders.shiftClocks(c.tx, { ms: jumpMs, seenAt }, c.now)),
  }),
  policy({
    rule: 'clock-jump-moves-sessions',
    on: 'clock.jumped',
    // Before anything else may forget them: nobody is signed out of the control room by a clock that is set.
    lane: 'sessions',
    run: async (c, { payload: { jumpMs, seenAt } }) =>
      void (await staff.shiftSessions(c.tx, { ms: jumpMs, seenAt }, c.now)),
  }),
  policy({
    rule: 'clock-jump-raises-fault',
    on: 'clock.jumped',
    lane: 'faults',
    run: (c, { community, payload }, ports) => notices.raiseClockFault(c, ports, community, payload),
  }),
  policy({
    rule: 'clock-jump-moves-steadiness',
    on: 'clock.jumped',
    // In a transaction of its own: these rows are T1's, and held no longer than that.
    lane: 'steadiness',
    run: (c, { payload }, ports) => ports.shiftSteady(c, payload.jumpMs),
  }),

  // Alarms that nobody acknowledges → more and more people
  policy({
    rule: 'alarm-for-a-life-begins-escalation',
    on: 'alarm.raised',
    lane: 'escalation',
    run: (c, { payload, at }) => beginEscalation(c, payload, at),
  }),
  policy({
    rule: 'return-of-alarm-begins-escalation',
    on: 'alarm.recurred',
    lane: 'escalation',
    run: (c, { payload, at }) => beginEscalation(c, payload, at),
  }),

  // Fires → their procedure and people
  policy({
    rule: 'fire-begins-procedure',
    on: 'alarm.raised',
    lane: 'fires',
    when: (a) => a.class === 'FIRE',
    run: (c, { payload, at }) => fires.fireRaised(c, payload, at),
  }),
  policy({
    rule: 'return-of-fire-asks-anew',
    on: 'alarm.recurred',
    lane: 'fires',
    when: (a) => a.class === 'FIRE',
    run: (c, { payload, at }) => fires.fireRaised(c, payload, at),
  }),
  policy({
    rule: 'reported-fire-pages-control-room',
    on: 'alarm.raised',
    lane: 'pages',
    when: (a) => a.deviceKind === REPORT_KIND,
    key: ofAlarm,
    run: (c, { payload }) => fireNotices.pageReport(c, payload, 'operator'),
  }),
  policy({
    rule: 'reported-fire-pages-gate-guard',
    on: 'alarm.raised',
    lane: 'pages',
    when: (a) => a.deviceKind === REPORT_KIND,
    key: ofAlarm,
    run: (c, { payload }) => fireNotices.pageReport(c, payload, 'guard'),
  }),
  policy({
    rule: 'late-step-of-fire-tells-desk-and-manager',
    on: 'fire.breached',
    lane: 'notices',
    run: (c, { community, payload }) => fireNotices.tellBreach(c, community, payload),
  }),
  policy({
    rule: 'word-of-fire-pages-who-is-responsible',
    on: 'fire.told',
    lane: 'pages',
    run: (c, { community, payload }) => fireNotices.tellResponsible(c, community, payload),
  }),
  policy({
    rule: 'faulty-detector-opens-order',
    on: 'fire.order-wanted',
    lane: 'orders',
    key: ofAlarm,
    run: async (c, { payload }, ports) => void (await orders.openForAlarm(c, ports, payload)),
  }),

  // Entrapment → people, whether or not the order could be opened
  policy({
    rule: 'entrapment-pages-duty',
    on: 'alarm.raised',
    lane: 'pages',
    when: (a) => a.class === 'ENTRAPMENT',
    key: ofAlarm,
    run: (c, { payload }, ports) => notices.pageDuty(c, ports, payload),
  }),
  policy({
    rule: 'entrapment-pages-contractor',
    on: 'alarm.raised',
    lane: 'pages',
    when: (a) => a.class === 'ENTRAPMENT',
    key: ofAlarm,
    run: (c, { payload }) => notices.pageForEntrapment(c, payload, 'contractor'),
  }),
  policy({
    rule: 'entrapment-pages-manager',
    on: 'alarm.raised',
    lane: 'pages',
    when: (a) => a.class === 'ENTRAPMENT',
    key: ofAlarm,
    run: (c, { payload }) => notices.pageForEntrapment(c, payload, 'manager'),
  }),

  // Orders → people
  policy({
    rule: 'order-without-anyone-on-duty-pages-supervisor',
    on: 'order.changed',
    lane: 'notices',
    when: (o) => o.act === 'open' && o.state === 'open',
    key: (o) => `order:${o.order}`,
    run: (c, { community, payload }) => notices.tellUnattended(c, community, payload),
  }),
  policy({
    rule: 'unattended-order-is-told-again',
    on: 'order.unattended',
    lane: 'notices',
    run: (c, { community, payload }) => notices.tellStillUnattended(c, community, payload),
  }),
  policy({
    rule: 'dispatched-order-tells-technicians',
    on: 'order.changed',
    lane: 'notices',
    when: (o) => o.act === 'dispatch' && o.assignee === undefined && o.kind !== 'rescue',
    run: (c, { id, community, payload }) => notices.tellPool(c, community, payload, id),
  }),
  policy({
    rule: 'assigned-order-tells-assignee',
    on: 'order.changed',
    lane: 'notices',
    when: (o) => o.act === 'assign',
    run: (c, { id, community, payload }) => notices.tellAssignee(c, community, payload, id),
  }),
  policy({
    rule: 'reopened-order-tells-supervisor-and-pool',
    on: 'order.changed',
    lane: 'notices',
    when: (o) => o.act === 'reopen',
    run: (c, { id, community, payload }) => notices.tellReopened(c, community, payload, id),
  }),
  policy({
    rule: 'finished-order-tells-supervisor',
    on: 'order.changed',
    lane: 'notices',
    when: entered('done'),
    run: (c, { id, community, payload }) => notices.tellDone(c, community, payload, id),
  }),
  telling('breach-escalates', 'order.breached', 'notices', notices.escalate),
  policy({
    rule: 'failed-check-tells-supervisor',
    on: 'check.failed',
    lane: 'notices',
    run: (c, { community, payload }) => notices.tellFailedCheck(c, community, payload),
  }),

  // Duty → people
  policy({
    rule: 'silent-desk-tells-supervisor-and-manager',
    on: 'alarm.raised',
    lane: 'pages',
    when: (a) => a.signal === DESK_SIGNAL,
    run: (c, { id, payload }) => notices.tellSilentDesk(c, payload, id),
  }),
  policy({
    rule: 'desk-silent-again-tells-supervisor-and-manager',
    on: 'alarm.recurred',
    lane: 'pages',
    when: (a) => a.signal === DESK_SIGNAL,
    run: (c, { id, payload }) => notices.tellSilentDesk(c, payload, id),
  }),
  policy({
    rule: 'revoked-certificate-looks-at-duty',
    on: 'certificate.revoked',
    lane: 'duty',
    run: (c, { community, payload }) => duty.certificateRevoked(c, community, payload.person),
  }),
  policy({
    rule: 'person-switched-off-looks-at-duty',
    on: 'person.switched-off',
    lane: 'duty',
    run: (c, { community, payload }) => duty.certificateRevoked(c, community, payload.person),
  }),
  policy({
    rule: 'lost-certificate-tells-supervisor',
    on: 'duty.unqualified',
    lane: 'notices',
    run: (c, { id, community, payload }, ports) => notices.tellUnqualified(c, ports, community, payload, id),
  }),
  telling('too-few-on-duty-tells-manager', 'duty.understaffed', 'notices', notices.tellUnderstaffed),

  policy({
    rule: 'empty-control-room-raises-fault',
    on: 'duty.unstaffed',
    lane: 'faults',
    when: (d) => d.present === 0,
    run: (c, { community }, ports) => dutyNotices.raiseUnstaffed(c, ports, community),
  }),
  telling('missing-people-on-duty-tell-supervisor', 'duty.unstaffed', 'notices', dutyNotices.tellUnstaffed),
  telling('overtime-on-duty-tells-supervisor', 'duty.overtime', 'notices', dutyNotices.tellOvertime),
  telling('missed-entry-tells-desk-and-supervisor', 'duty.entry-missed', 'notices', dutyNotices.tellEntryMissed),
  telling('roll-call-tells-those-on-duty', 'duty.roll-call', 'notices', dutyNotices.tellRollCall),
  telling(
    'missed-roll-call-tells-supervisor-and-manager',
    'duty.roll-call-missed',
    'notices',
    dutyNotices.tellRollCallMissed,
  ),
  policy({
    rule: 'new-certificate-is-watched',
    on: 'certificate.added',
    lane: 'duty',
    run: (c, { community }) => duty.lookAtCertificates(c, community),
  }),
  policy({
    rule: 'ending-certificate-tells-person-and-supervisor',
    on: 'duty.certificate-expiring',
    lane: 'notices',
    run: (c, { community, payload }) => dutyNotices.tellExpiring(c, community, payload),
  }),

  // Hazards → people; their repairs come back
  policy({
    rule: 'finished-order-mends-hazard',
    on: 'order.changed',
    lane: 'hazards',
    when: entered('done'),
    run: (c, { payload }) => fireSafety.orderFinished(c, payload.order),
  }),
  telling('hazard-tells-those-concerned', 'hazard.changed', 'notices', fireSafetyNotices.tellHazard),
  telling('overdue-hazard-goes-further', 'hazard.overdue', 'notices', fireSafetyNotices.tellOverdue),

  // What the authority wants → people
  telling(
    'rectification-tells-those-concerned',
    'rectification.changed',
    'notices',
    fireSafetyNotices.tellRectification,
  ),
  telling(
    'rectification-that-waits-goes-further',
    'rectification.due',
    'notices',
    fireSafetyNotices.tellRectificationDue,
  ),

  // Training and publicity → people
  telling('planned-training-tells-staff', 'training.planned', 'notices', fireSafetyNotices.tellTraining),
  telling('due-training-goes-further', 'training.due', 'notices', fireSafetyNotices.tellTrainingDue),

  // Plans, lanes, escorts, lifts → people
  telling('turn-of-a-plan-tells-its-people', 'plan.turn', 'pages', scene.tellTurn),
  telling('late-step-tells-supervisor', 'plan.step-late', 'notices', scene.tellStepLate),
  telling('announced-drill-tells-staff', 'drill.announced', 'notices', scene.tellAnnounced),
  telling('due-drill-tells-fire-supervisor', 'drill.due', 'notices', scene.tellDrillDue),
  telling('blocked-lane-tells-guards-and-desk', 'lane.reported', 'notices', scene.tellLane),
  telling('lane-still-blocked-escalates', 'lane.overdue', 'notices', scene.tellLaneOverdue),
  telling('lane-blocked-again-tells-supervisor', 'lane.repeated', 'notices', scene.tellLaneRepeated),
  telling('cleared-lane-thanks-reporter', 'lane.cleared', 'notices', scene.thankForLane),
  telling('called-escort-pages-gate', 'escort.called', 'pages', scene.pageGate),
  telling('late-escort-escalates', 'escort.late', 'pages', scene.tellEscortLate),
  telling('asked-lift-pages-who-holds-it', 'escort.lift-asked', 'pages', scene.askForLift),
  telling('turn-of-a-reserved-lift-tells-gate-and-desk', 'lift.turn', 'notices', scene.tellLiftTurn),
  policy({
    rule: 'alarm-on-a-taken-lift-tells-desk',
    on: 'alarm.raised',
    lane: 'notices',
    when: (a) => a.deviceKind === 'elevator',
    run: (c, { payload }) => scene.tellTakenLift(c, payload),
  }),

  // The hub's own troubles → FAULT
  policy({
    rule: 'failed-policy-raises-fault',
    on: 'policy.failed',
    lane: 'faults',
    run: (c, { community, payload }, ports) => notices.raisePolicyFault(c, ports, community, payload),
  }),
  policy({
    rule: 'deleted-audit-raises-fault',
    on: 'audit.lost',
    lane: 'faults',
    run: (c, { community, payload }, ports) => notices.raiseAuditFault(c, ports, community, payload),
  }),
  policy({
    rule: 'failed-grouping-raises-fault',
    on: 'incidents.failed',
    lane: 'faults',
    run: (c, { community, payload }, ports) => notices.raiseGroupingFault(c, ports, community, payload),
  }),
  policy({
    rule: 'page-for-a-life-that-reached-nobody-raises-fault',
    on: 'notify.undelivered',
    lane: 'faults',
    when: (n) => n.urgency === 'life',
    run: (c, { community, payload }, ports) => notices.raisePageFault(c, ports, community, payload),
  }),
];
