// What tests of fires share: a whole hub, its people, and the acts of the procedure.
import type { AlarmView } from '../../../hub/alarms/contract.ts';
import type { FireView } from '../../../hub/handling/contract.ts';
import type { NotificationView } from '../../../hub/notify/contract.ts';
import type { Answer, Client } from '../../helpers/hub.ts';
import { until } from '../../helpers/wait.ts';
import { startSite, type Site } from '../alarms/site.ts';
import type { DeviceSpec } from '../ingest/rig.ts';

type Refusable = { readonly code: string; readonly detail?: string };

export interface Fires {
  readonly site: Site;
  readonly operator: Client;
  readonly supervisor: Client;
  readonly guard: Client;
  readonly manager: Client;
  raise(panel: string): Promise<AlarmView>;
  act(who: Client, fire: string, body: object, headers?: Record<string, string>): Promise<Answer<FireView & Refusable>>;
  judge(who: Client, alarm: AlarmView, body: object): Promise<Answer<AlarmView & Refusable>>;
  view(fire: string): Promise<FireView>;
  alarm(id: string): Promise<AlarmView>;
  /** Waits until the policy has begun the procedure. */
  opened(fire: string): Promise<void>;
}

export const idOf = (alarm: AlarmView): string => alarm.incident ?? alarm.id;
/** Texts of somebody's pages. */
export const inbox = async (who: Client): Promise<string[]> =>
  (await who.get<{ items: NotificationView[] }>('/api/notifications?limit=200')).body.items.map((n) => n.text.zh);

export async function startFires(devices: readonly DeviceSpec[]): Promise<Fires> {
  const site = await startSite(devices);
  const { operator, hub } = site;
  return {
    site,
    operator,
    supervisor: await hub.as('supervisor'),
    guard: await hub.as('guard'),
    manager: await hub.as('manager'),
    raise: async (panel) => {
      await site.tell(site.gateway.sample(panel, 'zone', 1));
      return site.alarm(panel, 'fire');
    },
    act: (who, fire, body, headers = {}) => who.post(`/api/fires/${fire}/acts`, body, headers),
    judge: (who, alarm, body) => who.post(`/api/alarms/${alarm.id}/verdict`, body),
    view: async (fire) => (await operator.get<FireView>(`/api/fires/${fire}`)).body,
    alarm: async (id) => (await operator.get<AlarmView>(`/api/alarms/${id}`)).body,
    opened: async (fire) => {
      await until(async () => (await operator.get(`/api/fires/${fire}`)).status === 200, { what: 'the procedure' });
    },
  };
}
