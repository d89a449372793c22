// A verdict on a fire alarm is the finding of its incident: what it means for the procedure, in the verdict's own
// transaction.
import { fireVerdicts, isReport, factOf, type VerdictOn } from '../alarms/api.ts';
import { ok, refuse, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { startClocks, stopClocks } from './deadlines.ts';
import { CLOCKS } from './contract.ts';
import { FIRE_LIMITS } from './limits.ts';
import { foundOf, step } from './machine.ts';
import { FALSE_CAUSES } from './norms.ts';
import { holdFireOf } from './open.ts';
import { keep } from './record.ts';
import { machineOf, standingOf } from './standing.ts';
import { isMet } from './steps.ts';
import { saveFire } from './store.ts';

const IF_REAL = CLOCKS.filter((clock) => clock !== 'confirm');

/** Refuses `bad-request` for a cause that is not of the site's list, or one where nothing was false. */
export async function judgeTogether(c: CommandContext, { row, body }: VerdictOn): Promise<Result<readonly string[]>> {
  const { verdict, note, cause, whole = false, order = false } = body;
  if ((cause !== undefined || order) && verdict !== 'false') return refuse('bad-request', 'cause');
  if (cause !== undefined && !(await isCause(c, row.community, cause))) return refuse('bad-request', 'cause');
  const fire = await holdFireOf(c, row);
  const alarms = await fireVerdicts(c.tx, row.community, fire.id, FIRE_LIMITS.judgedMax);
  const together = alarms.filter((a) => a.id === row.id || (whole && a.open && a.verdict === null)).map((a) => a.id);
  const after = alarms.map((a) => (together.includes(a.id) ? verdict : a.verdict));
  // What is over and was never judged says nothing any more.
  const found = foundOf(after.filter((v, i) => v !== null || alarms[i]?.open === true));
  const standing = await standingOf(c.tx, fire);
  const done = step(machineOf(fire, standing), { type: 'judge', result: found, cause: cause !== undefined });
  if (!done.ok) return done;
  const kept = done.value.cause ? (cause ?? fire.cause) : null;
  await saveFire(c.tx, { ...fire, result: found, cause: kept, judgedAt: c.now, closedAt: null });
  const said = cause === undefined ? {} : { cause };
  await keep(c, fire, 'judged', {
    verdict,
    found: found ?? null,
    alarm: row.id,
    alarms: together.length,
    note,
    ...said,
  });
  if (found !== undefined) stopClocks(c, fire.id, ['confirm']);
  if (found === 'real' && fire.result !== 'real') {
    const waited = IF_REAL.filter((clock) => !isMet(clock, { ...standing, result: 'real' }));
    await startClocks(c, fire, waited, c.now);
  }
  if (found !== 'real') stopClocks(c, fire.id, IF_REAL);
  if (order && !isReport(row)) {
    const { community } = row;
    c.emit({
      effect: 'event',
      event: { type: 'fire.order-wanted', community, subject: row.id, payload: factOf(row, c.now) },
    });
  }
  return ok(together);
}

export async function isCause(c: CommandContext, community: string, cause: string): Promise<boolean> {
  const { causes } = (await ruleInForce(c.tx, community, FALSE_CAUSES)).value;
  return causes.some((known) => known.id === cause);
}
