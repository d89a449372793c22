// kill -9 at seeded random moments during 500 changes/s with alarms among them.
import { io } from 'socket.io-client';
import { AlarmBook } from '../../dashboard/src/alarms/book.ts';
import type { AlarmFrame, BeatFrame } from '../../hub/live/contract.ts';
import type { AlarmView } from '../../hub/alarms/contract.ts';
import type { Caller } from '../e2e/compound.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { until } from '../helpers/wait.ts';
import { FaultCompound, SEPARATE, type Victim } from './compound.ts';
import { KILL_LOAD, type Raised } from './field.ts';
import { randomFrom, type Random } from './random.ts';
import { all, fieldAlarms, judge, type Verdict } from './verdict.ts';

export interface KillPlan {
  readonly seed: number;
  /** How often each is killed; all of them in one compound. */
  readonly kills: Readonly<Partial<Record<Victim, number>>>;
  readonly log: (line: string) => void;
}

export interface KillResult extends Verdict {
  readonly seed: number;
  readonly kills: number;
  readonly raised: number;
  readonly liveFrames: number;
  readonly liveConnections: number;
  /** How often the screen read all open alarms anew: at each connection, and wherever frames were missed. */
  readonly liveResyncs: number;
}

/** Longest pauses that are drawn, ms. */
const PAUSES = { before: 1_500, afterRaise: 400, down: 1_000 } as const;
/** A signal that is raised and cleared while hub, database or broker is dead is held at least so long, ms. */
const HELD_MS = 1_000;
const SEEN_MS = 180_000;
/** Values that a gateway may have read and not yet written when it is killed: one second of them, and what is in flight. */
const UNWRITTEN_READS = 4;
const ACK_EVERY_MS = 300;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Holds a short signal until the gateway has surely taken it. */
async function holdAndClear(compound: FaultCompound, raised: Raised): Promise<void> {
  const told = raised.told;
  const what = `the gateway reads ${raised.target.device} ${raised.target.point}`;
  await until(() => raised.told >= told + 2, { ms: SEEN_MS, what, everyMs: 10 });
  await pause(HELD_MS);
  compound.field.clear(raised);
}

/** An operator who acknowledges all the time and remembers what was answered with 200. */
class Acknowledger {
  readonly done = new Set<string>();
  #stopped = false;
  #loop: Promise<void> | undefined;

  start(caller: Caller, random: Random): void {
    this.#loop = this.#run(caller, random);
    onCleanup(() => this.stop());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  async #run(caller: Caller, random: Random): Promise<void> {
    while (!this.#stopped) {
      await pause(ACK_EVERY_MS);
      try {
        const open = (await fieldAlarms(caller)).filter((a) => a.state === 'unacked-active');
        const alarm = open[random.below(open.length)];
        if (!alarm) continue;
        const answer = await caller.ask('POST', `/api/alarms/${alarm.id}/ack`, {});
        if (answer.status === 200) this.done.add(alarm.id);
      } catch {
        // The hub is dead, or its answer was lost: then nothing was promised.
      }
    }
  }
}

/** A screen, with the dashboard's own book of alarms: it asks again after a gap or a wrong digest, and must end up right. */
class Screen {
  readonly #book = new AlarmBook();
  #beat: BeatFrame | undefined;
  #loading = false;
  frames = 0;
  connections = 0;
  resyncs = 0;

