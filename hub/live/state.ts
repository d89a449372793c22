// What a beat says of points, panels and gateways, counted from memory. Pure.
import type { BeatFrame } from './contract.ts';
import type { PointEntry, Site } from '../ingest/api.ts';
import { ONLINE_POINT } from '../../device-profiles/contract/profile.ts';

export type PointCounts = Pick<BeatFrame, 'panels' | 'points' | 'oldestMs'>;

/** @param unproved points of the community that nobody has proved on site */
export function countPoints(sites: Iterable<Site>, now: number, unproved: number): PointCounts {
  let [all, fresh, panels, online] = [0, 0, 0, 0];
  let oldest: number | null = null;
  for (const site of sites) {
    for (const entry of site.program?.points ?? []) {
      if (!entry) continue;
      all += 1;
      const good = site.read(entry)?.quality === 'good';
      if (entry.device.kind === 'fire-panel' && entry.id === ONLINE_POINT) {
        panels += 1;
        if (good && site.shown.get(entry.num)?.value === 1) online += 1;
      }
      if (!good) continue;
      fresh += 1;
      const heard = ageOf(site, entry, now);
      if (heard !== null && (oldest === null || heard > oldest)) oldest = heard;
    }
  }
  return { panels: { online, all: panels }, points: { all, fresh, unknown: all - fresh, unproved }, oldestMs: oldest };
}

function ageOf(site: Site, entry: PointEntry, now: number): number | null {
  if (entry.lane !== 'safety' || entry.id === ONLINE_POINT) return null;
  const sample = site.shown.get(entry.num);
  return sample === undefined ? null : Math.max(0, now - sample.receivedTime);
}

/** @param unread since when (ms) this hub can't read alarms back, which hides them like not storing them */
export function blindOf(sites: Iterable<Site>, unread: number | undefined): BeatFrame['blind'] {
  const out: BeatFrame['blind'][number][] = [];
  for (const { gateway, blind, silence, missedSince } of sites) {
    if (blind?.reason === 'hub-cannot-store') out.push({ gateway, ...blind });
    else if (unread !== undefined) out.push({ gateway, since: unread, reason: 'hub-cannot-store' });
    else if (silence) out.push({ gateway, since: silence.since, reason: 'gateway-silent' });
    else if (missedSince !== undefined) out.push({ gateway, since: missedSince, reason: 'gateway-missed' });
    else if (blind) out.push({ gateway, ...blind });
  }
  return out;
}

/** Gateways that wait for being installed. */
export const awaitedOf = (sites: Iterable<Site>): string[] =>
  [...sites].filter((s) => s.awaited && !s.silence).map((s) => s.gateway);
