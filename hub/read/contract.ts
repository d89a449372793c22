// The control room's overview: buildings in section with what stands on each floor.
import { Type, type Static } from 'typebox';
import { RollUp } from '../alarms/contract.ts';
import { EscortView, TakenLift } from '../escorts/contract.ts';
import { OpenLane } from '../lanes/contract.ts';
import { OpenRun } from '../plans/contract.ts';
import { OrderView } from '../work-orders/contract.ts';
const Words = Type.Object({ zh: Type.String(), en: Type.String() });

export const OverviewView = Type.Object({
  /** `timeZone`: IANA name of the zone in which people at the site read times. */
  community: Type.Object({ id: Type.String(), name: Words, timeZone: Type.String() }),
  buildings: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Words,
      floors: Type.Array(
        Type.Object({
          floor: Type.Integer(),
          name: Words,
          points: Type.Integer(),
          /** Points whose value cannot be believed now: stale, bad or never. */
          unknown: Type.Integer(),
          unproved: Type.Integer(),
          mode: Type.Optional(Type.Enum(['drill', 'maintenance'])),
        }),
      ),
      panels: Type.Array(Type.Object({ device: Type.String(), name: Words, online: Type.Boolean() })),
      /** Floor position and door as points on the live channel. */
      elevators: Type.Array(
        Type.Object({
          device: Type.String(),
          name: Words,
          online: Type.Boolean(),
          /** `num` of the point on the live channel, where the device has it. */
          position: Type.Optional(Type.Integer()),
          direction: Type.Optional(Type.Integer()),
          door: Type.Optional(Type.Integer()),
        }),
      ),
    }),
  ),
  /** When the list of open alarms rolls up. */
  rollUp: RollUp,
  /** Trends at the foot of the screen: pump-room pressures, tank levels and the like. */
  trends: Type.Array(
    Type.Object({
      device: Type.String(),
      deviceName: Words,
      point: Type.String(),
      num: Type.Integer(),
      name: Words,
      unit: Type.String(),
      band: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
    }),
  ),
});
export type OverviewView = Static<typeof OverviewView>;

// The entrapment console: everything about one rescue on one screen.
const Time = Type.String({ format: 'date-time' });
const by = { by: Type.String(), name: Type.String(), at: Time };
const Note = Type.Optional(Type.String());

export const RescueClock = Type.Object({
  clock: Type.Enum(['respond', 'contractor-called', 'arrive', 'recall']),
  dueAt: Time,
  doneAt: Type.Optional(Time),
  breachedAt: Type.Optional(Time),
});
export type RescueClock = Static<typeof RescueClock>;

/** The contract's penalty with its calculation; money in integer fen. */
export const PenaltyView = Type.Object({
  status: Type.Enum(['no-contract', 'not-told', 'on-time', 'running', 'final']),
  toldAt: Type.Optional(Time),
  dueAt: Type.Optional(Time),
  until: Type.Optional(Time),
  arriveMs: Type.Optional(Type.Integer()),
  stepMs: Type.Optional(Type.Integer()),
  perStepFen: Type.Optional(Type.Integer()),
  capFen: Type.Optional(Type.Integer()),
  lateMs: Type.Integer(),
  steps: Type.Integer(),
  fen: Type.Integer(),
  capped: Type.Boolean(),
});
export type PenaltyView = Static<typeof PenaltyView>;

export const LiftPoint = Type.Object({
  id: Type.String(),
  /** Number of the point on the live channel. */
  num: Type.Integer(),
  name: Words,
  type: Type.String(),
  value: Type.Union([Type.Number(), Type.String(), Type.Null()]),
  unit: Type.String(),
  quality: Type.Enum(['good', 'stale', 'bad', 'never']),
  reason: Type.String(),
  sourceTime: Type.Union([Time, Type.Null()]),
  enum: Type.Optional(Type.Record(Type.String(), Words)),
});
export type LiftPoint = Static<typeof LiftPoint>;

