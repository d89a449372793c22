// The demo's duty roster: operators and technicians of the demo always hold a valid shift, extended by itself.
import type { CommandContext } from '../events/api.ts';
import type { ShiftKind } from '../duty/contract.ts';
import {
  CONTROL_ROOM_CERTIFICATE,
  DUTY_LIMITS,
  DUTY_RULE,
  lastShiftEnd,
  planShift,
  shiftsBetween,
} from '../duty/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { certified, usersByRole } from '../staff/api.ts';
import type { Role } from '../http/policy.ts';

export const DEMO_DUTY_TIMER = 'demo.duty';

const HOUR = 3_600_000;
/** The roster reaches at least this far ahead, and the first shift began this long ago. */
const AHEAD_MS = 24 * HOUR;
const BEFORE_MS = 4 * HOUR;
const EXTEND_EVERY_MS = 4 * HOUR;

const CREWS: readonly { readonly kind: ShiftKind; readonly roles: readonly Role[] }[] = [
  { kind: 'control-room', roles: ['operator'] },
  { kind: 'maintenance', roles: ['technician'] },
];

interface Crew {
  readonly kind: ShiftKind;
  readonly people: readonly string[];
}

async function crewOf(c: CommandContext, community: string, kind: ShiftKind, roles: readonly Role[]): Promise<Crew> {
  const people: string[] = [];
  for (const { id } of await usersByRole(c.tx, community, roles)) {
    if (kind === 'maintenance' || (await certified(c.tx, id, CONTROL_ROOM_CERTIFICATE, c.now))) people.push(id);
  }
  return { kind, people };
}

/** Plans shifts of at most `lengthMs` between two moments. */
async function fill(c: CommandContext, community: string, crew: Crew, gap: Gap, lengthMs: number): Promise<void> {
  for (let from = gap.from; from < gap.to; from += lengthMs) {
    const to = Math.min(from + lengthMs, gap.to);
    const planned = await planShift(c, { community, ...crew, from, to });
    if (!planned.ok) throw new Error(`demo duty: ${planned.code} ${planned.detail ?? ''}`);
  }
}

interface Gap {
  readonly from: number;
  readonly to: number;
}

/** Where, between two moments, nobody of the crew is on a shift. */
async function gaps(c: CommandContext, community: string, crew: Crew, whole: Gap): Promise<Gap[]> {
  const found: Gap[] = [];
  let covered = whole.from;
  for (const s of await shiftsBetween(c.tx, community, whole.from, whole.to, DUTY_LIMITS.listMax)) {
    if (!s.people.some((p) => crew.people.includes(p))) continue;
    if (s.from > covered) found.push({ from: covered, to: s.from });
    covered = Math.max(covered, s.to);
  }
  if (covered < whole.to) found.push({ from: covered, to: whole.to });
  return found;
}

/** Plans the shifts that are missing from now on, and sets itself again. */
export async function ensureDemoDuty(c: CommandContext, community: string): Promise<void> {
  const hours = (await ruleInForce(c.tx, community, DUTY_RULE)).value.shiftHoursMax;
  for (const { kind, roles } of CREWS) {
    const crew = await crewOf(c, community, kind, roles);
    if (crew.people.length === 0) continue;
    const first = (await lastShiftEnd(c.tx, community, kind)) === undefined;
    const whole = { from: first ? c.now - BEFORE_MS : c.now, to: c.now + AHEAD_MS };
    for (const gap of await gaps(c, community, crew, whole)) await fill(c, community, crew, gap, hours * HOUR);
  }
  c.emit({
    effect: 'timer',
    key: `${DEMO_DUTY_TIMER}:${community}`,
    kind: DEMO_DUTY_TIMER,
    community,
    dueAt: c.now + EXTEND_EVERY_MS,
    basis: 'calendar',
    payload: {},
  });
}
