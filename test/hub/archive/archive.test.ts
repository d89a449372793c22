// The fire-safety archive on a whole hub: what is missing, documents edition by edition, the hub's own records as chapters,
// search over all of it, and one PDF.
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DocumentView } from '../../../hub/archive/contract.ts';
import { CHAPTERS_RULE } from '../../../hub/archive/norms.ts';
import { ok } from '../../../hub/errors.ts';
import { putFile } from '../../../hub/files/api.ts';
import { runCommand } from '../../../hub/http/command.ts';
import { isMessage } from '../../../hub/messages/text.ts';
import { lacksOf } from '../../../hub/read/archive/chapters.ts';
import type { ArchiveFound, ArchiveOverview, ChapterHead, ChapterPage } from '../../../hub/read/archive/contract.ts';
import { SOURCES } from '../../../hub/read/archive/sources.ts';
import { startTestHub, TEST_COMMUNITY, type Client, type TestHub } from '../../helpers/hub.ts';
import { describeWith } from '../../helpers/needs.ts';
import { readPdf } from '../../helpers/pdf.ts';

const SVG = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 40"><path d="M0 0h9v9z"/><text x="5" y="30">水泵房</text></svg>',
);
const PDF = Buffer.from('%PDF-1.4 a paper that travels along');
const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const file = hashOf(SVG);

let hub: TestHub;
let supervisor: Client;
let committee: Client;
let operator: Client;

beforeAll(async () => {
  hub = await startTestHub();
  [supervisor, committee, operator] = [await hub.as('supervisor'), await hub.as('committee'), await hub.as('operator')];
  await runCommand(
    hub.hub.database.db,
    hub.hub.runEffects,
    { now: 0, actor: { kind: 'system', id: 'test' } },
    async (c) => {
      for (const [bytes, type] of [
        [SVG, 'image/svg+xml'],
        [PDF, 'application/pdf'],
      ] as const)
        await putFile(c.tx, { sha256: hashOf(bytes), type, bytes, community: TEST_COMMUNITY, by: 'test' }, 0);
      return ok(null);
    },
  );
}, 120_000);

const codeOf = ({ body }: { readonly body: Record<string, unknown> }): unknown => body['code'];
const paper = (more: object = {}): object => ({
  chapter: 'control-logic',
  kind: 'matrix',
  title: '联动逻辑关系表',
  edition: '第 1 版',
  validFrom: '2026-01-01',
  files: [{ title: '全表', file }],
  ...more,
});
const enter = async (more: object = {}): Promise<string> => {
  const { status, body } = await supervisor.post<{ id: string }>('/api/archive/documents', paper(more));
  expect(status).toBe(200);
  return body.id;
};
const head = async (id: string, who: Client = supervisor): Promise<ChapterHead | undefined> =>
  (await who.get<ArchiveOverview>('/api/archive')).body.chapters.find((one) => one.id === id);
const chapter = async (id: string, query = '', who: Client = supervisor): Promise<ChapterPage> =>
  (await who.get<ChapterPage>(`/api/archive/chapters/${id}?language=zh${query}`)).body;

describe('what a chapter lacks', () => {
  test.each([
    ['documents', 5, 0, 0, ['documents']],
    ['documents', 0, 0, 2, ['expired']],
    ['documents', 0, 1, 2, []],
    ['records', 0, 3, 0, ['records']],
    ['both', 0, 0, 0, ['records', 'documents']],
    ['both', 1, 0, 1, ['expired']],
    ['either', 1, 0, 0, []],
    ['either', 0, 1, 0, []],
    ['either', 0, 0, 0, ['records', 'documents']],
    ['none', 0, 0, 0, []],
  ] as const)('%s with %i rows, %i documents and %i expired', (needs, records, valid, expired, lacks) => {
    expect(lacksOf(needs, records, { valid, expired })).toEqual(lacks);
  });

  test('each source belongs to a chapter, and each of its columns has a title', () => {
    const ids = CHAPTERS_RULE.value.chapters.map((one) => one.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(SOURCES).filter((id) => !ids.includes(id))).toEqual([]);
    const keys = Object.values(SOURCES).flatMap((source) => source.columns.map((one) => `archive.column.${one.key}`));
    expect(keys.filter((key) => !isMessage(key))).toEqual([]);
  });
});

