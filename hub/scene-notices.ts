// The commands of policies that tell people of what stands beside alarms: plans that are run, drills, blocked lanes,
// escorts, lifts that are taken; and the timers of lanes and escorts.
import type { AlarmFact, CommandContext, EventPayloads, SceneFact } from './events/api.ts';
import { deviceNames } from './equipment/api.ts';
import {
  ESCORT_RULE,
  ESCORT_TIMER,
  escortLate,
  gateKey,
  liftsTaken,
  RESERVATION_TIMER,
  reservationTurn,
} from './escorts/api.ts';
import { LANE_TIMER, laneOverdue } from './lanes/api.ts';
import type { MessageKey } from './messages/text.ts';
import { titleOf } from './notice-words.ts';
import { communityOf, whereWords } from './property/api.ts';
import { ruleInForce } from './rules/api.ts';
import type { DueTimer } from './timers-store.ts';

/** The timers of lanes and escorts, with what to do when they are due. */
export const SCENE_TIMERS: Readonly<Record<string, (c: CommandContext, timer: DueTimer) => Promise<void>>> = {
  [LANE_TIMER]: laneOverdue,
  [ESCORT_TIMER]: escortLate,
  [RESERVATION_TIMER]: reservationTurn,
};

type To = { readonly role: string } | { readonly user: string };
interface Told {
  readonly key: string;
  readonly message: MessageKey;
  readonly args: Record<string, string | number>;
  readonly urgency: 'life' | 'urgent' | 'normal';
  readonly link: string;
}
function tell(c: CommandContext, community: string, to: readonly To[], told: Told): void {
  for (const one of to) c.emit({ effect: 'notify', community, to: one, ...told });
}
const roles = (...names: string[]): To[] => names.map((role) => ({ role }));

async function where(c: CommandContext, community: string, at: SceneFact): Promise<Record<string, string>> {
  const { building, floor, place } = at;
  const words = await whereWords(c.tx, community, { building, floor, place });
  return { where_zh: words.zh || '本小区', where_en: words.en || 'the community' };
}

/** [W9] Those whose turn has come, on their phones. A drill is called a drill in the first word. */
export async function tellTurn(
  c: CommandContext,
  community: string,
  turn: EventPayloads['plan.turn'],
  event: string,
): Promise<void> {
  const drill = turn.mode === 'drill';
  const args = { title: turn.title, ...(await where(c, community, turn)) };
  for (const role of new Set(turn.steps.flatMap((s) => s.role ?? []))) {
    const steps = turn.steps.filter((s) => s.role === role).map((s) => s.title);
    tell(c, community, [{ role }], {
      key: `plan-turn:${event}:${role}`,
      message: drill ? 'notify.plan-turn-drill' : 'notify.plan-turn',
      args: { ...args, steps: steps.join('；') },
      urgency: drill ? 'normal' : 'life',
      link: `/emergency/runs/${turn.run}`,
    });
  }
}

export async function tellStepLate(
  c: CommandContext,
  community: string,
  late: EventPayloads['plan.step-late'],
  event: string,
): Promise<void> {
  const drill = late.mode === 'drill';
  tell(c, community, roles('supervisor', 'operator'), {
    key: `plan-step-late:${event}`,
    message: drill ? 'notify.plan-step-late-drill' : 'notify.plan-step-late',
    args: { title: late.title, step: late.step, ...(await where(c, community, late)) },
    urgency: drill ? 'normal' : 'urgent',
    link: `/emergency/runs/${late.run}`,
  });
}

async function dayAndTime(c: CommandContext, community: string, at: number): Promise<string> {
  const timeZone = (await communityOf(c.tx, community))?.timeZone ?? 'Asia/Shanghai';
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(at);
}

/** Everyone who works there, so that nobody takes the drill for real, nor the real for a drill. */
export async function tellAnnounced(
  c: CommandContext,
  community: string,
  drill: EventPayloads['drill.announced'],
): Promise<void> {
  const to = roles('operator', 'guard', 'technician', 'steward', 'frontdesk', 'supervisor', 'manager');
  const at = await dayAndTime(c, community, drill.at);
  tell(c, community, to, {
    key: `drill-announced:${drill.drill}`,
    message: 'notify.drill-announced',
    args: { title: drill.title, at, ...(await where(c, community, drill)) },
    urgency: 'normal',
    link: `/emergency/drills/${drill.drill}`,
  });
}

/** [W9] A drill is due, or overdue: the fire supervisor; from the second week on the manager too. */
export async function tellDrillDue(
  c: CommandContext,
  community: string,
  due: EventPayloads['drill.due'],
): Promise<void> {
  const day = (await dayAndTime(c, community, due.dueAt)).slice(0, 10);
  tell(c, community, due.round > 1 ? roles('supervisor', 'manager') : roles('supervisor'), {
    key: `drill-due:${due.plan}:${due.dueAt}:${due.round}`,
    message: due.round === 0 ? 'notify.drill-due' : 'notify.drill-overdue',
    args: { title: due.title, day, days: Math.abs(due.daysLeft) },
    urgency: due.round === 0 ? 'normal' : 'urgent',
    link: '/emergency',
  });
}

/** [S7] The desk and the guards: find the owner, clear it. */
export async function tellLane(
  c: CommandContext,
  community: string,
  lane: EventPayloads['lane.reported'],
): Promise<void> {
  tell(c, community, roles('guard', 'operator'), {
    key: `lane-reported:${lane.blockage}`,
    message: 'notify.lane-reported',
    args: { plate: lane.plate ?? '—', ...(await where(c, community, lane)) },
    urgency: 'urgent',
    link: `/lanes/${lane.blockage}`,
  });
}

