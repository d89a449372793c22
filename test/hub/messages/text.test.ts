import { expect, test } from 'vitest';
import en from '../../../hub/messages/en.json' with { type: 'json' };
import zh from '../../../hub/messages/zh.json' with { type: 'json' };
import { textOf } from '../../../hub/messages/text.ts';

const places = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1] ?? '').sort();

test('both catalogues have the same keys with the same places, and no empty text', () => {
  expect(Object.keys(en)).toEqual(Object.keys(zh));
  for (const [key, text] of Object.entries(zh)) {
    const english = Object.entries(en).find(([k]) => k === key)?.[1] ?? '';
    expect(text).not.toBe('');
    expect(places(english), key).toEqual(places(text));
  }
});

test('a message is given in both languages, with arguments by language and words from the catalogue inside', () => {
  const args = { number: 'WO-2026-000001', clock: 'arrive', title_zh: '压力低', title_en: 'Pressure low' };
  expect(textOf('notify.order-breached', args)).toEqual({
    zh: '压力低：工单 WO-2026-000001 到场超时，请督办',
    en: 'Pressure low: work order WO-2026-000001 is overdue (arrival), please see to it',
  });
});

test('what devices and people wrote is put in as it is, and is no template', () => {
  const title = '$t(clock.arrive) {{number}} <b>';
  expect(textOf('notify.order-assigned', { number: 'N', title_zh: title, title_en: title }).en).toBe(
    `${title}: work order N is assigned to you, please take it on`,
  );
});

test('an unknown key is shown, not dropped', () => {
  expect(textOf('notify.new-thing').zh).toBe('notify.new-thing');
});