describe('the archive', () => {
  test('says plainly what is missing, both parts, to whoever reads it', async () => {
    const { body } = await operator.get<ArchiveOverview>('/api/archive');
    expect(body.chapters.map((one) => one.id)).toEqual(CHAPTERS_RULE.value.chapters.map((one) => one.id));
    expect(body.chapters.find((one) => one.id === 'approvals')).toMatchObject({
      state: 'missing',
      lacks: ['documents'],
    });
    expect(body.chapters.find((one) => one.id === 'fires')).toMatchObject({ state: 'empty', lacks: [], records: 0 });
    expect(body.chapters.find((one) => one.id === 'organisation')).toMatchObject({ lacks: ['documents'] });
    expect(body.missing).toBe(body.chapters.filter((one) => one.state === 'missing').length);
    expect(body.mayKeep).toBe(false);
  });

  test('keeps documents edition by edition: replaced, withdrawn with a reason, none ever deleted or changed', async () => {
    expect((await head('control-logic'))?.state).toBe('missing');
    const first = await enter();
    expect(await head('control-logic')).toMatchObject({ state: 'ok', documents: 1 });
    const second = await enter({ edition: '第 2 版', replaces: first });
    const again = await supervisor.post('/api/archive/documents', paper({ replaces: first }));
    expect(codeOf(again)).toBe('wrong-state');
    const { documents } = await chapter('control-logic');
    expect(documents.map((d) => [d.edition, d.state, d.replaces])).toEqual([
      ['第 2 版', 'valid', first],
      ['第 1 版', 'replaced', undefined],
    ]);
    const withdraw = (reason: string) => supervisor.post(`/api/archive/documents/${second}/withdraw`, { reason });
    expect((await withdraw(' ')).status).toBe(400);
    expect((await withdraw('改造后不再适用')).status).toBe(200);
    expect(codeOf(await withdraw('再次'))).toBe('wrong-state');
    const gone = (await chapter('control-logic')).documents.find((d: DocumentView) => d.id === second);
    expect(gone).toMatchObject({ state: 'withdrawn', ended: { reason: '改造后不再适用' } });
    expect(await head('control-logic')).toMatchObject({ state: 'missing', documents: 0, editions: 2 });
    const run = (sql: string): Promise<unknown> => hub.database.db.transaction((tx) => tx.run(sql));
    await expect(run(`update archive.document set title = 'x'`)).rejects.toThrow(/not changed/);
    await expect(run('delete from archive.document')).rejects.toThrow(/kept/);
    const audited = await hub.database.db.read((tx) =>
      tx.query<{ action: string }>(`select action from audit.entry where action like 'archive.%' order by id`),
    );
    expect(audited.map((a) => a.action)).toEqual(['archive.enter', 'archive.replace', 'archive.withdraw']);
  });

  test('counts a document whose last day is past as missing', async () => {
    await enter({ chapter: 'gas-electric', kind: 'gas', title: '燃气检测', validUntil: '2026-01-02' });
    expect(await head('gas-electric')).toMatchObject({ state: 'missing', lacks: ['expired'], documents: 0 });
  });

  test('refuses what does not fit, and who may not write', async () => {
    const refused = async (more: object): Promise<unknown> =>
      codeOf(await supervisor.post('/api/archive/documents', paper(more)));
    expect(await refused({ chapter: 'nothing' })).toBe('not-found');
    expect(await refused({ kind: 'gas' })).toBe('not-found');
    expect(await refused({ files: [{ title: 'x', file: 'ab'.repeat(32) }] })).toBe('not-found');
    expect(await refused({ validUntil: '2025-12-31' })).toBe('out-of-range');
    expect(await refused({ files: [] })).toBe('bad-request');
    for (const who of [operator, committee])
      expect((await who.post('/api/archive/documents', paper())).status).toBe(403);
    expect((await (await hub.as('owner')).get('/api/archive')).status).toBe(403);
    expect((await (await hub.as('technician')).get('/api/archive')).status).toBe(403);
  });

  test('fills chapters from what the hub knows, and finds it with documents by one search', async () => {
    const hazard = await supervisor.post('/api/hazards', {
      kind: 'propped-door',
      description: '十二层防火门闭门器失效',
    });
    expect(hazard.status).toBe(200);
    const rows = await chapter('hazards');
    expect(rows.items[0]?.cells.slice(1, 6)).toEqual([
      expect.stringMatching(/^YH-/),
      '常闭式防火门处于开启状态',
      '一般隐患',
      '待受理',
      '十二层防火门闭门器失效',
    ]);
    expect(rows.items[0]?.link).toMatch(/^\/hazards\/.+/);
    await enter({ chapter: 'rules', kind: 'rule', title: '防火门管理制度' });
    const find = async (text: string, who: Client = supervisor): Promise<ArchiveFound> =>
      (await who.get<ArchiveFound>(`/api/archive/search?language=zh&text=${encodeURIComponent(text)}`)).body;
    const found = await find('防火门');
    expect(found.documents.map((d) => d.title)).toEqual(['防火门管理制度']);
    expect(found.chapters.map((one) => one.id)).toEqual(['hazards']);
    // By the words of a code too, and by nothing that is not there.
    expect((await find('待受理')).chapters.map((one) => one.id)).toContain('hazards');
    expect(await find('100%_nothing')).toEqual({ documents: [], chapters: [] });
    expect((await chapter('hazards', `&text=${encodeURIComponent('闭门器')}`)).items).toHaveLength(1);
    expect((await chapter('hazards', `&text=${encodeURIComponent('没有这个')}`)).items).toHaveLength(0);
  });

  test('shows the committee the work, but not the numbers of people’s certificates', async () => {
    const people = (await supervisor.get<{ items: { id: string; role: string }[] }>('/api/people')).body.items;
    const id = people.find((p) => p.role === 'operator')?.id ?? '';
    const admin = await hub.as('admin');
    const body = { kind: 'fire-control-operator', no: 'NO-778899', expires: '2030-01-01' };
    expect((await admin.post(`/api/people/${id}/certificates`, body)).status).toBe(200);
    expect(JSON.stringify((await chapter('posts')).items)).toContain('NO-778899');
    const seen = await chapter('posts', '', committee);
    expect(seen.items).toHaveLength(1);
    expect(JSON.stringify(seen.items)).not.toContain('NO-778899');
    const found = await committee.get<ArchiveFound>('/api/archive/search?text=NO-778899');
    expect(found.body.chapters).toEqual([]);
  });

  test('is one community’s', async () => {
    await hub.addCommunity('elsewhere');
    const stranger = await hub.as('supervisor@elsewhere');
    expect((await head('hazards', stranger))?.records).toBe(0);
    expect((await chapter('rules', '', stranger)).documents).toEqual([]);
    const [one] = (await chapter('rules')).documents;
    expect((await stranger.post(`/api/archive/documents/${one?.id}/withdraw`, { reason: 'x' })).status).toBe(404);
  });
});

