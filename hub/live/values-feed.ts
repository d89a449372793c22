// Values on their way to screens: who watches what, one frame in flight a screen, latest wins every 100 ms.
import type { Socket } from 'socket.io';
import { QUALITIES } from '../../device-profiles/contract/point.ts';
import type { Clock } from '../clock.ts';
import type { LivePoints, PointEntry, Site } from '../ingest/api.ts';
import type { ClientEvents, ServerEvents } from './contract.ts';
import { LIVE_LIMITS } from './limits.ts';
import { devicesOf } from './said.ts';
import { WatchGroup, type ReadPoint } from './values.ts';

export type LiveSocket = Socket<ClientEvents, ServerEvents>;

export interface FeedParts {
  readonly points: LivePoints;
  /** Numbers of the points that the overview shows. */
  readonly overview: (community: string) => ReadonlySet<number>;
  readonly clock: Clock;
  readonly counters: { frames: number; skipped: number; slow: number };
}

/** A screen that watches something. */
interface Viewer {
  readonly socket: LiveSocket;
  readonly key: string;
  group: WatchGroup;
  /** Tick up to which the screen has taken everything. */
  tick: number;
  /** ms monotonic at which the frame under way was sent. */
  sentAt: number | undefined;
}

export class ValuesFeed {
  readonly #parts: FeedParts;
  readonly #viewers = new Map<string, Viewer>();
  readonly #groups = new Map<string, WatchGroup>();
  readonly #entries = new Map<number, { site: Site; entry: PointEntry }>();

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** Follows the points; answers how to end that. */
  start(): () => void {
    const { points } = this.#parts;
    for (const site of points.sites()) this.#learn(site);
    return points.onChange((site, nums) => this.#changed(site, nums));
  }

  /** Replaces what a screen watches, and answers how that stands now. */
  watch(socket: LiveSocket, community: string, want: unknown, done: unknown): void {
    if (typeof done !== 'function') return;
    const devices = devicesOf(want);
    if (devices === undefined) return void done({ ok: false, snapshot: [] });
    const overview = (want as { overview?: unknown }).overview === true;
    const key = JSON.stringify([community, overview, devices]);
    this.leave(socket);
    const group = this.#groups.get(key) ?? new WatchGroup(this.#numsOf(community, devices, overview));
    this.#groups.set(key, group);
    group.screens += 1;
    this.#viewers.set(socket.id, { socket, key, group, tick: group.tick - 1, sentAt: undefined });
    done({ ok: true, snapshot: group.snapshot(this.#read) });
  }

  leave(socket: LiveSocket): void {
    const viewer = this.#viewers.get(socket.id);
    if (!viewer) return;
    this.#viewers.delete(socket.id);
    viewer.group.screens -= 1;
    if (viewer.group.screens === 0) this.#groups.delete(viewer.key);
  }

  /** Gives every screen that has taken its last frame what has changed since. */
  send(): void {
    const { clock, counters } = this.#parts;
    const now = clock.monotonic();
    const closed = new Map<WatchGroup, number>();
    for (const group of this.#groups.values()) closed.set(group, group.close());
    for (const viewer of this.#viewers.values()) {
      const { group, socket } = viewer;
      if (viewer.sentAt !== undefined) {
        if (now - viewer.sentAt > LIVE_LIMITS.frameUntakenMsMax) {
          counters.slow += 1;
          socket.disconnect(true);
        }
        counters.skipped += 1;
        continue;
      }
      const frame = group.frame(viewer.tick, this.#read);
      viewer.tick = closed.get(group) ?? group.tick - 1;
      if (!frame) continue;
      viewer.sentAt = now;
      counters.frames += 1;
      socket.emit('values', frame, () => {
        viewer.sentAt = undefined;
      });
    }
  }

  /** Only points of the screen's own community; a foreign or unknown device is as if it were not there. */
  #numsOf(community: string, devices: readonly string[], overview: boolean): Set<number> {
    const { points } = this.#parts;
    const nums = new Set<number>(overview ? this.#parts.overview(community) : []);
    for (const device of devices)
      for (const entry of points.entries(device)?.values() ?? [])
        if (entry.device.community === community) nums.add(entry.num);
    return nums;
  }

  readonly #read: ReadPoint = (num) => {
    const found = this.#entries.get(num);
    if (!found) return undefined;
    const sample = found.site.shown.get(num);
    const state = found.site.read(found.entry);
    if (!sample || !state) return undefined;
    return [state.value, QUALITIES.indexOf(state.quality), sample.sourceTime];
  };

  #changed(site: Site, nums: Iterable<number> | null): void {
    if (nums !== null) {
      for (const group of this.#groups.values()) for (const num of nums) group.changed(num);
      return;
    }
    // A birth or a silence: indexes and ages of all its points may be others now.
    this.#learn(site);
    this.#rebuildGroups();
  }

  #learn(site: Site): void {
    for (const [num, found] of this.#entries) if (found.site.gateway === site.gateway) this.#entries.delete(num);
    for (const entry of site.program?.points ?? []) if (entry) this.#entries.set(entry.num, { site, entry });
  }

  /** New points may belong to what is watched: each group's wish is looked up again. */
  #rebuildGroups(): void {
    for (const [key, old] of this.#groups) {
      const [community, overview, devices] = JSON.parse(key) as [string, boolean, string[]];
      const group = new WatchGroup(this.#numsOf(community, devices, overview));
      group.screens = old.screens;
      group.everything();
      this.#groups.set(key, group);
      for (const viewer of this.#viewers.values()) {
        if (viewer.key !== key) continue;
        viewer.group = group;
        viewer.tick = 0;
      }
    }
  }
}
