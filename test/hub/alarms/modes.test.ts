// A mode that begins or ends at the very moment at which an alarm is being raised under it.
import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../helpers/wait.ts';
import { panel, startSite, type Site } from './site.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite(['p0', 'p1', 'p2'].map((id) => panel(id)));
  // The community's count of changes exists.
  await site.tell(site.gateway.sample('p0', 'mains', 1));
});

/** Whether a statement like this of that pool waits for a lock. */
const waits = async (pool: 'ingest' | 'main', like: string): Promise<boolean> => {
  const rows = await site.hub.database.db.transaction((tx) =>
    tx.query(
      `select 1 from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock' and application_name = $1 and query like $2`,
      [`fengsui-${pool}`, like],
    ),
  );
  return rows.length > 0;
};

/** Raises an alarm and, while its transaction has read the modes but not yet committed, does `act`. */
async function meanwhile<T>(device: string, act: () => Promise<T>): Promise<T> {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let isHeld = false;
  // T1 takes this row last.
  const blocker = site.hub.database.db.transaction(async (tx) => {
    await tx.query('select seq from alarms.sequence for update');
    isHeld = true;
    await gate;
  });
  await until(() => isHeld, { what: 'the count of changes is held' });
  const told = site.tell(site.gateway.sample(device, 'mains', 1));
  try {
    await until(() => waits('ingest', '%alarms.sequence%'), { what: 'the raise waits for the count of changes' });
    let isDone = false;
    const done = act().finally(() => {
      isDone = true;
    });
    await until(async () => isDone || (await waits('main', '%advisory%')), { what: 'the act waits, or is over' });
    open();
    return await done;
  } finally {
    open();
    await Promise.all([blocker, told]);
  }
}

const start = (device: string): Promise<{ status: number; body: { id: string } }> =>
  site.operator.post<{ id: string }>('/api/modes', {
    mode: 'maintenance',
    scope: { devices: [`gw.${device}`] },
    minutes: 60,
    reason: 'mains are switched',
  });

describe('an alarm raised', () => {
  test('[S2] while its mode is being ended does not stay suppressed', async () => {
    const { body } = await start('p1');
    const ended = await meanwhile('p1', () => site.operator.post(`/api/modes/${body.id}/end`));
    expect(ended.status).toBe(200);
    const alarm = await site.alarm('p1', 'mains');
    expect(alarm).toMatchObject({ state: 'unacked-active', mode: 'maintenance' });
  });

  test('while a mode is being started over it is under that mode, and returns when it ends', async () => {
    const started = await meanwhile('p2', () => start('p2'));
    expect(started.status).toBe(200);
    expect(await site.alarm('p2', 'mains')).toMatchObject({ state: 'suppressed', mode: 'maintenance' });
    await site.pass(60 * 60_000);
    expect(await site.alarm('p2', 'mains')).toMatchObject({ state: 'unacked-active' });
  });
});