describeWith(['poppler'], '[S4] the archive on paper', () => {
  const print = async (query: string) => {
    const response = await hub.hub.app.inject({
      url: `/api/archive/print?language=zh${query}`,
      headers: { cookie: supervisor.cookie },
    });
    expect(response.statusCode).toBe(200);
    return { raw: response.rawPayload, read: readPdf(response.rawPayload) };
  };
  const rows = 10_000;
  beforeAll(async () => {
    await hub.database.db.transaction((tx) =>
      tx.run(
        `insert into inspections.check (community, item, outcome, note, photos, at, stored_at, by, by_name)
         select $1, '巡查第' || n || '项', 'pass', '', '{}', to_timestamp(n), to_timestamp(n), 'x', '巡检员'
         from generate_series(1, $2::integer) n`,
        [TEST_COMMUNITY, rows],
      ),
    );
    await enter({
      files: [
        { title: '全表', file },
        { title: '说明书', file: hashOf(PDF) },
      ],
    });
  }, 120_000);

  test('has contents with pages, every chapter, what is missing, its drawings, and papers inside', async () => {
    const { read, raw } = await print('');
    const text = read.text.replaceAll(/\s/g, '');
    expect(text).toContain('目录');
    for (const one of CHAPTERS_RULE.value.chapters) expect(text).toContain(one.zh.replaceAll(/\s/g, ''));
    expect(text).toMatch(/1\.2消防设计审查、验收及检查文件【缺】/);
    expect(text).toContain('缺：没有有效文件。');
    expect(text).toContain('只打印最近1500条，共10000条');
    expect(
      read.pages.every((page, i) => new RegExp(`第\\s*${i + 1}\\s*页\\s*共\\s*${read.pages.length}\\s*页`).test(page)),
    ).toBe(true);
    expect(raw.includes(Buffer.from('/EmbeddedFile'))).toBe(true);
    expect(text).toContain('随本PDF附件');
    expect(text).not.toContain('✕');
    expect(raw.includes(Buffer.from('/Subtype /Image'))).toBe(true);
  }, 240_000);

  test('has a chapter of 10,000 rows in full, each once, newest first', async () => {
    const { read } = await print('&chapter=patrols');
    const numbers = [...read.text.matchAll(/巡查第(\d+)项/g)].map((m) => Number(m[1]));
    expect(numbers).toEqual(Array.from({ length: rows }, (_, i) => rows - i));
    expect(read.text.replaceAll(/\s/g, '')).toContain('共10000条');
  }, 240_000);

  test('is read page by page on the screen, each row once', async () => {
    const seen = new Set<string>();
    let cursor = '';
    let pages = 0;
    for (;;) {
      const page = await chapter('patrols', `&limit=200${cursor}`);
      for (const row of page.items) seen.add(row.id);
      pages += 1;
      if (page.next === null || pages > 100) break;
      cursor = `&cursor=${encodeURIComponent(page.next)}`;
    }
    expect([seen.size, pages]).toEqual([rows, rows / 200]);
  }, 120_000);
});
