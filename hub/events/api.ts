// Domain events and effects: what a command wants to happen, as data. `effects.ts` is the one executor; events are
// rows written in the command's own transaction and read in order by the policy runner (T2).
import type { Tx } from '../db/tx.ts';
import type { AlarmClass } from '../../device-profiles/contract/signal.ts';

/** Who does something. `system` is the hub itself (policy, timer); `device` a device or gateway. */
export type Actor =
  | {
      readonly kind: 'user';
      readonly id: string;
      readonly name: string;
      readonly role: string;
      readonly community: string;
    }
  | { readonly kind: 'system'; readonly id: string; readonly community?: string }
  | { readonly kind: 'device'; readonly id: string; readonly community?: string };

/** Every event type with its payload. A domain adds its own lines; names are `<thing>.<past participle>`. */
export interface EventPayloads {
  'alarm.raised': AlarmFact;
  'alarm.cleared': AlarmFact;
  /** Back in alarm before anyone acknowledged the clearing: the same episode goes on. */
  'alarm.recurred': AlarmFact;
  'alarm.acknowledged': AlarmFact;
  'alarm.verdict': AlarmFact & { readonly verdict: 'real' | 'false' | 'test'; readonly note: string };
  'alarm.closed': AlarmFact;
  'alarm.shelved': AlarmFact & { readonly until: number; readonly reason: string };
  /** A step of a fire was not done in time. */
  'fire.breached': FireFact & { readonly clock: string; readonly entry: string };
  /** Who answers for fire safety is to be paged. */
  'fire.told': FireFact & { readonly entry: string };
  /** A false alarm whose cause is the equipment: a work order is wanted. */
  'fire.order-wanted': AlarmFact;
  'panel.state': { readonly device: string; readonly class: string; readonly active: boolean; readonly at: number };
  'gateway.silent': { readonly gateway: string; readonly since: number };
  'gateway.heard': { readonly gateway: string; readonly blindMs: number };
  'gateway.note': { readonly gateway: string; readonly kind: string; readonly text: string; readonly count?: number };
  'ingest.quarantined': {
    readonly gateway: string;
    readonly lane: string;
    readonly seq: number;
    readonly reason: string;
  };
  'policy.failed': { readonly rule: string; readonly event: string; readonly error: string };
  /** Alarms could not be grouped into incidents and stand alone. */
  'incidents.failed': { readonly error: string };
  /** Audit entries were deleted before they were sealed. */
  'audit.lost': { readonly count: number };
  /** The wall clock was set: by how much (+ is forward), and what it said at the last look before, ms. */
  'clock.jumped': { readonly jumpMs: number; readonly seenAt: number };
  'check.failed': {
    readonly check: string;
    readonly round?: string;
    readonly device?: string;
    readonly item: string;
    readonly value?: number;
    readonly note: string;
    readonly by: string;
    readonly building?: string;
    readonly floor?: number;
    readonly place?: string;
  };
  /** `alarm`: the one that opened the order or joined it, with the acts `open` and `join`. */
  'order.changed': OrderFact & { readonly act: string; readonly from?: string; readonly alarm?: string };
  'order.breached': OrderFact & { readonly clock: 'respond' | 'arrive' | 'restore' | 'contractor-called' | 'recall' };
  /** An order is still open because nobody is on duty to take it; `round` counts from 1. */
  'order.unattended': OrderFact & { readonly round: number };
  'notify.undelivered': {
    readonly notification: string;
    readonly person: string;
    readonly channel: string;
    readonly urgency: 'life' | 'urgent' | 'normal';
    readonly error: string;
  };
  /** A person was given a certificate. */
  'certificate.added': { readonly person: string; readonly certificate: string };
  /** A person's certificate was taken back before its time. */
  'certificate.revoked': { readonly person: string; readonly certificate: string };
  /** A person may not sign in any more, and no certificate of theirs counts. */
  'person.switched-off': { readonly person: string };
  /** A certificate ran out in the middle of a shift, or a shift fell below the site's minimum. */
  'duty.unqualified': {
    readonly person: string;
    readonly shift: string;
    readonly at: number;
    readonly reason?: 'expired' | 'revoked';
  };
  'duty.understaffed': { readonly qualified: number; readonly minimum: number; readonly at: number };
  /** Something of duty changed that screens show; `what` is a kind of record, or `roster`. */
  'duty.changed': { readonly what: string };
  /** Fewer have taken over than there must be: nobody when `present` is 0. */
  'duty.unstaffed': { readonly present: number; readonly minimum: number; readonly at: number };
  /** On duty longer than allowed, or past the end of the shift because nobody came. */
  'duty.overtime': {
    readonly person: string;
    readonly name: string;
    readonly since: number;
    readonly reason: 'over-hours' | 'not-relieved';
  };
  'duty.entry-missed': { readonly due: number; readonly people: readonly string[] };
  'duty.roll-call': { readonly source: string; readonly people: readonly string[] };
  'duty.roll-call-missed': {
    readonly source: string;
    /** Who was on duty. */
    readonly names: readonly string[];
    readonly askedBy?: string;
  };
  /** A fire hazard was reported, or something was done about it. */
  'hazard.changed': {
    readonly hazard: string;
    readonly number: string;
    readonly act: string;
    readonly from?: string;
    readonly state: string;
    readonly grade: 'general' | 'major';
    readonly title: { readonly zh: string; readonly en: string };
    readonly reporter: string;
    readonly responsible?: string;
    /** Who did it: a person's id, or the hub's own. */
    readonly by: string;
  };
  /** What should have been done about a hazard was not; `round` counts from 1. */
  'hazard.overdue': {
    readonly hazard: string;
    readonly number: string;
    readonly step: 'triage' | 'mend' | 'recheck';
    /** ms wall */
    readonly due: number;
    readonly round: number;
    readonly title: { readonly zh: string; readonly en: string };
    readonly responsible?: string;
  };
  /** The authority wants something put right, or something was done about it. */
  'rectification.changed': RectificationFact & { readonly act: string; readonly by: string };
  /** It is not yet anybody's, due in so many days, or overdue; `round` counts tellings of what is overdue from 1. */
  'rectification.due': RectificationFact & {
    readonly step: 'assign' | 'soon' | 'overdue';
    readonly days: number;
    readonly round: number;
  };
  'training.planned': {
    readonly training: string;
    readonly topic: string;
    readonly audience: 'staff' | 'owners';
    readonly place: string;
    /** ms wall */
    readonly at: number;
  };
  /** `round`: 0 ahead of its time, then 1, 2, … past it. */
  'training.due': {
    readonly of: 'person' | 'owners' | 'publicity';
    readonly person?: string;
    readonly name?: string;
    readonly dueAt: number;
    readonly days: number;
    readonly round: number;
  };
  /** A certificate is within so many days of its end. */
  'duty.certificate-expiring': {
    readonly person: string;
    readonly name: string;
    readonly kind: string;
    /** ms wall */
    readonly until: number;
    /** YYYY-MM-DD */
    readonly lastDay: string;
    readonly days: number;
  };
  'plan.started': SceneFact & { readonly run: string; readonly title: string; readonly mode: 'real' | 'drill' };
  /** Steps of a run whose turn has come, with whose they are. */
  'plan.turn': SceneFact & {
    readonly run: string;
    readonly title: string;
    readonly mode: 'real' | 'drill';
    readonly steps: readonly { readonly title: string; readonly role?: string }[];
  };
  'plan.step-late': SceneFact & {
    readonly run: string;
    readonly title: string;
    readonly mode: 'real' | 'drill';
    readonly step: string;
  };
  'drill.announced': SceneFact & { readonly drill: string; readonly title: string; readonly at: number };
  /** `round`: 0 ahead of its time, then 1, 2, … past it. */
  'drill.due': {
    readonly plan: string;
    readonly title: string;
    readonly dueAt: number;
    readonly daysLeft: number;
    readonly round: number;
  };
  /** `by`: who wrote it down. */
  'lane.reported': LaneFact;
  'lane.repeated': LaneFact & { readonly times: number };
  'lane.overdue': LaneFact & { readonly round: number; readonly minutes: number };
  'lane.cleared': LaneFact;
  'escort.called': EscortFact;
  /** The gate has not answered, or nobody has come. */
  'escort.late': EscortFact & { readonly what: 'gate' | 'arrive'; readonly round: number };
  'escort.lift-asked': EscortFact & { readonly lift: string };
  /** A reserved lift's time has come, or is over. */
  'lift.turn': {
    readonly reservation: string;
    readonly device: string;
    readonly purpose: string;
    readonly unit: string;
    readonly turn: 'begin' | 'end';
    readonly building?: string;
  };
  /** Something changed that stands beside alarms on screens: plans, their runs and drills, lanes, escorts, held lifts. */
  'scene.changed': { readonly what: 'plan' | 'run' | 'drill' | 'lane' | 'escort' | 'lift' | 'fire' };
}
export type EventType = keyof EventPayloads;

