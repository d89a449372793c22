// Who may import whom (the table that the READMEs describe), as data, and the one function that reads it.
import type { Import } from './source.ts';

/** Top-level folder → what of other folders it may import. Its own files are always allowed. */
const TOP: Readonly<Record<string, readonly AllowedTarget[]>> = {
  'device-profiles': [],
  gateway: [{ path: /^device-profiles\// }],
  hub: [{ path: /^device-profiles\// }],
  simulators: [{ path: /^device-profiles\// }],
  dashboard: [
    { path: /^hub\/(?:[a-z-]+\/)+contract\.ts$/ },
    { path: /^hub\/messages\/[a-z.]+\.json$/ },
    { path: /^device-profiles\/contract\/[a-z-]+\.ts$/, typesOnly: true },
  ],
  test: [{ path: /^(?:device-profiles|gateway|hub|simulators|dashboard)\// }],
};

interface AllowedTarget {
  readonly path: RegExp;
  readonly typesOnly?: boolean;
}

/** Hub domains from low to high: one imports only lower ones, and of them only `api.ts`, `contract.ts`, `limits.ts`. */
export const DOMAINS: readonly string[] = [
  'property',
  'staff',
  'approvals',
  'history',
  'ingest',
  'alarms',
  'incidents',
  'duty',
  'handling',
  'equipment',
  'floor-plans',
  'work-orders',
  'inspections',
  'fire-safety',
  'ledger',
  'billing',
  'procurement',
  'fund',
  'crm',
  'requests',
  'notices',
  'community',
  'frontdesk',
  'lanes',
  'escorts',
  'plans',
  'records',
  'archive',
  'read',
];

/** Below all domains: what every domain stands on. Its files may be imported as they are. */
export const PLATFORM: readonly string[] = [
  'clock.ts',
  'errors.ts',
  'config.ts',
  'canonical.ts',
  'timers.ts',
  'timers-store.ts',
  'instance.ts',
  'db',
  'events',
  'rules',
  'audit',
  'files',
  'notify',
  'print',
  'http',
  'messages',
];

/** Above all domains: composition and what joins them. Nothing imports these but each other. */
export const ABOVE: readonly string[] = [
  'main.ts',
  'start.ts',
  'sensing.ts',
  'policies.ts',
  'policy-notices.ts',
  'policy-ports.ts',
  'notice-words.ts',
  'escalation.ts',
  'duty-notices.ts',
  'fire-safety-notices.ts',
  'fire-notices.ts',
  'scene-notices.ts',
  'hub-faults.ts',
  'record-troubles.ts',
  'unfit-rules.ts',
  'responding.ts',
  'effects.ts',
  'broker.ts',
  'housekeeping.ts',
  'metrics.ts',
  'backup.ts',
  'restore.ts',
  'demo',
  'live',
  'ops',
];

type Layer = {
  readonly kind: 'platform' | 'domain' | 'above' | 'unknown';
  readonly name: string;
  readonly rank: number;
};

function layerOf(hubPath: string): Layer {
  const name = hubPath.split('/')[1] ?? '';
  if (PLATFORM.includes(name)) return { kind: 'platform', name, rank: 0 };
  if (ABOVE.includes(name)) return { kind: 'above', name, rank: DOMAINS.length + 1 };
  const rank = DOMAINS.indexOf(name) + 1;
  return rank > 0 ? { kind: 'domain', name, rank } : { kind: 'unknown', name, rank: 0 };
}

/** Files of a domain that others may import: what they may call, what screens see, and the named maxima. */
const isDoor = (hubPath: string): boolean => /^hub\/[a-z-]+\/(api|contract|limits)\.ts$/.test(hubPath);

function hubBreach(from: string, target: string): string | null {
  const [a, b] = [layerOf(from), layerOf(target)];
  if (a.kind === 'unknown') return `hub/${a.name} has no place in the table`;
  if (b.kind === 'unknown') return `hub/${b.name} has no place in the table`;
  if (a.name === b.name || a.kind === 'above' || b.kind === 'platform') return null;
  if (b.kind === 'above') return target === 'hub/live/contract.ts' ? null : `${b.name} stands above ${a.name}`;
  if (b.rank > a.rank) return `${b.name} is higher than ${a.name}`;
  return isDoor(target) ? null : `of ${b.name} only api.ts, contract.ts and limits.ts are open`;
}

/** Why the import is not allowed, or null. */
export function breach(from: string, { target, relative, typeOnly }: Import): string | null {
  if (!relative) return null;
  const [home = '', there = ''] = [from.split('/')[0], target.split('/')[0]];
  if (target.startsWith('..') || there === target) return 'it leaves the folders of the product';
  if (home === there) return home === 'hub' ? hubBreach(from, target) : null;
  const allowed = TOP[home]?.find(({ path }) => path.test(target));
  if (!allowed) return `${home} may not import it`;
  return allowed.typesOnly && !typeOnly ? 'only its types may be imported' : null;
}
