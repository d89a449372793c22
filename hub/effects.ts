// The one executor of effects: what a command wanted to happen, done in the command's own transaction.
import { appendAudit } from './audit/api.ts';
import type { Tx } from './db/tx.ts';
import type { Actor, Effect } from './events/api.ts';
import { appendEvents } from './events/store.ts';
import { RefusalError } from './http/problem.ts';
import type { EffectRunner } from './http/command.ts';
import { cancelTimers, setTimers } from './timers-store.ts';

type Kind = Effect['effect'];
type Of<K extends Kind> = Extract<Effect, { effect: K }>;

const of = <K extends Kind>(effects: readonly Effect[], kind: K): Of<K>[] =>
  effects.filter((e): e is Of<K> => e.effect === kind);

export interface EffectParts {
  /** Queues notifications in the transaction; they leave after commit. */
  readonly enqueue: (tx: Tx, notifications: readonly Omit<Of<'notify'>, 'effect'>[], now: number) => Promise<void>;
  /** Why privileged writes must stop: the audit cannot be kept. */
  readonly auditBlocked: () => string | undefined;
}

/**
 * Makes the executor. A person's audited act is refused (`unavailable`) while the audit fails; what the hub and devices
 * do goes on, so that alarms are still shown.
 */
export function makeEffects({ enqueue, auditBlocked }: EffectParts): EffectRunner {
  return async (tx, effects, context: { readonly now: number; readonly actor: Actor }) => {
    const { now, actor } = context;
    const audits = of(effects, 'audit');
    if (audits.length > 0 && actor.kind === 'user' && auditBlocked() !== undefined) {
      throw new RefusalError('unavailable', 'audit');
    }
    // A timer that is set and cancelled by the same command ends as its last effect says.
    const timers = new Map<string, Of<'timer'> | Of<'cancel-timer'>>();
    for (const effect of effects) {
      if (effect.effect === 'timer' || effect.effect === 'cancel-timer') timers.set(effect.key, effect);
    }
    const last = [...timers.values()];
    await setTimers(tx, of(last, 'timer'), now);
    await cancelTimers(
      tx,
      of(last, 'cancel-timer').map((t) => t.key),
    );
    await enqueue(tx, of(effects, 'notify'), now);
    await appendAudit(tx, audits, context);
    await appendEvents(
      tx,
      of(effects, 'event').map((e) => e.event),
      now,
    );
  };
}
