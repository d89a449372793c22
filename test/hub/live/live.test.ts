// The live channel over real sockets: who may open it, alarms at once and without gaps, values, the beat's digest.
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { io, type Socket } from 'socket.io-client';
import type { AlarmFrame, BeatFrame, ClientEvents, ServerEvents, ValuesFrame } from '../../../hub/live/contract.ts';
import { openDigest } from '../../../hub/live/digest.ts';
import { CLIENT_EVENTS, SERVER_EVENTS } from '../../../hub/live/events.ts';
import { WatchGroup } from '../../../hub/live/values.ts';
import type { Client } from '../../helpers/hub.ts';
import { until } from '../../helpers/wait.ts';
import { panel, startSite, type Site } from '../alarms/site.ts';

type Screen = Socket<ServerEvents, ClientEvents>;
let site: Site;
const open: Screen[] = [];

beforeAll(async () => {
  site = await startSite([panel('p1'), panel('p2')]);
});
afterEach(() => {
  for (const screen of open.splice(0)) screen.disconnect();
});

function connect(cookie: string, headers: Readonly<Record<string, string>> = {}): Screen {
  const screen: Screen = io(site.hub.hub.url, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    extraHeaders: { ...(cookie === '' ? {} : { cookie }), ...headers },
  });
  open.push(screen);
  return screen;
}

interface Watching {
  readonly screen: Screen;
  readonly alarms: AlarmFrame[];
  readonly beats: BeatFrame[];
  /** Latest [value, quality] by point number. */
  readonly values: Map<number, readonly [unknown, unknown]>;
}

async function watch(who: Client): Promise<Watching> {
  const screen = connect(who.cookie);
  const watching: Watching = { screen, alarms: [], beats: [], values: new Map() };
  const take = (frame: ValuesFrame): void => {
    for (let k = 0; k + 3 < frame.length; k += 4) watching.values.set(Number(frame[k]), [frame[k + 1], frame[k + 2]]);
  };
  screen.on('alarm', (frame) => watching.alarms.push(frame));
  screen.on('beat', (frame) => watching.beats.push(frame));
  screen.on('values', (frame, done) => {
    take(frame);
    done();
  });
  await until(() => watching.beats.length > 0, { what: 'the first beat' });
  return watching;
}

const outcome = (screen: Screen): Promise<string> =>
  new Promise((resolve) => {
    screen.on('connect', () => resolve('connected'));
    screen.on('connect_error', (error) => resolve(error.message));
  });
const num = (device: string, point: string): number =>
  site.hub.hub.sensing.ingest.entry(`gw.${device}`, point)?.num ?? -1;

describe('who may', () => {
  test('only signed-in screens of our own pages are let in', async () => {
    expect(await outcome(connect(site.operator.cookie))).toBe('connected');
    expect(await outcome(connect(''))).toBe('not-signed-in');
    expect(await outcome(connect('fengsui_session=forged'))).toBe('not-signed-in');
    expect(await outcome(connect(site.operator.cookie, { origin: 'http://evil.example' }))).toContain(
      'websocket error',
    );
  });

  test('every event has a policy; one without is refused and nothing happens', async () => {
    expect(Object.keys(SERVER_EVENTS).toSorted()).toEqual([
      'alarm',
      'alive',
      'beat',
      'duty',
      'order',
      'scene',
      'values',
    ]);
    expect(Object.keys(CLIENT_EVENTS).toSorted()).toEqual(['desk', 'watch']);
    const { screen } = await watch(site.operator);
    await expect((screen as Socket).timeout(500).emitWithAck('silence-panel', { device: 'gw.p1' })).rejects.toThrow(
      'timed out',
    );
    const answer = await screen.emitWithAck('watch', { devices: ['gw.p1'] });
    expect(answer.ok).toBe(true);
  });

  test('an owner hears the beat and no alarm, and may not watch', async () => {
    const owner = await watch(await site.hub.as('owner'));
    await site.tell(site.gateway.sample('p1', 'mains', 1));
    const seen = owner.beats.length;
    await until(() => owner.beats.length > seen + 1, { what: 'two more beats' });
    expect(owner.alarms).toEqual([]);
    await expect(owner.screen.timeout(500).emitWithAck('watch', { devices: ['gw.p1'] })).rejects.toThrow('timed out');
  });

  test('signing out ends the screen', async () => {
    const guard = await site.hub.as('supervisor');
    const { screen } = await watch(guard);
    await guard.send('DELETE', '/api/session');
    await until(() => !screen.connected, { what: 'the screen is disconnected' });
    expect(await outcome(connect(guard.cookie))).toBe('not-signed-in');
  });
});

