// What each point of a panel or pump says of it, from the signals that its profile declares. Pure.
import { evaluate } from '../../../device-profiles/contract/conditions.ts';
import type { PointSignal } from '../../../device-profiles/contract/conditions.ts';
import { ONLINE_POINT } from '../../../device-profiles/contract/profile.ts';
import type { AlarmClass, SignalClass } from '../../../device-profiles/contract/signal.ts';
import type { DeviceState, Track } from './contract.ts';

export interface RolePoint {
  readonly id: string;
  readonly type: string;
}
export interface Role {
  readonly role: Track['role'];
  /** Which state a value means; undefined: none. */
  readonly means: (value: number | string) => DeviceState | undefined;
}

const RUNNING: readonly SignalClass[] = ['RUN', 'ACTION', 'FEEDBACK'];
/** Of a panel these say how it is itself; its detectors and modules are told by their alarms. */
const OF_PANEL: readonly SignalClass[] = ['MODE', 'SILENCE', 'DELAY'];

/** Alarms of these classes are states of their device. */
export const STATE_OF: Readonly<Partial<Record<AlarmClass, DeviceState>>> = {
  FIRE: 'fire',
  FAULT: 'fault',
  SUPERVISORY: 'fault',
  PROCESS: 'fault',
  ACTION: 'running',
  DISABLED: 'disabled',
};

function whenTrue(signal: PointSignal, state: DeviceState | undefined): Role['means'] {
  return (value) => {
    const truth = evaluate(signal.when, () => ({ value, quality: 'good', reason: '' }));
    return truth === 'true' ? state : undefined;
  };
}

/** @param signals those that stand on the point; undefined role: its bar says nothing of the device */
export function roleOf(point: RolePoint, kind: string, signals: readonly PointSignal[]): Role | undefined {
  if (point.id === ONLINE_POINT) return { role: 'online', means: (value) => (value === 1 ? 'normal' : 'offline') };
  const own = signals.filter((s) => s.reads.every((read) => read === point.id));
  const of = (classes: readonly SignalClass[]): PointSignal | undefined =>
    own.find((s) => classes.includes(s.signal.class));
  const mode = of(['MODE']);
  if (mode) return { role: 'manual', means: whenTrue(mode, 'manual') };
  if (kind === 'fire-panel') return of(OF_PANEL) ? { role: 'other', means: () => undefined } : undefined;
  const running = of(RUNNING);
  if (running) return { role: 'running', means: whenTrue(running, 'running') };
  if (point.type !== 'bool' && point.type !== 'enum') return undefined;
  return { role: 'other', means: () => undefined };
}
