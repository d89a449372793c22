// Problems told apart by what the person should do.
import { describe, expect, test } from 'vitest';
import { asProblem, ApiError, isUnanswered, problemOf } from '../../../dashboard/src/api/problem.ts';
import { explain } from '../../../dashboard/src/app/explain.ts';

describe('problems', () => {
  test('the hub’s code, title and detail are taken over', () => {
    const body = { code: 'not-qualified', title: '无资格', detail: 'x', status: 403 };
    expect(problemOf(403, body)).toEqual({ code: 'not-qualified', status: 403, title: '无资格', detail: 'x' });
  });
  test.each([
    [401, {}, 'not-signed-in'],
    [404, {}, 'not-found'],
    [500, {}, 'internal'],
    [200, undefined, 'not-json'],
    [502, 'text', 'not-json'],
  ])('%i with %o is %s', (status, body, code) => {
    expect(problemOf(status, body).code).toBe(code);
  });
  test('only what leaves open whether it was done may be sent again by itself', () => {
    const of = (code: string, status: number): boolean => isUnanswered({ code, status, title: '', detail: '' });
    expect([of('network', 0), of('timeout', 0), of('unavailable', 503), of('not-json', 502)]).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect([of('conflict', 409), of('not-qualified', 403), of('internal', 500), of('not-json', 200)]).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
  test('anything thrown becomes a problem', () => {
    const problem = { code: 'conflict', status: 409, title: '', detail: '' };
    expect(asProblem(new ApiError(problem))).toBe(problem);
    expect(asProblem(new Error('boom')).detail).toBe('boom');
    expect(asProblem('odd').detail).toBe('odd');
  });
  test('a code that only a newer hub knows is shown in the hub’s own words', () => {
    const t = (key: string): string => key;
    expect(explain({ code: 'brand-new', status: 422, title: '新的拒绝', detail: '' }, t).what).toBe('新的拒绝');
    expect(explain({ code: 'conflict', status: 409, title: 'x', detail: '' }, t).what).toBe('ui.error.conflict');
  });
});