export async function tellLaneOverdue(
  c: CommandContext,
  community: string,
  lane: EventPayloads['lane.overdue'],
): Promise<void> {
  tell(c, community, lane.round > 1 ? roles('supervisor', 'manager') : roles('supervisor', 'operator'), {
    key: `lane-overdue:${lane.blockage}:${lane.round}`,
    message: 'notify.lane-overdue',
    args: { plate: lane.plate ?? '—', minutes: lane.minutes, ...(await where(c, community, lane)) },
    urgency: 'urgent',
    link: `/lanes/${lane.blockage}`,
  });
}

export async function tellLaneRepeated(
  c: CommandContext,
  community: string,
  lane: EventPayloads['lane.repeated'],
): Promise<void> {
  tell(c, community, roles('supervisor'), {
    key: `lane-repeated:${lane.blockage}`,
    message: 'notify.lane-repeated',
    args: { plate: lane.plate ?? '—', times: lane.times, ...(await where(c, community, lane)) },
    urgency: 'normal',
    link: `/lanes/${lane.blockage}`,
  });
}

/** [S7] The reporter hears what came of it, with thanks. */
export async function thankForLane(
  c: CommandContext,
  community: string,
  lane: EventPayloads['lane.cleared'],
): Promise<void> {
  tell(c, community, [{ user: lane.by }], {
    key: `lane-thanks:${lane.blockage}`,
    message: 'notify.lane-thanks',
    args: await where(c, community, lane),
    urgency: 'normal',
    link: `/lanes/${lane.blockage}`,
  });
}

async function serviceName(c: CommandContext, community: string, id: string): Promise<Record<string, string>> {
  const { services } = (await ruleInForce(c.tx, community, ESCORT_RULE)).value;
  const name = services.find((s) => s.id === id)?.name;
  return { service_zh: name?.zh ?? id, service_en: name?.en ?? id };
}
async function escortArgs(
  c: CommandContext,
  community: string,
  e: EventPayloads['escort.called'],
): Promise<Record<string, string>> {
  return { ...(await serviceName(c, community, e.service)), reason: e.reason, ...(await where(c, community, e)) };
}

/** [S8] The gate, with proof that the page arrived. */
export async function pageGate(c: CommandContext, community: string, e: EventPayloads['escort.called']): Promise<void> {
  tell(c, community, roles('guard', 'operator'), {
    key: gateKey(e.escort),
    message: 'notify.escort-gate',
    args: await escortArgs(c, community, e),
    urgency: 'life',
    link: `/escorts/${e.escort}`,
  });
}

export async function tellEscortLate(
  c: CommandContext,
  community: string,
  e: EventPayloads['escort.late'],
): Promise<void> {
  const to = e.what === 'gate' ? roles('supervisor', 'manager', 'guard') : roles('operator', 'supervisor');
  tell(c, community, to, {
    key: `escort-late:${e.escort}:${e.what}:${e.round}`,
    message: e.what === 'gate' ? 'notify.escort-gate-late' : 'notify.escort-arrive-late',
    args: { number: e.number, ...(await escortArgs(c, community, e)) },
    urgency: 'life',
    link: `/escorts/${e.escort}`,
  });
}

/** A person goes and holds the lift: the hub commands none. */
export async function askForLift(
  c: CommandContext,
  community: string,
  e: EventPayloads['escort.lift-asked'],
): Promise<void> {
  const lift = (await deviceNames(c.tx, community, [e.lift])).get(e.lift);
  tell(c, community, roles('guard', 'steward', 'technician'), {
    key: `escort-lift:${e.escort}:${e.lift}`,
    message: 'notify.escort-lift',
    args: { lift_zh: lift?.zh ?? e.lift, lift_en: lift?.en ?? e.lift, ...(await escortArgs(c, community, e)) },
    urgency: 'life',
    link: `/escorts/${e.escort}`,
  });
}

/** [S8] A reserved lift's time has come or is over. */
export async function tellLiftTurn(
  c: CommandContext,
  community: string,
  turn: EventPayloads['lift.turn'],
): Promise<void> {
  const lift = (await deviceNames(c.tx, community, [turn.device])).get(turn.device);
  tell(c, community, roles('guard', 'frontdesk', 'operator'), {
    key: `lift-turn:${turn.reservation}:${turn.turn}`,
    message: turn.turn === 'begin' ? 'notify.lift-reserved' : 'notify.lift-released',
    args: { lift_zh: lift?.zh ?? turn.device, lift_en: lift?.en ?? turn.device, unit: turn.unit },
    urgency: 'normal',
    link: '/escorts',
  });
}

/** [S8] An alarm on a lift that is held or reserved: the desk and who holds it must know of each other. */
export async function tellTakenLift(c: CommandContext, a: AlarmFact): Promise<void> {
  const taken = (await liftsTaken(c.tx, a.community)).find((t) => t.device === a.device);
  if (!taken) return;
  const title = titleOf(a);
  tell(c, a.community, roles('operator', 'guard', 'supervisor'), {
    key: `lift-taken:${a.alarm}`,
    message: 'notify.lift-taken',
    args: { title_zh: title.zh, title_en: title.en, why_zh: taken.text.zh, why_en: taken.text.en },
    urgency: 'urgent',
    link: `/?alarm=${a.alarm}`,
  });
}
