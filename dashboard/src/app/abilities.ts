// What each role is offered. Only an offer: the hub decides, and its refusal is shown in words.

import type { RouteName } from '../routes.ts';

export type Role = string;

/** Whose work the control-room desk is. */
const DESK: ReadonlySet<Role> = new Set(['operator', 'supervisor', 'manager', 'admin']);
/** Takes orders on and does them (hub/work-orders/machine.ts). */
const WORKERS: ReadonlySet<Role> = new Set(['technician', 'contractor']);
const DISPATCHERS: ReadonlySet<Role> = new Set(['supervisor', 'manager', 'admin']);
const JUDGES: ReadonlySet<Role> = new Set(['operator', 'inspector', 'supervisor', 'manager', 'admin']);
const PROVERS: ReadonlySet<Role> = new Set(['technician', 'inspector', 'supervisor', 'manager', 'admin']);
const DRAWERS: ReadonlySet<Role> = new Set(['supervisor', 'admin']);
const CHECKERS: ReadonlySet<Role> = new Set([
  'inspector',
  'technician',
  'operator',
  'supervisor',
  'manager',
  'guard',
  'contractor',
  'admin',
]);
/** Not of the company's own staff: the live channel brings them no alarms (hub/live/events.ts). */
const OUTSIDERS: ReadonlySet<Role> = new Set(['contractor', 'committee', 'authority', 'owner']);

/** The fire authority: reads what an inspection asks for, and writes nothing (hub/http/reading.ts). */
export const onlyReads = (role: Role): boolean => role === 'authority';
export const isWorker = (role: Role): boolean => WORKERS.has(role);
export const mayDispatch = (role: Role): boolean => DISPATCHERS.has(role);
/** Verifies, closes and reopens orders. */
export const mayJudge = (role: Role): boolean => JUDGES.has(role);
export const mayProve = (role: Role): boolean => PROVERS.has(role);
/** Draws floor plans and says where things stand on them (hub/floor-plans/routes.ts). */
export const mayDrawPlans = (role: Role): boolean => DRAWERS.has(role);
/** May hold a certificate and do duty (hub/alarms/roles.ts); whether they may now the hub says. */
export const mayDoDuty = (role: Role): boolean => DESK.has(role) || role === 'guard';
/**
 * Sits at the control-room desk, so that sound and every act on alarms are theirs: whose work it is, and whoever else is
 * on duty there now with a valid certificate, as a guard may be.
 */
export const isDesk = (user: { readonly role: Role; readonly qualified: boolean } | null): boolean =>
  user !== null && (DESK.has(user.role) || (user.qualified && mayDoDuty(user.role)));
/** Plans shifts, asks roll calls (hub/duty/routes.ts). */
export const mayPlanDuty = (role: Role): boolean => DISPATCHERS.has(role);
/** Sees everybody's certificates (hub/duty/routes.ts). */
export const seesCertificates = (role: Role): boolean => mayPlanDuty(role) || onlyReads(role);
/** Sees the figures of the alarm system and the archive (hub/read/figures, hub/read/archive). */
const FIGURE_READERS: ReadonlySet<Role> = new Set([...JUDGES, 'committee']);
const readsFigures = (role: Role): boolean => FIGURE_READERS.has(role);
const readsArchive = (role: Role): boolean => readsFigures(role) || onlyReads(role);
export const mayCheck = (role: Role): boolean => CHECKERS.has(role);

/** Runs the site: people, and the way from an empty hub to a desk. */
const RUNNERS: ReadonlySet<Role> = new Set(['admin', 'supervisor', 'manager']);
const RULE_READERS: ReadonlySet<Role> = new Set([...RUNNERS, 'committee']);
const GATEWAY_KEEPERS: ReadonlySet<Role> = new Set([...RUNNERS, 'technician']);
const PLACE_KEEPERS: ReadonlySet<Role> = new Set(['admin', 'manager']);
/** People, gateways: the hub takes changes of administrators alone. */
export const isAdmin = (role: Role): boolean => role === 'admin';
export const maySetRules = (role: Role): boolean => PLACE_KEEPERS.has(role);
const runs = (role: Role): boolean => RUNNERS.has(role);
const keepsGateways = (role: Role): boolean => GATEWAY_KEEPERS.has(role);
const keepsPlaces = (role: Role): boolean => PLACE_KEEPERS.has(role);
const readsRules = (role: Role): boolean => RULE_READERS.has(role);

/** The logs of the control room (hub/records/routes.ts): who reads them, who takes them out. */
const RECORD_READERS: ReadonlySet<Role> = new Set([...JUDGES, 'technician', 'legal', 'committee', 'authority']);
const RECORD_TAKERS: ReadonlySet<Role> = new Set([...JUDGES, 'legal', 'authority']);
const readsRecords = (role: Role): boolean => RECORD_READERS.has(role);
export const mayExportRecords = (role: Role): boolean => RECORD_TAKERS.has(role);