  watch(compound: FaultCompound, caller: Caller): void {
    const socket = io(compound.url, { transports: ['websocket'], extraHeaders: { cookie: caller.cookie } });
    onCleanup(() => void socket.close());
    socket.on('connect', () => {
      this.connections += 1;
      void this.#load(caller);
    });
    socket.on('alarm', (frame: AlarmFrame) => {
      this.frames += 1;
      if (this.#book.apply(frame) === 'gap') void this.#load(caller);
    });
    socket.on('beat', (beat: BeatFrame) => {
      this.#beat = beat;
      if (this.#book.against(beat) === 'differs') void this.#load(caller);
    });
  }

  async #load(caller: Caller): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    this.#book.startResync();
    try {
      const { seq } = await caller.good<{ seq: number }>('GET', '/api/alarms?state=open&limit=1');
      if (this.#book.finishResync(await all<AlarmView>(caller, '/api/alarms?state=open&limit=500'), seq))
        this.resyncs += 1;
    } catch {
      // The hub is dead: the next beat that differs asks again.
      this.#book.abandonResync();
    } finally {
      this.#loading = false;
    }
  }

  /** True when what is shown is what the last beat says. */
  right(): boolean {
    return this.#beat !== undefined && this.#book.against(this.#beat) === 'equal';
  }
}

/** One kill: signals before it, during the outage, and the way back. */
async function strike(compound: FaultCompound, victim: Victim, random: Random): Promise<string> {
  const { field } = compound;
  const before = random.below(PAUSES.before);
  await pause(before);
  // Raised just before the kill, so that it is somewhere on its way; held, since a dead gateway sees nothing.
  field.raiseFault();
  field.raiseFire();
  const after = random.below(PAUSES.afterRaise);
  await pause(after);
  await compound.kill(victim);
  const down = random.below(PAUSES.down);
  const shorts = [field.raiseFault(), field.raiseFire()];
  // What was raised while the gateway is dead is held until it is back; the others are dead or not, it reads on.
  const held = victim === 'gateway' ? Promise.resolve() : Promise.all(shorts.map((s) => holdAndClear(compound, s)));
  await pause(down);
  const started = performance.now();
  await compound.revive(victim);
  const back = Math.round(performance.now() - started);
  await held;
  return `${victim} killed ${before} + ${after} ms in, down ${down} ms, back in ${back} ms`;
}

/** Runs the plan in one compound. Everything drawn comes from the seed; what the machine does in between does not. */
export async function runKills(plan: KillPlan): Promise<KillResult> {
  const random = randomFrom(plan.seed);
  const wanted = (Object.entries(plan.kills) as [Victim, number][]).flatMap(([v, n]) =>
    Array.from({ length: n }, () => v),
  );
  const separate = wanted.some((v) => SEPARATE.includes(v));
  if (separate && wanted.includes('bundled-postgres'))
    throw new Error('the bundled PostgreSQL and a separate one are not in one compound');
  const total = wanted.length;
  const field = { ...KILL_LOAD, pumps: 2 * total + 1, detectors: 2 * total + 1 };
  const compound = await FaultCompound.start({ field, separate });
  const [operator, watcher] = [await compound.signIn('operator'), await compound.signIn('operator2')];
  const acknowledger = new Acknowledger();
  acknowledger.start(operator, randomFrom(plan.seed + 1));
  const screen = new Screen();
  screen.watch(compound, watcher);
  try {
    let number = 0;
    for (const victim of random.shuffled(wanted)) {
      number += 1;
      plan.log(`${number}/${total}: ${await strike(compound, victim, random)}`);
      compound.expectUp();
    }
    const gatewayKills = plan.kills.gateway ?? 0;
    await acknowledger.stop();
    const verdict = await judge(compound, acknowledger.done, gatewayKills * UNWRITTEN_READS);
    const seen = await until(() => screen.right(), { ms: 30_000, what: 'the screen shows what the hub has' }).catch(
      (error: unknown) => String(error),
    );
    const wrong = [...verdict.wrong, ...(seen === true ? [] : [String(seen)])];
    const { frames, connections, resyncs } = screen;
    const raised = compound.field.raised.length;
    const counts = { liveFrames: frames, liveConnections: connections, liveResyncs: resyncs };
    return { ...verdict, wrong, seed: plan.seed, kills: total, raised, ...counts };
  } catch (error) {
    throw new Error(`seed ${plan.seed}: ${String(error)}\n${await compound.voices()}`, { cause: error });
  } finally {
    await compound.stop();
  }
}
