// A plan with three steps for tests: two at once, then one.
import type { PlanBody } from '../../../hub/plans/contract.ts';

export const fireBody = (title = '火灾处置预案'): PlanBody => ({
  title,
  steps: [
    {
      id: 'call',
      order: 1,
      title: '拨打119',
      role: 'operator',
      limitSeconds: 60,
      phones: [{ name: '消防', number: '119' }],
    },
    { id: 'evacuate', order: 1, title: '组织疏散', role: 'guard', post: '疏散引导组', limitSeconds: 180, phones: [] },
    { id: 'meet', order: 2, title: '接应消防车', role: 'guard', limitSeconds: 300, phones: [] },
  ],
  phones: [],
  documents: [],
});
