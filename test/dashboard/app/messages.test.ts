// Chinese and English complete: the same keys, the same places to fill, every key used and every used key there.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { REFUSALS } from '../../../hub/errors.ts';
import { ROLES } from '../../../hub/http/policy.ts';
import { WAIT_REASONS } from '../../../hub/work-orders/contract.ts';
import en from '../../../hub/messages/ui.en.json' with { type: 'json' };
import zh from '../../../hub/messages/ui.zh.json' with { type: 'json' };
import { EXPLAINED } from '../../../dashboard/src/app/explain.ts';

const source = fileURLToPath(new URL('../../../dashboard/src', import.meta.url));
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(ts|svelte)$/.test(name));
const text = files.map((name) => readFileSync(join(source, name), 'utf8')).join('\n');
const keys = Object.keys(zh);
const english: Readonly<Record<string, string>> = en;
const chinese: Readonly<Record<string, string>> = zh;

const literal = new Set([...text.matchAll(/'(ui\.[\w.-]*[\w-])'/g)].map((m) => m[1] ?? ''));
/** Keys put together from a word: `ui.class.${c}` stands for every key of that shape. */
const shapes = [...text.matchAll(/`(ui\.[^`]*)`/g)].map((m) => {
  const parts = (m[1] ?? '').split(/\$\{[^}]*\}/).map((part) => part.replaceAll('.', '\\.'));
  return new RegExp(`^${parts.join('[\\w-]+')}$`);
});

describe('catalogue', () => {
  test('both languages have the same keys', () => {
    expect(Object.keys(en)).toEqual(keys);
  });

  test('keys stand in order, so that two hands rarely meet', () => {
    expect(keys).toEqual([...keys].sort());
  });

  test('no text is empty, and English is not Chinese', () => {
    for (const key of keys) {
      expect(chinese[key]?.trim(), key).not.toBe('');
      expect(english[key]?.trim(), key).not.toBe('');
      expect(english[key], key).not.toMatch(/[\u3400-\u9fff]/u);
    }
  });

  test('both languages fill the same places', () => {
    const places = (words: string | undefined): string[] =>
      [...(words ?? '').matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1] ?? '').sort();
    for (const key of keys) expect(places(english[key]), key).toEqual(places(chinese[key]));
  });

  test('every key used by name is there', () => {
    expect([...literal].filter((key) => !keys.includes(key))).toEqual([]);
  });

  test('every key that is there is used', () => {
    expect(keys.filter((key) => !literal.has(key) && !shapes.some((shape) => shape.test(key)))).toEqual([]);
  });
});

describe('words for what the hub may say', () => {
  test('every refusal says what happened and what to do', () => {
    for (const code of [...Object.keys(REFUSALS), 'network', 'timeout', 'not-json']) {
      expect(EXPLAINED).toContain(code);
      expect(chinese[`ui.error.${code}`], code).toBeDefined();
      expect(chinese[`ui.error.${code}.todo`], code).toBeDefined();
    }
  });

  test('every role and every reason to wait', () => {
    for (const role of ROLES) expect(chinese[`ui.role.${role}`], role).toBeDefined();
    for (const reason of WAIT_REASONS) expect(chinese[`ui.wait.${reason}`], reason).toBeDefined();
  });
});
