// Which language a caller reads, by RFC 9110 Accept-Language.
import { expect, test } from 'vitest';
import { languageOf } from '../../../hub/http/language.ts';
import { originAllowed } from '../../../hub/http/origin.ts';

test.each([
  [undefined, 'zh'],
  ['', 'zh'],
  ['en', 'en'],
  ['en-GB,en;q=0.9', 'en'],
  ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
  ['en;q=0.5, zh;q=0.6', 'zh'],
  ['fr, de', 'zh'],
  ['fr, en;q=0.1', 'en'],
  ['en;q=0', 'zh'],
  ['en;q=nonsense', 'zh'],
  ['*', 'zh'],
] as const)('%s → %s', (header, language) => {
  expect(languageOf(header)).toBe(language);
});

test.each([
  ['no Origin (a tool)', {}, true],
  ['our own', { origin: 'http://hub:8080' }, true],
  ['a trusted one', { origin: 'https://trusted' }, true],
  ['another port', { origin: 'http://hub:8081' }, false],
  ['another scheme', { origin: 'https://hub:8080' }, false],
  ['one that begins alike', { origin: 'http://hub:8080.evil.example' }, false],
  ['null', { origin: 'null' }, false],
  ['none, but cross-site', { 'sec-fetch-site': 'cross-site' }, false],
  ['none, same-origin', { 'sec-fetch-site': 'same-origin' }, true],
])('Origin: %s', (_what, headers, allowed) => {
  expect(originAllowed(headers, 'http://hub:8080', { trusted: ['https://trusted'] })).toBe(allowed);
});
