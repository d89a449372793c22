// Does anybody look at the control room's screen? What a desk's reports say of it, and when its silence is an alarm. Pure.
import { Type, type Static } from 'typebox';
import { ruleSet } from '../rules/api.ts';
import { LIVE_LIMITS } from './limits.ts';

const Ms = Type.Integer({ minimum: 5_000, maximum: 3_600_000 });

export const DESK_RULE = ruleSet({
  id: 'desk.watch',
  version: '2026-1',
  source:
    'own: a desk says every 3 s that it is there, so that 10 s without a word are three words missing; requirement S2',
  schema: Type.Object(
    {
      /** No desk has answered for this long while a control-room shift is on. */
      silentMs: Ms,
      /** A desk that answers, but is mute or hidden, counts as none after this. */
      impairedMs: Ms,
      /** After the hub's own start desks have this long to be back. */
      startGraceMs: Ms,
    },
    { additionalProperties: false },
  ),
  value: { silentMs: 10_000, impairedMs: 60_000, startGraceMs: 60_000 },
});
export type DeskRule = Static<typeof DESK_RULE.schema>;

/** The signal's id, on the point `desk` of the hub's own device. */
export const DESK_SIGNAL = 'desk-silent';

/** It answers, but nobody would hear or see a new alarm. */
export type Impairment = 'mute' | 'hidden';

/** One person's desk as last heard; times in ms of whichever clock the caller compares them with. */
export interface Desk {
  readonly person: string;
  readonly seenAt: number;
  readonly impaired?: { readonly by: Impairment; readonly since: number };
}

/** What a report says of its screen; none of it can be trusted to have the form it should. */
export interface DeskWord {
  /** It shows what the hub says now: it has heard one of the last beats. */
  readonly fresh: boolean;
  readonly impaired: Impairment | undefined;
}

/** @param beat number of the hub's last beat; a report that names none is taken as fresh, since it has come */
export function deskWord(report: unknown, beat: number): DeskWord {
  const said = (report ?? {}) as { readonly audio?: unknown; readonly visible?: unknown; readonly beat?: unknown };
  const behind = typeof said.beat === 'number' ? beat - said.beat : 0;
  const fresh = behind >= 0 && behind <= LIVE_LIMITS.deskBeatsBehind;
  return { fresh, impaired: said.visible !== true ? 'hidden' : said.audio !== 'running' ? 'mute' : undefined };
}

/** A desk after one more fresh report. What was away for longer than `silentMs` begins anew. */
export function heardAgain(
  before: Desk | undefined,
  person: string,
  word: DeskWord,
  at: { readonly now: number; readonly silentMs: number },
): Desk {
  const { now, silentMs } = at;
  if (word.impaired === undefined) return { person, seenAt: now };
  const known = before && now - before.seenAt < silentMs ? before.impaired : undefined;
  return { person, seenAt: now, impaired: { by: word.impaired, since: known?.since ?? now } };
}

/** Why no desk counts. `unqualified`: who sits there may not acknowledge. */
export type SilentReason = 'none' | 'unqualified' | Impairment;
export type Finding =
  | { readonly state: 'answered' | 'patient'; /** ms until it may be otherwise */ readonly forMs: number }
  | { readonly state: 'silent'; readonly why: SilentReason };

/**
 * Any one desk of somebody qualified that is neither mute nor hidden for too long is enough.
 * @param graceMs silence is not held against anybody for this much longer (the hub or the shift has just begun)
 */
export function judgeDesks(
  desks: readonly (Desk & { readonly qualified: boolean })[],
  rule: DeskRule,
  now: number,
  graceMs: number,
): Finding {
  const left = (d: Desk): number =>
    Math.min(
      d.seenAt + rule.silentMs - now,
      d.impaired === undefined ? Infinity : d.impaired.since + rule.impairedMs - now,
    );
  const longest = Math.max(0, ...desks.filter((d) => d.qualified).map(left));
  if (longest > 0) return { state: 'answered', forMs: longest };
  if (graceMs > 0) return { state: 'patient', forMs: graceMs };
  const here = desks.filter((d) => d.seenAt + rule.silentMs > now);
  const impaired = here.find((d) => d.qualified && d.impaired)?.impaired?.by;
  return { state: 'silent', why: impaired ?? (here.length > 0 ? 'unqualified' : 'none') };
}
