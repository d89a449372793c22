// Floor plans over HTTP on a real database: drawings with their versions, positions, lists, and who may do what.
import { beforeAll, describe, expect, test } from 'vitest';
import type { DrawingView, FloorPlanView, ThingView } from '../../../hub/floor-plans/contract.ts';
import type { Client } from '../../helpers/hub.ts';
import { panel, startSite, lift, type Site } from '../alarms/site.ts';
import { png } from '../files/pictures.ts';

let site: Site;
let supervisor: Client;
const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="9" height="9" onclick="x()"/></svg>';

async function upload(bytes: Buffer, name = 'plan.svg'): Promise<string> {
  const boundary = 'b0undary';
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\n\r\n`;
  const response = await site.hub.hub.app.inject({
    method: 'POST',
    url: '/api/files',
    payload: Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
    headers: { cookie: supervisor.cookie, 'content-type': `multipart/form-data; boundary=${boundary}` },
  });
  return response.json<{ sha256: string }>().sha256;
}
const plan = async (at = 'p1/12', client = site.operator): Promise<FloorPlanView> =>
  (await client.get<FloorPlanView>(`/api/floor-plans/${at}`)).body;
const thing = (of: FloorPlanView, device: string): ThingView | undefined => of.things.find((t) => t.device === device);
const put = (positions: object[], revision: number, at = 'p1/12') =>
  supervisor.send<{ revision: number; code: string; detail: string }>('PUT', `/api/floor-plans/${at}/positions`, {
    revision,
    positions,
  });

beforeAll(async () => {
  const withPlaces = panel('p1');
  const detector = { id: 'd13', building: 'p1', floor: 13 };
  site = await startSite([{ ...withPlaces, points: [...withPlaces.points, detector] }, panel('p2'), lift('l1', 'p1')]);
  supervisor = await site.hub.as('supervisor');
  await site.hub.addCommunity('other');
});

describe('a floor', () => {
  test('lists what belongs on it before anyone drew it: its devices, lifts of the building, points that stand apart', async () => {
    const floor12 = await plan();
    expect(floor12).toMatchObject({ revision: 0, drawing: null, changedBy: null });
    expect(floor12.things.map((t) => [t.device, t.point, t.elsewhere])).toEqual([
      ['gw.p1', undefined, false],
      ['gw.l1', undefined, true],
    ]);
    expect(thing(floor12, 'gw.p1')).toMatchObject({ kind: 'fire-panel', quality: 'good', value: 1, proved: false });
    const floor13 = await plan('p1/13');
    expect(floor13.things.map((t) => [t.device, t.point])).toEqual([
      ['gw.p1', 'd13'],
      ['gw.l1', undefined],
    ]);
  });

  test('that does not exist, or is of another community, is not there', async () => {
    expect((await site.operator.get('/api/floor-plans/p1/99')).status).toBe(404);
    const stranger = await site.hub.as('supervisor@other');
    expect((await stranger.get('/api/floor-plans/p1/12')).status).toBe(404);
    expect((await stranger.get<{ items: unknown[] }>('/api/floor-plans')).body.items).toEqual([]);
  });
});

describe('a drawing', () => {
  test('is kept by version with who and when, the earlier ones too; the same one again changes nothing', async () => {
    const first = await upload(Buffer.from(SVG));
    const added = await supervisor.post('/api/floor-plans/p1/12/drawings', { sha256: first, note: '竣工图' });
    expect(added).toMatchObject({ status: 200, body: { floors: 1 } });
    expect((await plan()).drawing).toMatchObject({ version: 1, type: 'image/svg+xml', note: '竣工图' });
    expect((await supervisor.post('/api/floor-plans/p1/12/drawings', { sha256: first })).body).toEqual({ floors: 0 });
    const second = await upload(png(), 'plan.png');
    await supervisor.post('/api/floor-plans/p1/12/drawings', { sha256: second, alsoFloors: [13] });
    const { items } = (await site.operator.get<{ items: DrawingView[] }>('/api/floor-plans/p1/12/drawings')).body;
    expect(items.map((d) => [d.version, d.sha256, d.addedBy.name])).toEqual([
      [2, second, 'supervisor'],
      [1, first, 'supervisor'],
    ]);
    expect((await plan('p1/13')).drawing).toMatchObject({ version: 1, sha256: second });
  });

  test('is given back so that it cannot act, however it is asked for', async () => {
    const sha256 = await upload(Buffer.from(SVG));
    const { headers, body } = await site.operator.get<string>(`/api/files/${sha256}`);
    expect(headers).toMatchObject({ 'content-type': 'image/svg+xml', 'x-content-type-options': 'nosniff' });
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox",
    );
    expect(String(body)).not.toContain('onclick');
  });

  test('must be a picture of this community, for floors that exist', async () => {
    const pdf = await upload(Buffer.from('%PDF-1.7\n1 0 obj\n<< >>\nendobj\n'), 'paper.pdf');
    const sha256 = await upload(Buffer.from(SVG));
    const tries: [object, number, RegExp][] = [
      [{ sha256: pdf }, 400, /no picture/],
      [{ sha256: '0'.repeat(64) }, 400, /no such file/],
      [{ sha256: 'x' }, 400, /sha256/],
      [{ sha256, alsoFloors: [99] }, 404, /p1\/99/],
    ];
    for (const [body, status, detail] of tries) {
      const answer = await supervisor.post<{ detail: string }>('/api/floor-plans/p1/12/drawings', body);
      expect([answer.status, answer.body.detail]).toEqual([status, expect.stringMatching(detail)]);
    }
  });
});

describe('positions', () => {
  test('are shares of the drawing, replaced as a whole, rounded, and refused when someone else was faster', async () => {
    const { revision } = await plan();
    const saved = await put(
      [
        { device: 'gw.p1', x: 0.123456789, y: 1 },
        { device: 'gw.l1', x: 0, y: 0.5 },
      ],
      revision,
    );
    expect(saved).toMatchObject({ status: 200, body: { revision: revision + 1 } });
    expect(thing(await plan(), 'gw.p1')?.at).toEqual({ x: 0.12346, y: 1 });
    expect(await put([], revision)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    await put([{ device: 'gw.l1', x: 0.5, y: 0.5 }], revision + 1);
    const after = await plan();
    expect(thing(after, 'gw.p1')?.at).toBeUndefined();
    expect(thing(after, 'gw.l1')?.at).toEqual({ x: 0.5, y: 0.5 });
  });

  test('outside of the drawing, twice, or of what is not known are refused', async () => {
    const { revision } = await plan();
    const tries: [object[], RegExp][] = [
      [[{ device: 'gw.p1', x: 1.2, y: 0 }], /x/],
      [
        [
          { device: 'gw.p1', x: 0, y: 0 },
          { device: 'gw.p1', x: 1, y: 0 },
        ],
        /twice/,
      ],
      [[{ device: 'gw.nothing', x: 0, y: 0 }], /gw\.nothing/],
      [[{ device: 'gw.p1', point: 'nothing', x: 0, y: 0 }], /nothing/],
    ];
    for (const [positions, detail] of tries)
      expect(await put(positions, revision)).toMatchObject({
        status: 400,
        body: { detail: expect.stringMatching(detail) },
      });
    expect((await plan()).revision).toBe(revision);
  });

  test('saved twice under one key are saved once', async () => {
    const { revision } = await plan();
    const send = () =>
      supervisor.send(
        'PUT',
        '/api/floor-plans/p1/12/positions',
        { revision, positions: [] },
        { 'idempotency-key': 'k1' },
      );
    const [first, second] = [await send(), await send()];
    expect([first.status, second.status, second.body]).toEqual([200, 200, first.body]);
    expect((await plan()).revision).toBe(revision + 1);
  });

  test('leave who and what in the audit', async () => {
    const { revision } = await plan();
    await put([{ device: 'gw.p1', x: 0.25, y: 0.75 }], revision);
    const { rows } = await site.hub.database.db.read(async (tx) => ({
      rows: await tx.query<{ action: string; entity_id: string }>(
        `select * from audit.entry where action like 'floor-plan.%' order by 1 desc limit 200`,
      ),
    }));
    const actions = new Set(rows.map((r) => `${r.action}`));
    expect([...actions].toSorted()).toEqual(['floor-plan.drawing-added', 'floor-plan.positions-set']);
  });
});

describe('a point list', () => {
  const send = (csv: string) => supervisor.post<{ detail: string }>('/api/floor-plans/points', { csv });

  test('places and moves what it names, leaves the rest, and comes back by export', async () => {
    const { revision } = await plan();
    await put([{ device: 'gw.l1', x: 0.9, y: 0.9 }], revision);
    const csv = 'device,point,building,floor,x,y\ngw.p1,d13,p1,13,0.1,0.2\ngw.p1,,p1,12,0.3,0.4\n';
    expect(await send(csv)).toMatchObject({ status: 200, body: { placed: 2, moved: 0, floors: 2 } });
    expect(thing(await plan(), 'gw.l1')?.at).toEqual({ x: 0.9, y: 0.9 });
    const exported = await site.operator.get<string>('/api/floor-plans/points.csv');
    expect(exported.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(String(exported.body).split('\r\n')).toContain('gw.p1,d13,p1,13,0.1,0.2');
    expect(await send(String(exported.body))).toMatchObject({ body: { placed: 0, moved: 0 } });
  });

  test('with anything wrong is refused with line and column, and nothing of it is taken over', async () => {
    const before = await plan();
    const csv = 'device,point,building,floor,x,y\ngw.p1,,p1,12,0.7,0.7\ngw.p1,,p1,99,0.1,0.2\ngw.no,,p1,12,0.1,0.2\n';
    const refused = await send(csv);
    expect(refused.status).toBe(400);
    expect(refused.body.detail).toBe(
      'line 3, column floor: there is no p1/99; line 4, column device: gw.no is not known',
    );
    expect(await plan()).toEqual(before);
    expect((await send('device,building,floor,x,y\ngw.p1,p1,12,2,0.5\n')).body.detail).toMatch(/line 2, column x/);
  });
});

describe('who', () => {
  test.each(['operator', 'technician', 'manager', 'contractor', 'committee'])(
    '%s reads and does not write',
    async (role) => {
      const client = await site.hub.as(role);
      expect((await client.get('/api/floor-plans/p1/12')).status).toBe(200);
      for (const [method, url] of [
        ['POST', '/api/floor-plans/p1/12/drawings'],
        ['PUT', '/api/floor-plans/p1/12/positions'],
        ['POST', '/api/floor-plans/points'],
      ] as const)
        expect((await client.send(method, url, {})).status).toBe(403);
    },
  );

  test('an owner sees none of it', async () => {
    const owner = await site.hub.as('owner');
    expect((await owner.get('/api/floor-plans/p1/12')).status).toBe(403);
    expect((await owner.get('/api/floor-plans/points.csv')).status).toBe(403);
  });
});
