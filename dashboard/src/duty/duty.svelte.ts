// Duty at this moment, for every screen: who is on, what is due, what waits for an answer.
import type { CurrentDuty } from '../../../hub/duty/contract.ts';
import type { Api } from '../api/client.ts';
import { Load } from '../api/load.svelte.ts';

export class Duty {
  readonly #api: Api;
  readonly now = new Load<CurrentDuty>();

  constructor(api: Api) {
    this.#api = api;
  }

  load(): Promise<void> {
    return this.now.run(() => this.#api.get<CurrentDuty>('/api/duty/current'));
  }
}
