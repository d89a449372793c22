// Takes the site file anew while the gateway runs: SIGUSR2 (a terminal that closes sends SIGHUP), or `--reload` on the
// command line, which asks the running gateway by that signal and tells what became of it. A file with a mistake changes
// nothing.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { ConfigError, formatProblem } from '../device-profiles/config-error.ts';
import { checkSite, summary, warningLines, type CheckedSite } from './cli.ts';
import type { Logger } from './drivers/driver.ts';
import type { Reshaper } from './reshape.ts';
import type { SiteDrivers } from './site-drivers.ts';
import { realDisk, replaceFile } from './spool/files.ts';
import { holderPid } from './spool/lock.ts';

/** How long the command waits for the gateway to answer, ms, and how often it looks. */
export const RELOAD_LIMITS = { answerMs: 60_000, lookMs: 100 } as const;

/** What became of the last reload; kept beside the spool so that whoever asked for it can read it. */
const Answer = Type.Object(
  {
    /** Counts the reloads of this run, with the time of its start before it: no two answers are alike. */
    turn: Type.String(),
    at: Type.String(),
    ok: Type.Boolean(),
    lines: Type.Array(Type.String()),
  },
  { additionalProperties: false },
);
export type Answer = Static<typeof Answer>;
const answerCheck = Compile(Answer);

const answerPath = (dir: string): string => join(dir, 'reload.json');

export interface ReloadParts {
  /** Of the gateway's own. */
  readonly dir: string;
  readonly running: CheckedSite;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly drivers: SiteDrivers;
  readonly reshaper: Reshaper;
  readonly clock: { now(): number };
  readonly log: Logger;
}

export class Reloader {
  readonly #o: ReloadParts;
  readonly #began: number;
  #turn = 0;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(o: ReloadParts) {
    this.#o = o;
    this.#began = Math.trunc(o.clock.now());
  }

  /** Reads the file as it is now. While one is under way, it is read once more after it. Never rejects. */
  reload(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    if (this.#running) this.#again = true;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Waits for what is under way; nothing is taken anew afterwards. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      const { ok, lines } = await this.#take();
      const { dir, clock, log } = this.#o;
      if (ok) log.info({ lines }, 'the site file was taken anew');
      else log.error({ lines }, 'the site file was not taken: everything goes on as before');
      const answer: Answer = {
        turn: `${this.#began}-${++this.#turn}`,
        at: new Date(clock.now()).toISOString(),
        ok,
        lines: [...lines],
      };
      await replaceFile(realDisk, answerPath(dir), Buffer.from(JSON.stringify(answer))).catch((error: unknown) =>
        log.error({ error: String(error) }, 'the answer to a reload could not be written'),
      );
    } while (this.#again && !this.#stopped);
  }

  async #take(): Promise<Pick<Answer, 'ok' | 'lines'>> {
    const { running, env, drivers, reshaper } = this.#o;
    try {
      const checked = checkSite(running.site.file, env);
      for (const key of ['gateway', 'community'] as const)
        if (checked.site[key] !== running.site[key])
          throw new Error(
            `${key} was ${running.site[key]} and is ${checked.site[key]} now: what was kept belongs to it, so this needs a restart`,
          );
      const { kept, started, stopped } = await drivers.change(checked.site, (next) => reshaper.become(next));
      const groups = `${kept.length} links run on, ${stopped.length} stopped, ${started.length} started`;
      return { ok: true, lines: [summary(checked), groups, ...warningLines(checked.site)] };
    } catch (error) {
      const lines =
        error instanceof ConfigError
          ? error.problems.map(formatProblem)
          : [error instanceof Error ? error.message : String(error)];
      return { ok: false, lines };
    }
  }
}

/** The answer that lies there, if any. */
async function lastAnswer(dir: string): Promise<Answer | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(answerPath(dir), 'utf8'));
    return answerCheck.Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Asks the gateway that runs on this directory for a reload. @throws Error saying why that can't be, or got no answer */
export async function askToReload(dir: string): Promise<Answer> {
  if (process.platform === 'win32')
    throw new Error('a running gateway can be asked on Linux and macOS only: restart it');
  const pid = await holderPid(join(dir, 'spool', 'lock'));
  if (pid === undefined) throw new Error(`no gateway runs here on ${dir} (FENGSUI_DATA)`);
  const before = await lastAnswer(dir);
  process.kill(pid, 'SIGUSR2');
  const tries = RELOAD_LIMITS.answerMs / RELOAD_LIMITS.lookMs;
  for (let k = 0; k < tries; k++) {
    await pause(RELOAD_LIMITS.lookMs);
    const answer = await lastAnswer(dir);
    if (answer !== undefined && answer.turn !== before?.turn) return answer;
  }
  throw new Error(
    `the gateway (process ${pid}) has not answered within ${RELOAD_LIMITS.answerMs / 1_000} s: see its log`,
  );
}
