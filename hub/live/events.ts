// Every event of the live channel with who may hear or send it. An event that is not here does not exist: the server
// refuses it, and a test compares this table with the contract.
import { CONTROL_ROOM } from '../alarms/api.ts';
import { ROLES, STAFF, type Policy, type Role } from '../http/policy.ts';
import { READ_ONLY } from '../http/reading.ts';
import type { ClientEvents, ServerEvents } from './contract.ts';

const WORKERS: readonly Role[] = [...STAFF, 'contractor'];

export const SERVER_EVENTS: Record<keyof ServerEvents, Policy> = {
  alarm: { allow: STAFF },
  values: { allow: STAFF },
  beat: { allow: ROLES.filter((role) => !READ_ONLY.includes(role)) },
  alive: { allow: READ_ONLY },
  order: { allow: WORKERS },
  duty: { allow: STAFF },
  scene: { allow: STAFF },
};

export const CLIENT_EVENTS: Record<keyof ClientEvents, Policy> = {
  watch: { allow: STAFF },
  desk: { allow: CONTROL_ROOM },
};
