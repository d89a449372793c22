// The first administrator of an empty hub: made once, by whoever can read what the hub printed.
import { beforeAll, expect, test } from 'vitest';
import { startHub, type Hub } from '../../../hub/main.ts';
import { readConfig, STAFF_LIMITS } from '../../../hub/config.ts';
import { freshDatabase, silentLog } from '../../helpers/database.ts';
import { onCleanup } from '../../helpers/cleanup.ts';
import { tempDir } from '../../helpers/temp.ts';

let hub: Hub;
beforeAll(async () => {
  const database = await freshDatabase();
  const env = { HTTP_PORT: '0', MQTT_PORT: '0', FENGSUI_DATA: tempDir('hub'), FENGSUI_COMMUNITY: 'lvyuan' };
  hub = await startHub({ ...readConfig(env), databaseUrl: database.url }, { log: silentLog });
  onCleanup(() => hub.stop());
});

const first = {
  communityName: { zh: '绿园', en: 'Lvyuan' },
  username: 'chen',
  name: '陈主任',
  password: 'long enough',
};
const setUp = async (token: string) => {
  const answer = await hub.app.inject({ method: 'POST', url: '/api/setup', payload: { ...first, token } });
  return { status: answer.statusCode, code: answer.json<{ code?: string }>().code };
};
const needed = async () => (await hub.app.inject({ method: 'GET', url: '/api/setup' })).json<{ needed: boolean }>();

test('an empty hub waits for its first administrator, and takes nobody with a wrong token', async () => {
  expect(await needed()).toEqual({ needed: true });
  for (let n = 0; n < STAFF_LIMITS.setupTriesMax - 1; n++)
    expect(await setUp('0000')).toEqual({ status: 400, code: 'bad-request' });
});

test('with the token, however it is typed, exactly one of many at once is made, who can sign in', async () => {
  const token = hub.setupToken ?? '';
  expect(token).toMatch(/^[0-9a-f]{4}(-[0-9a-f]{4}){5}$/);
  const typed = [token, token.toUpperCase(), ` ${token.replaceAll('-', ' ')} `];
  const answers = await Promise.all(typed.map(setUp));
  expect(answers.map((a) => a.status).toSorted()).toEqual([200, 409, 409]);
  const payload = { username: 'chen', password: 'long enough' };
  const session = await hub.app.inject({ method: 'POST', url: '/api/session', payload });
  expect(session.json()).toMatchObject({ role: 'admin', community: 'lvyuan', communityName: { zh: '绿园' } });
});

test('afterwards the way in is closed, token or not', async () => {
  expect(await needed()).toEqual({ needed: false });
  expect(await setUp(hub.setupToken ?? '')).toEqual({ status: 409, code: 'already-done' });
});
