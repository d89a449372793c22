// What an operator does about an alarm, each act sent once: acknowledge, verdict, shelve, close.
import type { Static } from 'typebox';
import type { AckManyAnswer, AlarmView, ShelveBody, VerdictBody, CloseBody } from '../../../hub/alarms/contract.ts';
import type { Api } from '../api/client.ts';
import { Command } from '../api/command.svelte.ts';
import type { Problem } from '../api/problem.ts';
import type { Alarms } from '../live/alarms.svelte.ts';
import { ACK_TOGETHER, readyToAck, type Seen } from './ack-many.ts';

type Act<Body> = { readonly id: string; readonly body: Body };
export type VerdictInput = Act<Static<typeof VerdictBody>>;
export type ShelveInput = Act<Static<typeof ShelveBody>>;
export type CloseInput = Act<Static<typeof CloseBody>>;

export class AlarmActs {
  readonly ackMany: Command<readonly Seen[], AckManyAnswer>;
  readonly ack: Command<Act<Record<string, never>>, AlarmView>;
  readonly verdict: Command<VerdictInput, AlarmView>;
  readonly shelve: Command<ShelveInput, AlarmView>;
  readonly close: Command<CloseInput, AlarmView>;
  readonly unshelve: Command<Act<Record<string, never>>, AlarmView>;
  readonly #api: Api;
  readonly #alarms: Alarms;
  #changed: AlarmView[] = [];
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
    this.ackMany = new Command(
      (items, key) => api.post<AckManyAnswer>('/api/alarms/ack', { items }, { key }),
      ({ items }) => {
        for (const { outcome, alarm } of items) {
          if (alarm) alarms.put(alarm);
          if (alarm && outcome === 'changed') this.#changed.push(alarm);
        }
      },
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

  /**
   * Acknowledges many, a command for up to `ACK_TOGETHER`, each as it was shown. Answers those that changed meanwhile:
   * they are to be looked at again. Never life safety: that is looked at singly.
   */
  async ackAll(shown: readonly AlarmView[]): Promise<readonly AlarmView[]> {
    if (this.bulk) return [];
    this.bulkProblem = null;
    const changed: AlarmView[] = [];
    const all = shown.length;
    try {
      for (let done = 0; done < all; done += ACK_TOGETHER) {
        this.bulk = { done, all };
        const { ready, changed: others } = readyToAck(shown.slice(done, done + ACK_TOGETHER), (id) =>
          this.#alarms.find(id),
        );
        changed.push(...others);
        if (ready.length === 0) continue;
        await this.ackMany.run(ready);
        if (this.ackMany.problem) {
          this.bulkProblem = this.ackMany.problem;
          return changed;
        }
        changed.push(...this.#changed.splice(0));
      }
      return changed;
    } finally {
      this.bulk = null;
    }
  }

  #post(id: string, act: string, body: unknown, key: string): Promise<AlarmView> {
    return this.#api.post<AlarmView>(`/api/alarms/${encodeURIComponent(id)}/${act}`, body, { key });
  }
}
