// Where to go: what stands by itself in the top bar, and what stands together under one word there, with tabs below it.
// So the bar stays short however many screens there are.
import type { RouteName } from '../routes.ts';
import { sees, type Role } from './abilities.ts';

/** In the order of the bar; a section leads to the first of its screens that a role has. */
export const SECTIONS = [
  { name: 'control-room', screens: ['control-room'] },
  { name: 'devices', screens: ['devices', 'trends', 'running'] },
  { name: 'orders', screens: ['orders'] },
  { name: 'fire-safety', screens: ['hazards', 'checks', 'authority', 'training', 'publicity', 'modes'] },
  { name: 'emergency', screens: ['emergency', 'lanes', 'escorts'] },
  { name: 'duty', screens: ['duty'] },
  { name: 'records', screens: ['records', 'archive', 'fires', 'figures'] },
  { name: 'notifications', screens: ['notifications'] },
  { name: 'admin', screens: ['admin', 'places', 'people', 'gateways', 'commissioning', 'rules', 'readings'] },
] as const satisfies readonly { readonly name: string; readonly screens: readonly RouteName[] }[];
export type Section = (typeof SECTIONS)[number];
export type Screen = Section['screens'][number];

/** Screens that are reached from another one, and stand where that stands. */
const UNDER: Readonly<Partial<Record<RouteName, Screen>>> = {
  device: 'devices',
  order: 'orders',
  hazard: 'hazards',
  'authority-visit': 'authority',
  'training-session': 'training',
  'emergency-plan': 'emergency',
  'plan-run': 'emergency',
  drill: 'emergency',
  lane: 'lanes',
  escort: 'escorts',
  'duty-roster': 'duty',
  'duty-log': 'duty',
  'duty-handover': 'duty',
  'duty-handed': 'duty',
  fire: 'fires',
  'archive-chapter': 'archive',
  replay: 'fires',
  'figure-rows': 'figures',
  person: 'people',
  gateway: 'gateways',
  rule: 'rules',
};

/** The screen of the sections that an address belongs to; undefined for what belongs to none, such as a floor plan. */
export function screenOf(route: RouteName | 'not-found'): Screen | undefined {
  if (route === 'not-found') return undefined;
  const name = UNDER[route] ?? route;
  return SECTIONS.flatMap((section): readonly Screen[] => section.screens).find((screen) => screen === name);
}

export const sectionOf = (screen: Screen | undefined): Section | undefined =>
  SECTIONS.find((section) => section.screens.some((one) => one === screen));

/** The screens of a section that a role has. */
export const screensFor = (section: Section, role: Role): readonly Screen[] =>
  section.screens.filter((screen) => sees(screen, role));
