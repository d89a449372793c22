// What the rules of policies.ts need that main.ts must hand in.
import type { CommandContext } from './events/api.ts';
import type { OrderPorts } from './work-orders/api.ts';

export interface PolicyPorts extends OrderPorts {
  /** Raises a FAULT of the hub itself on its own point, or goes on with the open one. */
  raiseFault(c: CommandContext, fault: HubFault): Promise<void>;
  /** Tells the alarm which order answers it, so that screens show it. */
  linkAlarm(c: CommandContext, alarm: string, order: string): Promise<void>;
  /** Moves since when signals are known to be gone with a jump of the wall clock. */
  shiftSteady(c: CommandContext, jumpMs: number): Promise<void>;
  /** Has this page reached anyone at all? */
  reachedAnyone(c: CommandContext, notification: string): Promise<boolean>;
}

export interface HubFault {
  readonly community: string;
  /** Which of the hub's own signals. */
  readonly signal: 'policy' | 'page' | 'audit' | 'grouping' | 'history' | 'clock' | 'rules' | 'duty' | 'records';
  readonly text: { readonly zh: string; readonly en: string };
}
