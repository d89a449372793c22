// What an operator does about an alarm, each act sent once: acknowledge, verdict, shelve, close.
import type { Static } from 'typebox';
import type { AlarmView, ShelveBody, VerdictBody, CloseBody } from '../../../hub/alarms/contract.ts';
import type { Api } from '../api/client.ts';
import { Command } from '../api/command.svelte.ts';
import { asProblem, type Problem } from '../api/problem.ts';
import type { Alarms } from '../live/alarms.svelte.ts';
import { newKey } from '../api/client.ts';

type Act<Body> = { readonly id: string; readonly body: Body };
export type VerdictInput = Act<Static<typeof VerdictBody>>;
export type ShelveInput = Act<Static<typeof ShelveBody>>;
export type CloseInput = Act<Static<typeof CloseBody>>;

export class AlarmActs {
  readonly ack: Command<Act<Record<string, never>>, AlarmView>;
  readonly verdict: Command<VerdictInput, AlarmView>;
  readonly shelve: Command<ShelveInput, AlarmView>;
  readonly close: Command<CloseInput, AlarmView>;
  readonly unshelve: Command<Act<Record<string, never>>, AlarmView>;
  readonly #api: Api;
  readonly #alarms: Alarms;
  /** Acknowledging many: how many of how many are done, null when none is under way. */
  bulk = $state.raw<{ readonly done: number; readonly all: number } | null>(null);
  bulkProblem = $state.raw<Problem | null>(null);

  constructor(api: Api, alarms: Alarms) {
    this.#api = api;
    this.#alarms = alarms;
    const command = <Body>(act: string): Command<Act<Body>, AlarmView> =>
      new Command(
        ({ id, body }, key) => this.#post(id, act, body, key),
        (alarm) => alarms.put(alarm),
      );
    this.ack = command('ack');
    this.verdict = command('verdict');
    this.shelve = command('shelve');
    this.close = command('close');
    this.unshelve = command('unshelve');
  }

  /** The last refusal of any act, to be shown beside the buttons. */
  get problem(): Problem | null {
    return (
      this.ack.problem ?? this.verdict.problem ?? this.shelve.problem ?? this.unshelve.problem ?? this.close.problem
    );
  }

  /** Clears old refusals, as when another alarm is selected. */
  reset(): void {
    for (const command of [this.ack, this.verdict, this.shelve, this.unshelve, this.close]) command.reset();
  }

  /** Acknowledges one after the other; stops at the first refusal. Never for life safety: those are looked at singly. */
  async ackAll(ids: readonly string[]): Promise<void> {
    if (this.bulk) return;
    this.bulkProblem = null;
    try {
      for (const [done, id] of ids.entries()) {
        this.bulk = { done, all: ids.length };
        try {
          this.#alarms.put(await this.#post(id, 'ack', {}, newKey()));
        } catch (error) {
          const problem = asProblem(error);
          // Someone else was quicker: that is what was wanted.
          if (problem.status === 409) continue;
          this.bulkProblem = problem;
          return;
        }
      }
    } finally {
      this.bulk = null;
    }
  }

  #post(id: string, act: string, body: unknown, key: string): Promise<AlarmView> {
    return this.#api.post<AlarmView>(`/api/alarms/${encodeURIComponent(id)}/${act}`, body, { key });
  }
}
