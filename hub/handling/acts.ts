// What people do at a fire: each act is an entry with who, when and how it is proved, and nothing waits for another.
import { clearReports } from '../alarms/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { stopClocks } from './deadlines.ts';
import type { CloseFire, EntryKind, FireAct, Once } from './contract.ts';
import { factOfFire, placeOf } from './fact.ts';
import { isCause } from './judge.ts';
import { isFine } from './linkage.ts';
import { isOnce, step, type FireEvent } from './machine.ts';
import { LINKAGE_RULE } from './norms.ts';
import { holdFire } from './open.ts';
import type { FirePorts } from './ports.ts';
import { keep } from './record.ts';
import { machineOf } from './standing.ts';
import { evacuationOrder, missingOf, type Standing } from './steps.ts';
import { saveFire, type FireRow } from './store.ts';

type Body = Readonly<Record<string, unknown>>;

const eventOf = (act: FireAct): FireEvent => {
  if (isOnce(act.act)) return { type: 'once', what: act.act };
  return { type: act.act === 'cause' ? 'cause' : act.act === 'remark' ? 'remark' : 'act' };
};

/**
 * Does one act. Refuses `wrong-state` when the procedure is closed (a remark may still be added) or a cause is given for
 * what was not false, `already-done` with who and when, `not-found` for an answer to nobody, `bad-request` for an unknown
 * cause, `note-required` when linkage stays out of automatic without a word.
 */
export async function actAtFire(
  c: CommandContext,
  ports: FirePorts,
  id: string,
  act: FireAct,
): Promise<Result<FireRow>> {
  const held = await holdFire(c, id);
  if (!held.ok) return held;
  const { fire, standing } = held.value;
  const done = step(machineOf(fire, standing), eventOf(act));
  if (!done.ok) return done.code === 'already-done' ? whoDid(standing, act.act) : done;
  const body = await proofOf(c, ports, { fire, standing }, act);
  if (!body.ok) return body;
  const entry = await keep(c, fire, kindOf(act), body.value);
  if (act.act === 'cause') await saveFire(c.tx, { ...fire, cause: act.cause });
  if (act.act === 'report' && act.means === 'page') tellResponsible(c, fire, entry);
  if (act.act === 'linkage' || act.act === 'call-119' || act.act === 'evacuation' || act.act === 'report')
    stopClocks(c, fire.id, [act.act]);
  if (act.act === 'fire-out') {
    const note = act.note?.trim() ?? '';
    await clearReports(c, ports.alarms, { community: fire.community, incident: fire.id, note });
  }
  return ok(act.act === 'cause' ? { ...fire, cause: act.cause } : fire);
}

function whoDid({ entries }: Standing, kind: string): Result<never> {
  const done = entries.find((e) => e.kind === kind);
  return refuse('already-done', done && `${done.name ?? ''} ${done.at}`);
}

function kindOf(act: FireAct): EntryKind {
  if (act.act === 'send') return 'sent';
  if (act.act === 'answer') return 'answered';
  return act.act === 'report' ? 'told' : act.act;
}

const words = (note: string | undefined): Body => (note?.trim() ? { note: note.trim() } : {});

/** What the entry says, with what the hub itself knows at this moment as its proof. */
async function proofOf(
  c: CommandContext,
  ports: FirePorts,
  { fire, standing }: { readonly fire: FireRow; readonly standing: Standing },
  act: FireAct,
): Promise<Result<Body>> {
  switch (act.act) {
    case 'send':
      return ok({ means: act.means, ...(act.whom?.trim() ? { whom: act.whom.trim() } : {}), ...words(act.note) });
    case 'answer': {
      const sent = standing.entries.find((e) => e.id === act.sent && e.kind === 'sent');
      if (!sent) return refuse('not-found', 'sent');
      const before = standing.entries.find((e) => e.kind === 'answered' && e.body['sent'] === act.sent);
      if (before) return refuse('already-done', `${before.name ?? ''} ${before.at}`);
      return ok({ sent: act.sent, finding: act.finding, sentAt: sent.at, ...words(act.note) });
    }
    case 'linkage': {
      if (act.result === 'not-auto' && !act.note?.trim()) return refuse('note-required', 'linkage');
      const { kinds } = (await ruleInForce(c.tx, fire.community, LINKAGE_RULE)).value;
      const devices = ports.linkage(fire.community, kinds);
      return ok({ result: act.result, fine: isFine(devices), devices: notInAuto(devices), ...words(act.note) });
    }
    case 'call-119': {
      const { note, ...call } = act.call;
      return ok({ ...call, ...words(note) });
    }
    case 'report':
      return ok({ means: act.means, ...(act.whom?.trim() ? { whom: act.whom.trim() } : {}), ...words(act.note) });
    case 'cause':
      if (!(await isCause(c, fire.community, act.cause))) return refuse('bad-request', 'cause');
      return ok({ cause: act.cause, ...words(act.note) });
    case 'remark':
      return ok(words(act.note));
    default:
      return ok({ ...(await onceProof(c, ports, fire, standing, act.act)), ...words(act.note) });
  }
}

async function onceProof(
  c: CommandContext,
  ports: FirePorts,
  fire: FireRow,
  standing: Standing,
  what: Once,
): Promise<Body> {
  // The standard wants it begun before the brigade arrives: what was so is on record.
  if (what === 'evacuation') return { late: evacuationOrder(standing.entries) === 'late' };
  if (what !== 'plan') return {};
  const plan = await ports.planInForce(c.tx, placeOf(fire));
  return { plan: plan ?? null };
}

const notInAuto = (devices: ReturnType<FirePorts['linkage']>): Body[] =>
  devices
    .filter((d) => d.state !== 'auto')
    .map(({ device, state, since }) => ({ device, state, ...(since === undefined ? {} : { since }) }));

/** Pages who answers for fire safety; the page's own proof of delivery is shown beside the step. */
function tellResponsible(c: CommandContext, fire: FireRow, entry: string): void {
  c.emit({
    effect: 'event',
    event: {
      type: 'fire.told',
      community: fire.community,
      subject: fire.id,
      payload: { entry, ...factOfFire(fire) },
    },
  });
}

/**
 * Closes the procedure: what was asked for and not done wants a reason each. What people reported is over with it.
 * Refuses `verdict-required`, `cause-required`, `reason-required` naming the steps, `wrong-state` when it is closed.
 */
export async function closeFire(
  c: CommandContext,
  ports: FirePorts,
  id: string,
  body: CloseFire,
): Promise<Result<FireRow>> {
  const held = await holdFire(c, id);
  if (!held.ok) return held;
  const { fire, standing } = held.value;
  const missing = missingOf(standing);
  const unexplained = missing.filter((s) => !body.reasons[s]?.trim());
  const done = step(machineOf(fire, standing), { type: 'close', unexplained });
  if (!done.ok) return done;
  const reasons = Object.fromEntries(missing.map((s) => [s, body.reasons[s]?.trim()]));
  const closed = { ...fire, closedAt: c.now };
  await saveFire(c.tx, closed);
  await keep(c, fire, 'closed', { result: fire.result, reasons, ...words(body.note) });
  stopClocks(c, fire.id);
  const note = body.note?.trim() ?? '';
  await clearReports(c, ports.alarms, { community: fire.community, incident: fire.id, note });
  return ok(closed);
}
