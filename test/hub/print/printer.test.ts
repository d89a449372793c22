import { buffer } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../hub/canonical.ts';
import { createHash } from 'node:crypto';
import type { Block, PrintHead } from '../../../hub/print/api.ts';
import { makePrinter } from '../../../hub/print/api.ts';
import { PRINT_LIMITS } from '../../../hub/print/limits.ts';
import { describeWith } from '../../helpers/needs.ts';
import { readPdf } from '../../helpers/pdf.ts';

const printer = makePrinter();
afterAll(() => printer.stop());

const HEAD: PrintHead = {
  title: '消防控制室运行记录',
  community: '烽燧花园',
  madeAt: '2026-11-22T03:00:00.000Z',
  madeAtLocal: '2026-11-22 11:00:00',
  madeBy: '张喆堃',
  language: 'zh',
  landscape: true,
};
const COLUMNS = ['序号', '时间', '类别', '部位', '说明'].map((title) => ({ title, share: 1 }));

function* table(rows: number): Generator<Block> {
  yield { block: 'table', columns: COLUMNS };
  for (let i = 1; i <= rows; i += 1) {
    yield { block: 'row', cells: [`第${i}条`, '2026-11-22', '火警', `${i % 30}层`, '误报'] };
  }
}

const print = async (blocks: Iterable<Block>, head: PrintHead = HEAD) => {
  const made = await printer.print({ head, blocks });
  return { ...made, read: readPdf(await buffer(made.pdf)) };
};

describeWith(['poppler'], 'a printed document', () => {
  test('10,000 rows come out whole and in order, the head of the table and the page on every page', async () => {
    const rows = 10_000;
    const { read, rows: counted } = await print(table(rows));
    expect(counted).toBe(rows);
    const numbers = [...read.text.matchAll(/第(\d+)条/g)].map((m) => Number(m[1]));
    expect(numbers).toEqual(Array.from({ length: rows }, (_, i) => i + 1));
    expect(read.pages.length).toBeGreaterThan(100);
    const wrong = read.pages.filter(
      (page, i) =>
        !page.includes(`第${i + 1}页共${read.pages.length}页`.normalize()) &&
        !new RegExp(`第\\s*${i + 1}\\s*页\\s*共\\s*${read.pages.length}\\s*页`).test(page),
    );
    expect(wrong).toEqual([]);
    expect(read.pages.filter((page) => !/序号\s+时间\s+类别\s+部位\s+说明/.test(page))).toEqual([]);
  }, 180_000);

  test('embeds the glyphs that it uses, also of rare characters in names, and nothing of the machine', async () => {
    const { read } = await print([{ block: 'text', text: '镕堃喆珺芃翀玥 ㎡ ℃ ①' }]);
    expect(read.text).toContain('镕堃喆珺芃翀玥');
    expect(read.fonts.length).toBeGreaterThan(0);
    expect(read.fonts.filter((f) => !f.embedded || !f.subset || !f.name.includes('NotoSansHans'))).toEqual([]);
  });

  test('shows on every page who made it when, and the SHA-256 over the canonical form of its content', async () => {
    const blocks: Block[] = [
      { block: 'heading', level: 1, text: '一' },
      { block: 'page' },
      { block: 'text', text: '二' },
    ];
    const { read, sha256 } = await print(blocks);
    const { title, community, language } = HEAD;
    const lines = [{ title, community, language, subtitle: [] }, ...blocks].map((b) => `${canonicalJson(b)}\n`);
    expect(sha256).toBe(createHash('sha256').update(lines.join('')).digest('hex'));
    expect(read.pages).toHaveLength(2);
    for (const page of read.pages) {
      expect(page).toContain(sha256);
      expect(page).toContain('张喆堃');
      expect(page).toContain('2026-11-22 11:00:00');
    }
    // Another person at another time prints the same content under the same hash.
    const again = await print(blocks, { ...HEAD, madeBy: '李四', madeAt: '2027-01-01T00:00:00.000Z' });
    expect(again.sha256).toBe(sha256);
  });

  test('a row longer than a page goes on over pages, under the repeated head', async () => {
    const words = Array.from({ length: 330 }, (_, i) => `句${i}。`).join('');
    const { read } = await print([
      {
        block: 'table',
        columns: [
          { title: '说明', share: 1 },
          { title: '其他', share: 9 },
        ],
      },
      { block: 'row', cells: [words, '短'] },
    ]);
    expect(read.pages.length).toBeGreaterThan(1);
    const seen = [...read.text.replaceAll(/\s/g, '').matchAll(/句(\d+)/g)].map((m) => Number(m[1]));
    expect(seen.at(-1)).toBe(329);
    expect(read.pages.filter((page) => !page.includes('说明'))).toEqual([]);
  });

  test('the contents name the pages on which headings stand', async () => {
    const { read } = await print([
      { block: 'contents', title: '目录', headings: ['图纸', '制度'] },
      { block: 'heading', level: 1, text: '图纸', contents: true },
      { block: 'page' },
      { block: 'heading', level: 1, text: '制度', contents: true },
    ]);
    expect(read.pages[0]).toMatch(/图纸\s+2\n/);
    expect(read.pages[0]).toMatch(/制度\s+3\n/);
    expect(read.pages[2]).toContain('制度');
  });

  test('what fonts do not have or what turns text about is shown as a box', async () => {
    const { read } = await print([{ block: 'text', text: 'a\u202eb\u0007c' }]);
    expect(read.text).toContain('a□b□c');
  });

  test('a damaged picture costs itself, not the document', async () => {
    const { read } = await print([
      { block: 'picture', base64: Buffer.from('no picture').toString('base64'), caption: '照片一' },
      { block: 'text', text: '其后' },
    ]);
    expect(read.text).toContain('照片一');
    expect(read.text).toContain('其后');
  });
});

describe('the printer', () => {
  test('refuses more rows than it may hold, and goes on printing', async () => {
    const own = makePrinter(20);
    await expect(own.print({ head: HEAD, blocks: table(21) })).rejects.toMatchObject({ code: 'too-large' });
    const { pdf } = await own.print({ head: HEAD, blocks: table(20) });
    expect((await buffer(pdf)).subarray(0, 5).toString()).toBe('%PDF-');
  }, 120_000);

  test('lets only so many wait, and refuses the next by name', async () => {
    const own = makePrinter();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow = async function* (): AsyncGenerator<Block> {
      await held;
      yield { block: 'text', text: '慢' };
    };
    const all = PRINT_LIMITS.atOnce + PRINT_LIMITS.waitingMax;
    const jobs = Array.from({ length: all }, () => own.print({ head: HEAD, blocks: slow() }));
    await expect(own.print({ head: HEAD, blocks: slow() })).rejects.toMatchObject({ code: 'unavailable' });
    own.stop();
    release();
    const ended = await Promise.allSettled(jobs);
    // Those that ran may have been told all by then; who waited is refused.
    expect(ended.filter((e) => e.status === 'rejected').length).toBeGreaterThanOrEqual(PRINT_LIMITS.waitingMax);
    expect(own.counters()).toMatchObject({ refused: 1, waiting: 0 });
  }, 60_000);
});