export interface AlarmFact {
  readonly alarm: string;
  readonly community: string;
  /** `{gateway}.{device}` */
  readonly device: string;
  readonly deviceKind: string;
  readonly point: string;
  /** Absent in events of older versions. */
  readonly deviceName?: { readonly zh: string; readonly en: string };
  readonly pointName?: { readonly zh: string; readonly en: string };
  readonly signal: string;
  readonly class: AlarmClass;
  readonly text: { readonly zh: string; readonly en: string };
  readonly building?: string;
  readonly floor?: number;
  readonly place?: string;
  readonly at: number;
  /** Raised while a drill or maintenance covers the place: marks everything, opens no order. */
  readonly mode?: 'drill' | 'maintenance';
}

export interface RectificationFact {
  readonly item: string;
  readonly visit: string;
  /** Of the authority's paper. */
  readonly number: string;
  readonly demand: string;
  readonly responsible?: string;
}

/** A fire procedure: what it began with, and where. */
export interface FireFact {
  readonly fire: string;
  readonly alarm: string;
  readonly what: { readonly zh: string; readonly en: string };
  readonly text: { readonly zh: string; readonly en: string };
  readonly building?: string;
  readonly floor?: number;
  readonly place?: string;
  readonly mode?: 'drill' | 'maintenance';
}

