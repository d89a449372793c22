// When the screen may say "no alarm" in green: only with fresh proof (DESIGN 2.5). Everything that stands against it
// has a name.
import type { BeatFrame } from '../../../hub/live/contract.ts';
import type { LinkState } from '../live/link-state.ts';

export const DOUBTS = [
  'link',
  'not-loaded',
  'mismatch',
  'blind-gateway',
  'missed-gateway',
  'not-stored',
  'not-kept',
  'no-panel',
  'panel-offline',
  'no-points',
  'unknown-points',
] as const;
export type Doubt = (typeof DOUBTS)[number];

export interface QuietFacts {
  readonly link: LinkState;
  /** The open alarms were fetched at least once. */
  readonly loaded: boolean;
  /** The hub's count and digest of open alarms equal this screen's. */
  readonly matches: boolean;
  readonly open: number;
  readonly beat: BeatFrame | null;
}

export type Quiet =
  | { readonly is: 'alarms' }
  /** Proved at the hub's time `at` (ms). */
  | { readonly is: 'quiet'; readonly at: number }
  | { readonly is: 'unproved'; readonly doubts: readonly Doubt[] };

/** Alarms are shown whatever else is in doubt; their absence is believed only when nothing is. */
export function quiet(facts: QuietFacts): Quiet {
  if (facts.open > 0) return { is: 'alarms' };
  const { beat } = facts;
  const doubts: Doubt[] = [];
  if (facts.link !== 'live' || !beat) doubts.push('link');
  if (!facts.loaded) doubts.push('not-loaded');
  else if (!facts.matches) doubts.push('mismatch');
  if (beat) {
    const blind = new Set(beat.blind.map(({ reason }) => reason));
    if (blind.has('gateway-silent')) doubts.push('blind-gateway');
    if (blind.has('gateway-missed')) doubts.push('missed-gateway');
    if (blind.has('hub-cannot-store')) doubts.push('not-stored');
    if (blind.has('gateway-cannot-store')) doubts.push('not-kept');
    if (beat.panels.all === 0) doubts.push('no-panel');
    else if (beat.panels.online < beat.panels.all) doubts.push('panel-offline');
    if (beat.points.all === 0) doubts.push('no-points');
    // Counted from both sides: points never heard of are neither fresh nor stale.
    else if (beat.points.unknown > 0 || beat.points.fresh < beat.points.all) doubts.push('unknown-points');
  }
  if (doubts.length > 0 || !beat) return { is: 'unproved', doubts };
  return { is: 'quiet', at: beat.time };
}
