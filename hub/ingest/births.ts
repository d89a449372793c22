// What a birth does, in one transaction: its devices and points enter the register, its index is kept, its epoch's
// cursors are opened, and its snapshot is compared with what the hub holds true.
import { encodeBirth, fromColumns, WireError, type Birth, type Sample } from '../../device-profiles/contract/wire.ts';
import type { Tx } from '../db/tx.ts';
import { BirthRefused, type Registry, type SignalSink } from './api.ts';
import { clockIsRight } from './beat-clock.ts';
import { momentAt } from './evidence.ts';
import { hubSignal } from './hub-signals.ts';
import { INGEST_LIMITS } from './limits.ts';
import type { PointEntry, Program, Site } from './points.ts';
import { programOf } from './programs.ts';
import { findGateway, noteLiveBirth, openCursors, storeBirth } from './store.ts';
import { T1, type T1Deps } from './t1.ts';

export interface BirthDeps extends T1Deps {
  readonly sink: SignalSink;
  readonly registry: Registry;
}

/** Enters a birth in the register and compiles its signals. @throws BirthRefused */
export async function enterBirth(tx: Tx, deps: BirthDeps, born: Birth, now: number): Promise<Program> {
  const { gateway, community, snapshot } = born;
  const registered = await deps.registry.register(tx, { gateway, community, born, live: snapshot !== undefined }, now);
  try {
    const program = programOf(born, registered);
    deps.sink.compile(program);
    return program;
  } catch (error) {
    throw new BirthRefused(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Keeps what explains the indexes: the birth without its snapshot. */
export async function keepBirth(tx: Tx, born: Birth, now: number): Promise<void> {
  const { snapshot: _, ...index } = born;
  const content = encodeBirth(index);
  await storeBirth(tx, { gateway: born.gateway, id: born.birth, content, now }, INGEST_LIMITS.birthsKept);
}

/**
 * A live birth. Answers the staged T1, run but not yet committed.
 * @throws BirthRefused, Fenced
 */
export async function liveBirth(
  tx: Tx,
  deps: BirthDeps,
  of: { readonly site: Site; readonly born: Birth; readonly token: number; readonly now: number },
): Promise<{ readonly t1: T1; readonly program: Program }> {
  const { site, born, token, now } = of;
  const gateway = await findGateway(tx, born.gateway);
  if (!gateway || gateway.revoked_at !== null) throw new BirthRefused(`gateway ${born.gateway} is not enrolled`);
  if (gateway.community !== null && gateway.community !== born.community)
    throw new BirthRefused(`community ${born.community}: the gateway is enrolled for ${gateway.community}`);
  // Births of the index in force come often (each reconnection, each catching up): only their snapshot is new.
  const known = site.program?.birth === born.birth ? site.program : undefined;
  const program = known ?? (await enterBirth(tx, deps, born, now));
  if (!known) await keepBirth(tx, born, now);
  const lanes = await openCursors(tx, born.gateway, born.epoch, INGEST_LIMITS.epochsKept);
  await noteLiveBirth(tx, { ...born, now });

  const t1 = new T1(deps, now);
  const staged = t1.rebase(site, born.epoch, lanes);
  const behind = lanes.safety.seq < born.head.safety;
  staged.program = program;
  staged.writesHistory = born.writesHistory;
  const at = momentAt(born.at, born.timebase);
  staged.bornAt = at;
  // A disk that was wiped may have forgotten runs that were later than any to come: it would be their time for ever.
  if (site.epoch !== born.epoch) staged.moment = undefined;
  staged.heartbeatS = born.heartbeatS;
  staged.adopt(snapshotOf(born, program), behind);
  // Another epoch: the gateway has lost what it had stored.
  if (gateway.epoch !== born.epoch) t1.signals.interrupted(born.gateway);
  staged.catchUpTo = behind ? born.head.safety : undefined;
  if (behind) t1.signals.foundActive(staged, program, at);
  else t1.signals.all(staged, program, at);
  t1.signals.hubSignal(hubSignal('silent', born), 'clear', now);
  // Told before a restart of the hub, perhaps; its beats tell it anew when it is not so.
  if (clockIsRight(born.at, now)) t1.signals.hubSignal(hubSignal('clock-wrong', born), 'clear', now);
  if (gateway.silent_since !== null) {
    const payload = { gateway: born.gateway, blindMs: Math.max(0, now - gateway.silent_since.getTime()) };
    t1.event({ type: 'gateway.heard', community: born.community, subject: born.gateway, payload });
  }
  await t1.run(tx, token);
  return { t1, program };
}

function* snapshotOf(born: Birth, program: Program): Generator<readonly [PointEntry, Sample]> {
  const { snapshot } = born;
  if (!snapshot) return;
  for (const s of samplesOf(snapshot, born.timebase)) {
    const entry = program.points[s.i];
    if (!entry) throw new BirthRefused(`snapshot: index ${s.i} is not in the birth`);
    yield [entry, s];
  }
}

function samplesOf({ columns, t0, n0 }: NonNullable<Birth['snapshot']>, timebase: Birth['timebase']): Sample[] {
  try {
    return fromColumns(columns, t0, n0, timebase);
  } catch (error) {
    if (error instanceof WireError) throw new BirthRefused(`snapshot: ${error.message}`, { cause: error });
    throw error;
  }
}