/** Sees the compound live: control room, devices. */
export const seesLive = (role: Role): boolean => !OUTSIDERS.has(role);
/** Knows the compound's places by name (hub/read/overview.ts). */
export const knowsSite = (role: Role): boolean => seesLive(role) || onlyReads(role);
/** Looked at and not only worked with: plans and drills, duty, fires. */
const looksOn = knowsSite;
const ORDER_ROLES: ReadonlySet<Role> = new Set([...WORKERS, ...JUDGES]);
export const seesOrders = (role: Role): boolean => ORDER_ROLES.has(role);

const readsAuthority = (role: Role): boolean => role !== 'owner' && role !== 'contractor';
const ON_SITE: ReadonlySet<Role> = new Set([...DESK, 'technician', 'guard']);
/** Acts at a fire and reads what was done (hub/alarms/roles.ts). */
export const handlesFires = (role: Role): boolean => ON_SITE.has(role);

const LANE_CLEARERS: ReadonlySet<Role> = new Set([...DESK, 'guard', 'frontdesk', 'steward']);
/** Deals with cars in a fire lane (hub/lanes/routes.ts). */
export const clearsLanes = (role: Role): boolean => LANE_CLEARERS.has(role);
/** Writes plans, holds drills (hub/plans/routes.ts). */
export const mayPlanDrills = (role: Role): boolean => DISPATCHERS.has(role);
/** Sets a plan going (hub/plans/run-routes.ts). */
export const mayStartPlan = (role: Role): boolean => DESK.has(role) || role === 'guard';
/** Leads ambulances in and out, holds lifts (hub/escorts/routes.ts). */
export const mayEscort = (role: Role): boolean => clearsLanes(role) || role === 'technician';
const RESERVERS: ReadonlySet<Role> = new Set([...DESK, 'frontdesk', 'steward']);
export const mayReserveLift = (role: Role): boolean => RESERVERS.has(role);
const VEHICLE_KEEPERS: ReadonlySet<Role> = new Set([...DISPATCHERS, 'frontdesk']);
export const mayKeepVehicles = (role: Role): boolean => VEHICLE_KEEPERS.has(role);

/** Screens that not everybody is offered: what the rest would see there is refusals, or nothing for ever. */
const SEES: Readonly<Partial<Record<RouteName, (role: Role) => boolean>>> = {
  'control-room': seesLive,
  wall: seesLive,
  devices: seesLive,
  device: seesLive,
  trends: seesLive,
  running: seesLive,
  replay: mayDoDuty,
  plan: seesLive,
  modes: seesLive,
  fires: looksOn,
  fire: handlesFires,
  'duty-roster': looksOn,
  'duty-log': looksOn,
  'duty-handover': seesLive,
  'duty-handed': looksOn,
  orders: seesOrders,
  order: seesOrders,
  records: readsRecords,
  archive: readsArchive,
  'archive-chapter': readsArchive,
  checks: mayCheck,
  rescues: mayJudge,
  rescue: seesOrders,
  figures: readsFigures,
  'figure-rows': readsFigures,
  emergency: looksOn,
  'emergency-plan': looksOn,
  'plan-run': looksOn,
  drill: looksOn,
  lanes: clearsLanes,
  lane: clearsLanes,
  escorts: seesLive,
  escort: seesLive,
  notifications: (role) => !onlyReads(role),
  readings: keepsPlaces,
  admin: runs,
  people: runs,
  person: runs,
  places: keepsPlaces,
  gateways: keepsGateways,
  gateway: keepsGateways,
  commissioning: mayProve,
  rules: readsRules,
  rule: readsRules,
  authority: readsAuthority,
  'authority-visit': readsAuthority,
  // The same people: the staff, and the committee that looks on.
  training: readsAuthority,
  'training-session': readsAuthority,
  publicity: readsAuthority,
};
export const sees = (screen: RouteName, role: Role): boolean => SEES[screen]?.(role) ?? true;

/** Reports hazards; who only reads follows them. */
export const reportsHazards = (role: Role): boolean => !onlyReads(role);
/** Sees every hazard of the community; an owner sees the own reports (hub/fire-safety/machine.ts). */
export const followsHazards = (role: Role): boolean => role !== 'owner';
/** Enters inspections of the authority and leads what they want (hub/fire-safety/authority-routes.ts). */
export const entersAuthority = (role: Role): boolean => DISPATCHERS.has(role);

/** Where a role begins its work. */
export function homeOf(role: Role): string {
  if (isWorker(role)) return '/orders';
  if (role === 'inspector') return '/checks';
  if (onlyReads(role)) return '/archive';
  if (role === 'owner' || role === 'committee') return '/hazards';
  return seesLive(role) ? '/' : '/notifications';
}
