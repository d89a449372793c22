// Buildings and floors as everybody who lives or works here may know them: the control room's overview is the staff's.
import type { BuildingView } from '../../../hub/property/contract.ts';
import type { Api } from '../api/client.ts';
import { Load } from '../api/load.svelte.ts';
import type { PlaceNames } from '../site/place.ts';

export class Buildings {
  readonly list = new Load<readonly BuildingView[]>();
  readonly names: PlaceNames = {
    building: (id) => this.list.value?.find((building) => building.id === id)?.name,
  };

  constructor(api: Api) {
    void this.list.run(() => api.all<BuildingView>('/api/buildings'));
  }
}
