// What stands between an empty hub and a desk that can be believed, in the order in which it is done.
import type { Roster } from '../../../hub/duty/contract.ts';
import type { GatewayView } from '../../../hub/ingest/contract.ts';
import type { BuildingView } from '../../../hub/property/contract.ts';
import type { HeldCertificateView, PersonView } from '../../../hub/staff/contract.ts';
import { gatewayState } from './gateways.ts';
import { standingOf } from './people.ts';

export const STEPS = [
  'community',
  'places',
  'people',
  'certificates',
  'shifts',
  'gateway',
  'heard',
  'commissioned',
] as const;
export type Step = (typeof STEPS)[number];

export interface Known {
  readonly communityName: string;
  readonly buildings: readonly BuildingView[];
  readonly people: readonly PersonView[];
  readonly certificates: readonly HeldCertificateView[];
  readonly gateways: readonly GatewayView[];
  /** Points of all devices, and those that nobody has proved. */
  readonly points: { readonly all: number; readonly unproved: number };
  /** Shifts of now and of the days ahead, and how many people the site's rule asks for. */
  readonly roster: Pick<Roster, 'items' | 'minimum' | 'thin'>;
  /** Day in the community's calendar. */
  readonly today: string;
}

/** The name that a hub gives a community which nobody has named. */
const UNNAMED = '小区';

export interface StepState {
  readonly step: Step;
  readonly done: boolean;
  /** How many of what it counts. */
  readonly n: number;
}

export function stepsOf(known: Known): readonly StepState[] {
  const desk = known.people.filter((p) => p.active && p.role === 'operator').map((p) => p.id);
  const certified = new Set(
    known.certificates
      .filter((c) => c.kind === 'fire-control-operator' && standingOf(c.expires, known.today, 0) !== 'expired')
      .map((c) => c.person),
  );
  const live = known.gateways.filter((g) => g.revokedAt === undefined);
  const heard = live.filter((g) => ['heard', 'clock-wrong'].includes(gatewayState(g)));
  const confirmed = known.buildings.filter((b) => b.commissioned);
  const proved = known.points.all - known.points.unproved;
  const { items, minimum, thin } = known.roster;
  const isManned = ({ from, to }: Roster['items'][number]): boolean =>
    !thin.some((gap) => Date.parse(gap.from) < Date.parse(to) && Date.parse(gap.to) > Date.parse(from));
  const manned = items.filter((s) => s.kind === 'control-room' && isManned(s));
  const ready = desk.filter((id) => certified.has(id)).length;
  const counts: Readonly<Record<Step, readonly [n: number, done: boolean]>> = {
    community: [1, known.communityName !== UNNAMED],
    places: [confirmed.length, confirmed.length > 0],
    people: [desk.length, desk.length >= minimum],
    certificates: [ready, ready >= minimum],
    shifts: [manned.length, manned.length > 0],
    gateway: [live.length, live.length > 0],
    heard: [heard.length, heard.length > 0],
    commissioned: [proved, known.points.all > 0 && known.points.unproved === 0],
  };
  return STEPS.map((step) => ({ step, n: counts[step][0], done: counts[step][1] }));
}

/** The first that is not done; null when all are. */
export const nextStep = (steps: readonly StepState[]): Step | null => steps.find((s) => !s.done)?.step ?? null;
