// The steps of dealing with an alarm, read off its record. A fire has a procedure of its own (fires/), which is recorded.
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import { isUnacked } from './classes.ts';

export const STEP_IDS = ['received', 'acked', 'verdict', 'reset', 'released', 'over'] as const;
export type StepId = (typeof STEP_IDS)[number];
export const REMINDERS = ['call-lift-company', 'comfort', 'dont-force'] as const;
export type Reminder = (typeof REMINDERS)[number];

export interface Step {
  readonly id: StepId;
  readonly status: 'done' | 'now' | 'later';
  readonly at?: string;
  readonly by?: string;
  readonly reminders: readonly Reminder[];
}

interface Draft {
  readonly id: StepId;
  readonly done: boolean;
  readonly at?: string | undefined;
  readonly by?: string | undefined;
  readonly reminders?: readonly Reminder[];
}

function remindersOf(alarm: AlarmView, step: StepId): readonly Reminder[] {
  if (alarm.class === 'ENTRAPMENT' && step === 'acked') return ['call-lift-company', 'comfort', 'dont-force'];
  return [];
}

/** Exactly one step is `now`, unless all are done. */
export function stepsOf(alarm: AlarmView): readonly Step[] {
  const over = alarm.state === 'normal';
  const drafts: Draft[] = [
    { id: 'received', done: true, at: alarm.receivedAt },
    {
      id: 'acked',
      done: alarm.acked !== undefined && !isUnacked(alarm.state),
      at: alarm.acked?.at,
      by: alarm.acked?.name,
    },
    { id: 'verdict', done: alarm.verdict !== undefined, at: alarm.verdict?.at, by: alarm.verdict?.name },
    lastStep(alarm, over),
  ];
  const now = drafts.find((draft) => !draft.done)?.id;
  return drafts.map((draft) => ({
    id: draft.id,
    status: draft.done ? 'done' : draft.id === now ? 'now' : 'later',
    ...(draft.done && draft.at !== undefined ? { at: draft.at } : {}),
    ...(draft.done && draft.by !== undefined ? { by: draft.by } : {}),
    reminders: over ? [] : remindersOf(alarm, draft.id),
  }));
}

/** What ends it: a person's release, the panel's reset, or simply the condition going. */
function lastStep(alarm: AlarmView, over: boolean): Draft {
  if (alarm.class === 'ENTRAPMENT') return { id: 'released', done: over, at: alarm.closedAt };
  const latched = alarm.state.startsWith('latched') || alarm.class === 'FIRE';
  return { id: latched ? 'reset' : 'over', done: over, at: alarm.closedAt };
}
