// What stands beside the alarms on every screen: blocked lanes, escorts, lifts that are taken, plans that are run.
import type { SceneView } from '../../../hub/read/contract.ts';
import type { Api } from '../api/client.ts';
import { Load } from '../api/load.svelte.ts';

export class Scene {
  readonly #api: Api;
  readonly now = new Load<SceneView>();

  constructor(api: Api) {
    this.#api = api;
  }

  load(): Promise<void> {
    return this.now.run(() => this.#api.get<SceneView>('/api/scene'));
  }
}