export const CLOSE_LACKS = ['released', 'service-state', 'inspection', 'finish', 'verify'] as const;

export const RescueView = Type.Object({
  /** The hub's time as it answered: clocks on screens follow it, not the browser's. */
  now: Time,
  order: OrderView,
  community: Words,
  buildingName: Type.Optional(Words),
  /** Under which it can be replayed; absent where no alarm caused it. */
  incident: Type.Optional(Type.String()),
  /** When it began: the signal's order was opened, or people were inside again. */
  beganAt: Time,
  lift: Type.Object({
    device: Type.Optional(Type.String()),
    name: Words,
    /** By which the emergency centre knows it. */
    code: Type.Union([Type.String(), Type.Null()]),
    online: Type.Boolean(),
    lastHeard: Type.Union([Time, Type.Null()]),
    points: Type.Array(LiftPoint),
  }),
  clocks: Type.Array(RescueClock),
  /** Calls in a row that nobody inside answered. */
  unanswered: Type.Integer(),
  calls: Type.Array(
    Type.Object({
      id: Type.String(),
      party: Type.String(),
      outcome: Type.String(),
      number: Note,
      note: Note,
      ...by,
    }),
  ),
  people: Type.Union([
    Type.Object({
      count: Type.Optional(Type.Integer()),
      elderly: Type.Optional(Type.Integer()),
      children: Type.Optional(Type.Integer()),
      unwell: Type.Optional(Type.Boolean()),
      note: Note,
      ...by,
    }),
    Type.Null(),
  ]),
  steps: Type.Array(Type.Object({ step: Type.String(), condition: Type.Optional(Type.String()), note: Note, ...by })),
  contract: Type.Union([Type.Object({ id: Type.String(), company: Words, phone: Type.String() }), Type.Null()]),
  numbers: Type.Object({ fire: Type.String(), ambulance: Type.String(), centre: Type.String() }),
  penalty: PenaltyView,
  /** A further signal of the lift after the release: someone may be inside again. */
  signalAfterRelease: Type.Boolean(),
  /** What is still missing before it can be closed. */
  lacks: Type.Array(Type.Enum([...CLOSE_LACKS])),
  exports: Type.Array(Type.Object({ sha256: Type.String(), format: Type.String(), entries: Type.Integer(), ...by })),
});
export type RescueView = Static<typeof RescueView>;

export const RescueItem = Type.Object({
  id: Type.String(),
  number: Type.String(),
  title: Words,
  state: Type.String(),
  deviceName: Type.Optional(Words),
  building: Type.Optional(Type.String()),
  openedAt: Time,
  released: Type.Boolean(),
});
export type RescueItem = Static<typeof RescueItem>;

export const TIMELINE_KINDS = [
  'telemetry',
  'signal',
  'escalation',
  'page',
  'act',
  'milestone',
  'call',
  'people',
  'step',
] as const;
export const TimelineEntry = Type.Object({
  /** Place in the list, from 1. */
  n: Type.Integer(),
  at: Time,
  kind: Type.Enum([...TIMELINE_KINDS]),
  /** What happened, e.g. `raised`, `respond`, `inside/reached`, a point's id. */
  code: Type.String(),
  who: Type.String(),
  text: Type.String(),
  value: Type.Optional(Type.Union([Type.Number(), Type.String(), Type.Null()])),
  unit: Type.Optional(Type.String()),
  quality: Type.Optional(Type.String()),
});
export type TimelineEntry = Static<typeof TimelineEntry>;

