// The breaker of one slave: after failures in a row it is asked less often, so that a dead slave never stalls its bus.
import type { ModbusLimits } from './limits.ts';

/** `open`: not asked before `until` (monotonic ms). `probing`: one read is under way that decides. */
export type Breaker =
  | { readonly state: 'closed'; readonly failures: number }
  | { readonly state: 'open'; readonly until: number; readonly probeMs: number }
  | { readonly state: 'probing'; readonly probeMs: number };

export type BreakerLimits = Pick<ModbusLimits, 'breakerFailures' | 'breakerProbeMinMs' | 'breakerProbeMaxMs'>;

export const CLOSED: Breaker = { state: 'closed', failures: 0 };

/** Whether a read may go out now. */
export const admits = (breaker: Breaker, now: number): boolean =>
  breaker.state === 'closed' || (breaker.state === 'open' && now >= breaker.until);

/** A read goes out: an open breaker whose time has come is probing with it. */
export const tried = (breaker: Breaker): Breaker =>
  breaker.state === 'open' ? { state: 'probing', probeMs: breaker.probeMs } : breaker;

export const succeeded = (breaker: Breaker): Breaker =>
  breaker.state === 'closed' && breaker.failures === 0 ? breaker : CLOSED;

/** The slave did not answer, or its gateway answered for it that it does not (0A, 0B). */
export function failed(breaker: Breaker, now: number, limits: BreakerLimits): Breaker {
  if (breaker.state === 'open') return breaker;
  if (breaker.state === 'probing') {
    const probeMs = Math.min(breaker.probeMs * 2, limits.breakerProbeMaxMs);
    return { state: 'open', until: now + probeMs, probeMs };
  }
  const failures = breaker.failures + 1;
  if (failures < limits.breakerFailures) return { state: 'closed', failures };
  return { state: 'open', until: now + limits.breakerProbeMinMs, probeMs: limits.breakerProbeMinMs };
}

/** The probe was never judged (the connection went): it may be tried again at once. */
export const abandoned = (breaker: Breaker, now: number): Breaker =>
  breaker.state === 'probing' ? { state: 'open', until: now, probeMs: breaker.probeMs } : breaker;
