// The hand-over signed at the desk of who leaves, over HTTP: in whose name, with which password, and whose session goes on.
import { beforeAll, expect, test } from 'vitest';
import type { CurrentDuty, HandoverView } from '../../../hub/duty/contract.ts';
import type { OneTimePassword, PersonView } from '../../../hub/staff/contract.ts';
import { startTestHub, type Client, type TestHub } from '../../helpers/hub.ts';

const HOUR = 3_600_000;
let hub: TestHub;
let admin: Client;
beforeAll(async () => {
  hub = await startTestHub();
  admin = await hub.as('admin');
}, 120_000);

const idOf = async (username: string): Promise<string> => {
  const { body } = await admin.get<{ items: PersonView[] }>('/api/people');
  return body.items.find((p) => p.username === username)?.id ?? '';
};
/** Certified and rostered for the hours that have just begun. */
async function onShift(...usernames: readonly string[]): Promise<void> {
  const people = await Promise.all(usernames.map(idOf));
  for (const id of people) {
    const certificate = { kind: 'fire-control-operator', no: id, expires: '2099-12-31' };
    expect(await admin.post(`/api/people/${id}/certificates`, certificate)).toMatchObject({ status: 200 });
  }
  const [from, to] = [Date.now() - 60_000, Date.now() + 4 * HOUR].map((t) => new Date(t).toISOString());
  const planned = await admin.post('/api/duty/shifts', { kind: 'control-room', from, to, people });
  expect(planned).toMatchObject({ status: 200 });
}

test('[F1] nobody signs for another with a one-time password that was given to them', async () => {
  await admin.post('/api/people', { username: 'wang', name: '王', role: 'operator' });
  await onShift('operator', 'wang');
  const desk = await hub.as('operator');
  expect(await desk.post('/api/duty/take-over', {})).toMatchObject({ status: 200 });
  const me = await idOf('operator');
  const open = (await desk.post<HandoverView>('/api/duty/handovers', { leaving: [me], note: '' })).body;
  const { password } = (await admin.post<OneTimePassword>(`/api/people/${await idOf('wang')}/password`)).body;
  const sign = (given: string) =>
    desk.post<HandoverView>(`/api/duty/handovers/${open.id}/sign`, {
      sha256: open.sha256,
      username: 'wang',
      password: given,
    });
  expect(await sign(password)).toMatchObject({ status: 403, body: { code: 'password-change-required' } });
  const { present, handover } = (await desk.get<CurrentDuty>('/api/duty/current')).body;
  expect([present.map((p) => p.id), handover?.signed]).toEqual([[me], 0]);
  const wang = await hub.as('wang', password);
  const own = { old: password, new: 'words of their own' };
  expect(await wang.send('PUT', '/api/session/password', own)).toMatchObject({ status: 200 });
  expect(await sign(own.new)).toMatchObject({ status: 200, body: { state: 'done' } });
});
