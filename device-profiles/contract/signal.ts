// What a signal is: a condition that a profile declares on points, with its class, latch, delays and words.
import { Type, type Static } from 'typebox';
import { DEVICE_KINDS } from './kinds.ts';
import { NumberOrParam, Text } from './point.ts';

/**
 * Classes that become alarms, in the order in which the screen ranks them (DESIGN 6, after GB 4717:
 * fire, then supervisory, then the rest).
 */
export const ALARM_CLASSES = [
  'FIRE', // 火警
  'ENTRAPMENT', // 困人
  'PREALARM', // 预警
  'SUPERVISORY', // 监管
  'ACTION', // 启动
  'FEEDBACK', // 反馈
  'FAULT', // 故障
  'COMMS', // 通信中断
  'PROCESS', // 越限
  'DISABLED', // 屏蔽
  'TEST', // 测试
] as const;
export type AlarmClass = (typeof ALARM_CLASSES)[number];

/** Panel events and modes: signals too, but states of the panel rather than alarms. */
export const PANEL_CLASSES = [
  'RESET', // 复位: releases what the panel latched
  'SILENCE', // 消音
  'DELAY', // 延时
  'MODE', // 手动/自动: active means "not automatic"
  'RUN', // 运行: the machine runs, where that by itself is no alarm
] as const;
export type PanelClass = (typeof PANEL_CLASSES)[number];
export const SIGNAL_CLASSES = [...ALARM_CLASSES, ...PANEL_CLASSES] as const;
export type SignalClass = AlarmClass | PanelClass;

/** Rank for ordering (small is first): FIRE, ENTRAPMENT; PREALARM; SUPERVISORY; ACTION, FEEDBACK; FAULT…; DISABLED; TEST. */
export const CLASS_RANK: Record<AlarmClass, number> = {
  FIRE: 0,
  ENTRAPMENT: 1,
  PREALARM: 2,
  SUPERVISORY: 3,
  ACTION: 4,
  FEEDBACK: 4,
  FAULT: 5,
  COMMS: 5,
  PROCESS: 5,
  DISABLED: 6,
  TEST: 7,
};

/** Classes that can never be shelved (DESIGN 6). */
export const NEVER_SHELVED: readonly AlarmClass[] = ['FIRE', 'ENTRAPMENT'];

const closed = { additionalProperties: false } as const;

/**
 * One comparison. Without `point` it looks at the signal's own point. `bit` / `bits` take a field of the raw integer
 * first. Exactly one of eq, ne, gt, ge, lt, le, in, notIn, reason. `hyst` keeps gt/ge/lt/le true until the value has
 * come back by that much. A value that is not good makes a comparison *unknown*, never false (DESIGN 6: gaps never
 * count as normal). `reason` looks at why a value is not good, not at the value; it is unknown only while nothing is
 * heard of the point and another reason is asked for. What all this means is code in conditions.ts.
 */
export const Comparison = Type.Object(
  {
    point: Type.Optional(Type.String()),
    bit: Type.Optional(Type.Integer({ minimum: 0, maximum: 63 })),
    bits: Type.Optional(
      Type.Tuple([Type.Integer({ minimum: 0, maximum: 63 }), Type.Integer({ minimum: 0, maximum: 63 })]),
    ),
    eq: Type.Optional(NumberOrParam),
    ne: Type.Optional(NumberOrParam),
    gt: Type.Optional(NumberOrParam),
    ge: Type.Optional(NumberOrParam),
    lt: Type.Optional(NumberOrParam),
    le: Type.Optional(NumberOrParam),
    in: Type.Optional(Type.Array(Type.Number(), { minItems: 1 })),
    notIn: Type.Optional(Type.Array(Type.Number(), { minItems: 1 })),
    hyst: Type.Optional(Type.Number({ minimum: 0 })),
    reason: Type.Optional(Type.String()),
  },
  closed,
);
export type Comparison = Static<typeof Comparison>;

export type Condition = Comparison | { all: Condition[] } | { any: Condition[] } | { not: Condition };
export const Condition = Type.Cyclic(
  {
    Condition: Type.Union([
      Comparison,
      Type.Object({ all: Type.Array(Type.Ref('Condition'), { minItems: 1 }) }, closed),
      Type.Object({ any: Type.Array(Type.Ref('Condition'), { minItems: 1 }) }, closed),
      Type.Object({ not: Type.Ref('Condition') }, closed),
    ]),
  },
  'Condition',
);

/** none: follows the condition. panel: kept until the device's RESET signal. manual: kept until a person closes it. */
export const LATCHES = ['none', 'panel', 'manual'] as const;
export type Latch = (typeof LATCHES)[number];

export const Signal = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]*$', maxLength: 64 }),
    class: Type.Enum([...SIGNAL_CLASSES]),
    /** The point the alarm stands on; a template id of a repeat means every point made from it. */
    point: Type.String(),
    when: Condition,
    /** Only devices of these kinds have the signal (profile files only; a compiled signal has none). */
    kinds: Type.Optional(Type.Array(Type.Enum([...DEVICE_KINDS]), { minItems: 1 })),
    latch: Type.Optional(Type.Enum([...LATCHES])),
    /** The condition must hold this long, without a gap, before the signal is raised (ms). */
    onDelayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400_000 })),
    /** The condition must be gone this long before the signal clears (ms). */
    offDelayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400_000 })),
    text: Text,
    /** What the operator or technician should look at first. */
    advice: Type.Optional(Text),
  },
  closed,
);
export type Signal = Static<typeof Signal>;