describe('alarms', () => {
  test('[S2] come at once, in order and without a gap; another community hears none', async () => {
    await site.hub.addCommunity('other');
    const here = await watch(site.operator);
    const there = await watch(await site.hub.as('operator@other'));
    const from = here.beats.at(-1)?.seq ?? -1;
    await site.tell(site.gateway.sample('p1', 'zone', 1));
    await site.tell(site.gateway.sample('p1', 'zone', 0));
    const fire = await site.alarm('p1', 'fire');
    await until(() => (here.alarms.at(-1)?.seq ?? 0) >= fire.seq, { what: 'the fire is on the screen' });
    let last = from;
    for (const frame of here.alarms) {
      expect(frame.from).toBe(last + 1);
      last = frame.seq;
    }
    expect(here.alarms.flatMap((f) => f.items).some((a) => a.id === fire.id && a.class === 'FIRE')).toBe(true);
    expect(there.alarms).toEqual([]);
  });

  test("the beat's count and digest are those of the open list", async () => {
    const { beats } = await watch(site.operator);
    await site.tell(site.gateway.sample('p2', 'zone', 2));
    const agrees = async (): Promise<BeatFrame | undefined> => {
      const list = await site.open('?limit=500');
      const beat = beats.at(-1);
      return beat?.open === list.length && beat.digest === openDigest(list) ? beat : undefined;
    };
    const beat = await until(agrees, {
      what: () => `a beat that agrees with the list; the last: ${JSON.stringify(beats.at(-1))}`,
    });
    expect(beat.lamps.FAULT?.[1]).toBeGreaterThan(0);
    expect(beat).toMatchObject({ blind: [], panels: { all: 2 } });
  });
});

describe('values', () => {
  test('[S2] are sent to who watches them, latest first of all, and turn stale with their device', async () => {
    const { screen, values } = await watch(site.operator);
    const { snapshot } = await screen.emitWithAck('watch', { devices: ['gw.p2'] });
    const sent = snapshot.filter((_, k) => k % 4 === 0);
    expect(sent).toContain(num('p2', 'key'));
    expect(sent).not.toContain(num('p1', 'key'));
    await site.tell(site.gateway.sample('p2', 'key', 7), site.gateway.sample('p2', 'key', 8));
    await until(() => values.get(num('p2', 'key'))?.[0] === 8, { what: 'the newest value' });
    expect(values.get(num('p2', 'key'))).toEqual([8, 0]);
    // Nobody reports `key` again: that its device is gone is all there is, and it must be enough.
    await site.tell(site.gateway.sample('p2', 'online', 0));
    await until(() => values.get(num('p2', 'key'))?.[1] === 1, { what: 'the value is shown as stale' });
    expect(values.get(num('p2', 'key'))).toEqual([8, 1]);
  });

  test('of a foreign community are as if they were not there', async () => {
    const { screen } = await watch(await site.hub.as('operator@other'));
    expect(await screen.emitWithAck('watch', { devices: ['gw.p1'] })).toEqual({ ok: true, snapshot: [] });
  });

  test('a slow screen gets what is newest, and costs no more memory than it has points', () => {
    const group = new WatchGroup(new Set([1, 2]));
    let value = 0;
    for (let k = 0; k < 10_000; k++) {
      value = k;
      group.changed(1);
      group.close();
    }
    expect(group.frame(0, (n) => (n === 1 ? [value, 0, 5] : undefined))).toEqual([1, 9_999, 0, 5]);
  });
});
