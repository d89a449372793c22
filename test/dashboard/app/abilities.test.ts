// What each role is offered: never a screen on which it would wait for ever.
import { describe, expect, test } from 'vitest';
import { ROLES } from '../../../hub/http/policy.ts';
import { homeOf, sees } from '../../../dashboard/src/app/abilities.ts';
import { match } from '../../../dashboard/src/routes.ts';

describe('abilities', () => {
  test.each([...ROLES])('%s begins on a screen of its own', (role) => {
    const home = match(homeOf(role)).name;
    expect(home !== 'not-found' && sees(home, role)).toBe(true);
  });

  test('who is not told of alarms is offered none of their screens', () => {
    const live = ['control-room', 'wall', 'devices', 'device', 'modes'] as const;
    for (const role of ['owner', 'committee', 'contractor'])
      expect(live.filter((name) => sees(name, role))).toEqual([]);
    expect(live.filter((name) => sees(name, 'guard'))).toEqual([...live]);
    expect(['owner', 'contractor', 'technician', 'frontdesk'].map((role) => sees('order', role))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});
