// What each role is offered: never a screen on which it would wait for ever.
import { describe, expect, test } from 'vitest';
import { ROLES } from '../../../hub/http/policy.ts';
import { CONTROL_ROOM } from '../../../hub/alarms/api.ts';
import { homeOf, isDesk, mayDoDuty, sees } from '../../../dashboard/src/app/abilities.ts';
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

describe('the desk', () => {
  test('may be done duty at by whom the hub lets act there', () => {
    expect(ROLES.filter(mayDoDuty).toSorted()).toEqual([...CONTROL_ROOM].toSorted());
  });
  test('is the screen of a guard while they are qualified on duty there, and of nobody who may not be', () => {
    const isIt = (role: string, qualified: boolean): boolean => isDesk({ role, qualified });
    expect([isIt('guard', true), isIt('guard', false)]).toEqual([true, false]);
    expect([isIt('operator', false), isIt('technician', true), isDesk(null)]).toEqual([true, false, false]);
  });
});
