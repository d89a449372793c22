// What the screen sees of history: buckets for a chart, raw samples, time spent in each state.
import { Type, type Static } from 'typebox';
import { QUALITIES } from '../../device-profiles/contract/point.ts';

const closed = { additionalProperties: false } as const;
const Time = Type.String({ format: 'date-time', description: 'ISO 8601, UTC' });
const NumberOrNull = Type.Union([Type.Number(), Type.Null()]);

/**
 * What was recorded in [t, t + widthMs). `min`, `max`, `mean`, `last` and `count` are over samples of good quality that
 * hold a number; `notGood` counts the samples that say "not to be believed", so that a chart can break its line there.
 * A bucket in which nothing was recorded is absent; one with `count` 0 has null in the four values.
 */
export const Bucket = Type.Object(
  {
    t: Time,
    min: NumberOrNull,
    max: NumberOrNull,
    mean: NumberOrNull,
    last: NumberOrNull,
    count: Type.Integer({ minimum: 0 }),
    notGood: Type.Integer({ minimum: 0 }),
  },
  closed,
);
export type Bucket = Static<typeof Bucket>;

export const SampleOut = Type.Object(
  {
    t: Time,
    value: Type.Union([Type.Number(), Type.String(), Type.Null()]),
    quality: Type.Enum([...QUALITIES]),
  },
  closed,
);
export type SampleOut = Static<typeof SampleOut>;

/** Reply of `/api/devices/{id}/points/{point}/history`. */
export const BucketsReply = Type.Object(
  {
    widthMs: Type.Integer({ minimum: 1 }),
    /** The range the buckets cover: the one asked for, widened to whole buckets. */
    from: Time,
    to: Time,
    buckets: Type.Array(Bucket),
  },
  closed,
);
export type BucketsReply = Static<typeof BucketsReply>;

export const RawReply = Type.Object(
  {
    samples: Type.Array(SampleOut),
    /** The sample that still holds at `from`, if one was recorded shortly before. */
    before: Type.Union([SampleOut, Type.Null()]),
    /** Cursor of the next page; null at the end. */
    next: Type.Union([Type.String(), Type.Null()]),
  },
  closed,
);
export type RawReply = Static<typeof RawReply>;

/** Time in each state within a range. What nobody knows (bad quality, silence) is `unknownMs`, never a state. */
export const StatesReply = Type.Object(
  {
    states: Type.Array(
      Type.Object(
        {
          value: Type.Union([Type.Number(), Type.String()]),
          ms: Type.Integer({ minimum: 0 }),
          /** How often the state came up after a different one; what was known first counts as no change. */
          entered: Type.Integer({ minimum: 0 }),
        },
        closed,
      ),
    ),
    unknownMs: Type.Integer({ minimum: 0 }),
  },
  closed,
);
export type StatesReply = Static<typeof StatesReply>;
