// While T1 cannot commit, screens say that they are blind, whatever memory still holds for good (DESIGN rule 5).
import { Client } from 'pg';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { io, type Socket } from 'socket.io-client';
import { topics } from '../../../device-profiles/contract/wire.ts';
import type { BeatFrame, ClientEvents, ServerEvents } from '../../../hub/live/contract.ts';
import type { HealthView } from '../../../hub/http/health.ts';
import { until } from '../../helpers/wait.ts';
import { panel, startSite, type Site } from '../alarms/site.ts';

let site: Site;
const open: Socket<ServerEvents, ClientEvents>[] = [];

beforeAll(async () => {
  site = await startSite([panel('p1')]);
});
afterEach(() => {
  for (const screen of open.splice(0)) screen.disconnect();
});

/** The newest beat of a screen that shows the site. */
function beats(): () => BeatFrame | undefined {
  let last: BeatFrame | undefined;
  const screen: Socket<ServerEvents, ClientEvents> = io(site.hub.hub.url, {
    transports: ['websocket'],
    forceNew: true,
    extraHeaders: { cookie: site.operator.cookie },
  });
  open.push(screen);
  screen.on('beat', (beat) => (last = beat));
  return () => last;
}

/** Seconds pass in which the gateway is heard and the hub looks. */
function pass(seconds: number): void {
  const { ingest } = site.hub.hub.sensing;
  for (let s = 0; s < seconds; s++) {
    site.clock.advance(1_000);
    void ingest.receive(topics.beat('gw'), site.gateway.beat());
    ingest.look();
  }
}

const health = async (): Promise<HealthView> => (await site.operator.get<HealthView>('/api/health')).body;

const WAYS = [
  {
    name: 'the disk is full',
    spoil: `create function pg_temp.full() returns trigger language plpgsql as
      $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
      create trigger full_disk before insert or update on ingest.cursor execute function pg_temp.full()`,
    mend: 'drop trigger full_disk on ingest.cursor',
  },
  { name: 'the database does not answer', spoil: 'lock table ingest.cursor in access exclusive mode', mend: 'commit' },
] as const;

test.each(WAYS)('[S2] $name: a fire that cannot be stored blinds every screen and health', async ({ spoil, mend }) => {
  const beat = beats();
  await until(() => beat()?.points.fresh, { what: 'a beat of a site that is well' });
  expect(beat()).toMatchObject({ blind: [], panels: { online: 1, all: 1 } });
  expect(await health()).toMatchObject({ components: { ingest: { status: 'ok' } } });

  const client = new Client(site.hub.database.connection);
  await client.connect();
  if (mend === 'commit') await client.query('begin');
  await client.query(spoil);
  try {
    const fires = (await site.open('?class=FIRE')).length;
    const made = site.gateway.batch('safety', [site.gateway.sample('p1', 'zone', 1)]);
    const since = site.clock.now();
    void site.hub.hub.sensing.ingest.receive(topics.up('gw', 'safety'), made.bytes);
    pass(3);
    expect(site.hub.hub.sensing.ingest.site('gw')?.blind).toBeUndefined();
    pass(2);
    const blind = await until(() => (beat()?.blind.length === 1 ? beat() : undefined), { what: 'a blind beat' });
    expect(blind.blind).toEqual([{ gateway: 'gw', since, reason: 'hub-cannot-store' }]);
    const unknown = await until(() => (beat()?.points.fresh === 0 ? beat() : undefined), { what: 'no fresh point' });
    expect(unknown.panels).toEqual({ online: 0, all: 1 });
    expect(await health()).toMatchObject({ status: 'down', components: { ingest: { status: 'down' } } });
    expect((await site.open('?class=FIRE')).length).toBe(fires);
  } finally {
    await client.query(mend);
    await client.end();
  }
  const { safety } = site.gateway.head;
  await until(() => site.hub.hub.sensing.ingest.site('gw')?.lanes.safety.seq === safety, { what: 'it is stored' });
  expect((await site.alarm('p1', 'fire')).condition).toBe('true');
  await until(() => beat()?.blind.length === 0 && beat()?.points.unknown === 0, { what: 'a beat that sees again' });
  let last: HealthView | undefined;
  const well = async (): Promise<boolean> => {
    site.clock.advance(1_000);
    last = await health();
    return last.components['ingest']?.status === 'ok';
  };
  await until(well, { what: () => `ingest is well again; the last: ${JSON.stringify(last)}` });
});
