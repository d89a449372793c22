// The clocks of a fire on the one timer table: which begin with what, which are over, and what happens when one runs out.
import type { CommandContext } from '../events/api.ts';
import { ruleInForce } from '../rules/api.ts';
import type { DueTimer } from '../timers-store.ts';
import { CLOCKS, type Clock } from './contract.ts';
import { FIRE_CLOCKS, type FireClocks } from './norms.ts';
import { factOfFire } from './fact.ts';
import { keep } from './record.ts';
import { standingOf } from './standing.ts';
import { isMet } from './steps.ts';
import { lockFire, type FireRow } from './store.ts';

/** Timer kind; the key is `fire.clock:{fire}:{clock}`. */
export const FIRE_TIMER = 'fire.clock';
export const clockKey = (fire: string, clock: Clock): string => `${FIRE_TIMER}:${fire}:${clock}`;

const lengthOf = (clock: Clock, rule: FireClocks): number =>
  ({
    confirm: rule.confirmMs,
    linkage: rule.linkageMs,
    'call-119': rule.call119Ms,
    evacuation: rule.evacuationMs,
    report: rule.reportMs,
  })[clock];

/** Begins clocks at a moment (ms wall). */
export async function startClocks(
  c: CommandContext,
  fire: Pick<FireRow, 'id' | 'community'>,
  clocks: readonly Clock[],
  from: number,
): Promise<void> {
  const rule = (await ruleInForce(c.tx, fire.community, FIRE_CLOCKS)).value;
  for (const clock of clocks)
    c.emit({
      effect: 'timer',
      key: clockKey(fire.id, clock),
      kind: FIRE_TIMER,
      community: fire.community,
      dueAt: from + lengthOf(clock, rule),
      basis: 'duration',
      payload: { fire: fire.id, clock },
    });
}

export function stopClocks(c: CommandContext, fire: string, clocks: readonly Clock[] = CLOCKS): void {
  for (const clock of clocks) c.emit({ effect: 'cancel-timer', key: clockKey(fire, clock) });
}

/** Time is up: what was waited for is missing, which is kept and told. */
export async function clockRanOut(c: CommandContext, timer: DueTimer): Promise<void> {
  const clock = CLOCKS.find((known) => known === timer.payload['clock']);
  const fire = await lockFire(c.tx, timer.community, String(timer.payload['fire']));
  if (!fire || clock === undefined || fire.closedAt !== null) return;
  if (isMet(clock, await standingOf(c.tx, fire))) return;
  const entry = await keep(c, fire, 'breach', { clock, dueAt: new Date(timer.dueAt).toISOString() });
  c.emit({
    effect: 'event',
    event: {
      type: 'fire.breached',
      community: fire.community,
      subject: fire.id,
      payload: { entry, clock, ...factOfFire(fire) },
    },
  });
}