/** Catalogue keys of what an entry's code says, to be joined; what no catalogue knows is shown as the code it is. */
export function codeKeys({
  kind,
  code,
}: Pick<TimelineEntry, 'kind' | 'code'>): readonly { readonly key: string; readonly code: string }[] {
  const [first = '', second = ''] = code.split('/');
  switch (kind) {
    case 'call':
      return [
        { key: `ui.rescue.call.${first}`, code: first },
        { key: `ui.rescue.outcome.${second}`, code: second },
      ];
    case 'page':
      return [{ key: `ui.rescue.page.${code.replace(/^notify\./, '')}`, code }];
    case 'milestone':
      return [{ key: `ui.milestone.${code}`, code }];
    case 'escalation':
      return [{ key: `ui.rescue.clock.${code}`, code }];
    case 'step':
      return [{ key: `ui.rescue.step.${code}`, code }];
    case 'signal':
      return [{ key: `ui.fire.act.${code}`, code }];
    case 'act':
      return [{ key: `ui.order.act.${code}`, code }];
    case 'telemetry':
    case 'people':
      return [{ key: code, code }];
  }
}

export const RescueTimeline = Type.Object({
  format: Type.Literal('fengsui-rescue-1'),
  community: Type.String(),
  order: Type.Object({
    id: Type.String(),
    number: Type.String(),
    state: Type.String(),
    openedAt: Time,
    closedAt: Type.Union([Time, Type.Null()]),
    serviceState: Type.Union([Type.String(), Type.Null()]),
  }),
  lift: Type.Object({ device: Type.Union([Type.String(), Type.Null()]), name: Words }),
  penalty: PenaltyView,
  telemetry: Type.Object({
    status: Type.Enum(['ok', 'unavailable', 'cut', 'no-device']),
    from: Time,
    to: Time,
    /** Samples that only repeated what stood before, and are left out. */
    repeats: Type.Integer(),
  }),
  entries: Type.Array(TimelineEntry),
});
export type RescueTimeline = Static<typeof RescueTimeline>;

export const ExportBody = Type.Object({ format: Type.Enum(['json', 'csv']) }, { additionalProperties: false });
export const ExportView = Type.Object({
  name: Type.String(),
  sha256: Type.String(),
  format: Type.String(),
  entries: Type.Integer(),
  /** The file's bytes as text (UTF-8). */
  text: Type.String(),
});
export type ExportView = Static<typeof ExportView>;

/** Whether a file is, byte for byte, a timeline that was handed out. */
export const ExportProof = Type.Object({
  known: Type.Boolean(),
  order: Type.Optional(Type.String()),
  number: Type.Optional(Type.String()),
  format: Type.Optional(Type.String()),
  entries: Type.Optional(Type.Integer()),
  at: Type.Optional(Time),
  name: Type.Optional(Type.String()),
  /** Its entry in the audit: null when the audit does not know the hash, so that the record itself is in doubt. */
  audit: Type.Optional(
    Type.Union([Type.Object({ id: Type.String(), seq: Type.Union([Type.Integer(), Type.Null()]) }), Type.Null()]),
  ),
});
export type ExportProof = Static<typeof ExportProof>;

/** What stands beside the alarms on every desk. */
export const SceneView = Type.Object({
  lanes: Type.Array(OpenLane),
  escorts: Type.Array(EscortView),
  lifts: Type.Array(TakenLift),
  runs: Type.Array(OpenRun),
});
export type SceneView = Static<typeof SceneView>;

/** One look of a reader from outside. */
export const ReadingView = Type.Object({
  id: Type.String(),
  at: Time,
  person: Type.String(),
  name: Type.String(),
  /** Last day of their access. */
  accessUntil: Type.Optional(Type.String({ format: 'date' })),
  /** Left the hub as a file. */
  taken: Type.Boolean(),
  /** One of hub/http/reading.ts; empty once it was erased. */
  reading: Type.String(),
  /** With which words it was asked for. */
  asked: Type.Array(Type.Object({ key: Type.String(), value: Type.String() })),
});
export type ReadingView = Static<typeof ReadingView>;

export const ReadingPage = Type.Object({
  items: Type.Array(ReadingView),
  next: Type.Union([Type.String(), Type.Null()]),
});
export type ReadingPage = Static<typeof ReadingPage>;