/** Where something of the scene is. */
export interface SceneFact {
  readonly building?: string;
  readonly floor?: number;
  readonly place?: string;
}
export interface LaneFact extends SceneFact {
  readonly blockage: string;
  readonly plate?: string;
  readonly by: string;
}
export interface EscortFact extends SceneFact {
  readonly escort: string;
  readonly service: string;
  readonly number: string;
  readonly reason: string;
}

export interface OrderFact {
  readonly order: string;
  readonly number: string;
  readonly kind: 'repair' | 'rescue' | 'inspection-fault' | 'request';
  readonly state: string;
  readonly priority: 'life' | 'urgent' | 'normal';
  readonly title: { readonly zh: string; readonly en: string };
  readonly assignee?: string;
}

export type NewEvent = {
  [T in EventType]: {
    readonly type: T;
    readonly community: string;
    readonly subject: string;
    readonly payload: EventPayloads[T];
  };
}[EventType];

export type Effect =
  | { readonly effect: 'event'; readonly event: NewEvent }
  | {
      readonly effect: 'timer';
      /** Unique: setting it again moves it. */
      readonly key: string;
      readonly kind: string;
      readonly community: string;
      /** ms wall; with basis `duration` it shifts with a wall-clock jump, with `calendar` it does not. */
      readonly dueAt: number;
      readonly basis: 'duration' | 'calendar';
      readonly payload: Record<string, unknown>;
    }
  | { readonly effect: 'cancel-timer'; readonly key: string }
  | {
      readonly effect: 'notify';
      /** Unique: the same thing is never told twice to the same person on the same channel. */
      readonly key: string;
      readonly community: string;
      readonly to: { readonly role: string } | { readonly user: string };
      readonly urgency: 'life' | 'urgent' | 'normal';
      /** Key in messages/{zh,en}.json with its arguments. */
      readonly message: string;
      readonly args: Record<string, string | number>;
      readonly link?: string;
    }
  | {
      readonly effect: 'audit';
      readonly community: string;
      readonly action: string;
      readonly entity: string;
      readonly entityId: string;
      readonly before?: unknown;
      readonly after?: unknown;
    };

/** What every command gets: its transaction, the time, who asks, and where its effects go (run in the same commit). */
export interface CommandContext {
  readonly tx: Tx;
  /** ms wall, read once at the entry point. */
  readonly now: number;
  readonly actor: Actor;
  emit(effect: Effect): void;
}

/** A stored event as the policy runner sees it. */
export type StoredEvent = NewEvent & { readonly id: string; readonly at: number };
