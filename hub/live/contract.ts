// The live channel (socket.io, websocket only): events by name with their payloads.
import type { AlarmClass } from '../../device-profiles/contract/signal.ts';
import type { AlarmView } from '../alarms/contract.ts';

/** Changes of alarms, in order. A gap in `seq` (first item's seq is not last seen + 1) → GET /api/alarms?state=open. */
export interface AlarmFrame {
  /** Sequence of the first and last change in this frame. */
  readonly from: number;
  readonly seq: number;
  readonly items: readonly AlarmView[];
}

/** [num, value, quality code, source time ms, num, …]: five entries a point would waste, four suffice; flat, latest wins. */
export type ValuesFrame = readonly (number | string | null)[];

/** Not heard; not heard yet since this hub has started; heard, but the hub can't store or read it; or heard, but its own disk refuses safety records. */
export type BlindReason = 'gateway-silent' | 'gateway-missed' | 'hub-cannot-store' | 'gateway-cannot-store';

/** Every second. */
export interface BeatFrame {
  readonly beat: number;
  /** Server wall clock, ms. */
  readonly time: number;
  /** Last alarm change sequence of this community. */
  readonly seq: number;
  /** Number of open alarms, and digest over them: see `openDigest`. */
  readonly open: number;
  readonly digest: string;
  /** Per class [unacked, total] of open alarms. */
  readonly lamps: Readonly<Partial<Record<AlarmClass, readonly [unacked: number, total: number]>>>;
  /** Gateways of which nothing newer can be shown, or whose next alarm may be lost, with since when (ms) and why. */
  readonly blind: readonly { readonly gateway: string; readonly since: number; readonly reason: BlindReason }[];
  /** Gateways that were enrolled and have never told their points: what stands on them nobody knows yet. */
  readonly awaited: readonly string[];
  /** Panels (fire-panel devices) online / all: green "no alarm" needs all of them. */
  readonly panels: { readonly online: number; readonly all: number };
  /** Points: all, fresh, stale or bad, unproved. */
  readonly points: {
    readonly all: number;
    readonly fresh: number;
    readonly unknown: number;
    readonly unproved: number;
  };
  /** ms of the oldest good value's age over safety points. */
  readonly oldestMs: number | null;
  readonly drills: number;
  /** Another whenever a panel or pump goes to manual or back, or is not known any more → GET /api/linkage. */
  readonly linkage: string;
}

export interface OrderFrame {
  readonly order: string;
  readonly state: string;
}

/** Something of duty changed; `what` is a kind of record (hub/duty/contract.ts), or `roster`. */
export interface DutyFrame {
  readonly what: string;
}

/** Something changed that stands beside alarms: a plan, its run or drill, a blocked lane, an escort, a held lift, a fire. */
export interface SceneFrame {
  readonly what: 'plan' | 'run' | 'drill' | 'lane' | 'escort' | 'lift' | 'fire';
}

export interface ServerEvents {
  alarm: (frame: AlarmFrame) => void;
  values: (frame: ValuesFrame, done: () => void) => void;
  beat: (frame: BeatFrame) => void;
  alive: (frame: AliveFrame) => void;
  order: (frame: OrderFrame) => void;
  duty: (frame: DutyFrame) => void;
  scene: (frame: SceneFrame) => void;
}

/**
 * The beat of who only reads: that the screen is alive, what nothing newer can be shown of, and that the linkage changed.
 * Nothing by which alarms, their number or drills could be followed.
 */
export type AliveFrame = Pick<BeatFrame, 'beat' | 'time' | 'blind' | 'linkage'>;

export interface ClientEvents {
  /** Which devices' values to send; replaces the earlier choice. `{overview: true}` adds what the overview shows. */
  watch: (
    want: { devices?: string[]; overview?: boolean },
    done: (answer: { ok: boolean; snapshot: ValuesFrame }) => void,
  ) => void;
  /** Desk reports, every 3 s: its audio state and whether it is visible. Without one for 10 s an alarm is raised. */
  desk: (report: {
    audio: 'running' | 'suspended' | 'none';
    visible: boolean;
    seq: number;
    /** Number of the last beat it has heard: a screen that shows the past does not count as answering. */
    beat?: number;
    /** Since the screen was opened: how often it read all open alarms anew, and met a digest unlike its own. */
    resyncs?: number;
    mismatches?: number;
  }) => void;
}
