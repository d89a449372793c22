// Which number is dialled for whom; null where nobody has entered one.
import type { RescueView } from '../../../hub/read/contract.ts';
import type { CallParty } from '../../../hub/work-orders/contract.ts';

export function numberOf(view: Pick<RescueView, 'contract' | 'numbers'>, party: CallParty): string | null {
  switch (party) {
    case 'contractor':
      return view.contract?.phone ?? null;
    case 'centre':
    case 'fire':
    case 'ambulance':
      return view.numbers[party];
    default:
      return null;
  }
}
