// The demo's maintenance contract for its lifts: a rescue shows whom to call, and what lateness costs.
import type { CommandContext } from '../events/api.ts';
import { setRule } from '../rules/routes.ts';
import { findByUsername } from '../staff/api.ts';
import { MAINTENANCE_CONTRACTS, type MaintenanceContract } from '../work-orders/rescue-norms.ts';

const MINUTE = 60_000;

/** Covers every lift. Money in integer fen; times of arrival as TSG T5002 has them in town. */
const CONTRACT: MaintenanceContract = {
  id: 'DT-WB-2026-01',
  company: { zh: '示范电梯维保单位', en: 'Demonstration lift maintenance' },
  // No one's: the demo must not give a number that rings somewhere.
  phone: '000-0000-0000',
  lifts: [],
  penalty: { arriveMs: 30 * MINUTE, stepMs: 10 * MINUTE, perStepFen: 20_000, capFen: 200_000 },
};

/** Enters the contract as the demo's manager, as a site enters its own. */
export async function enterLiftContract(c: CommandContext, community: string): Promise<void> {
  const manager = await findByUsername(c.tx, 'manager');
  if (manager?.community !== community) return;
  const { id, name, role } = manager;
  const actor = { kind: 'user', id, name, role, community } as const;
  const entered = await setRule({ ...c, actor }, [MAINTENANCE_CONTRACTS], MAINTENANCE_CONTRACTS.id, {
    value: { contracts: [CONTRACT] },
    reason: '录入电梯维保合同 DT-WB-2026-01',
  });
  if (!entered.ok) throw new Error(`the demo's lift contract does not fit: ${entered.detail ?? entered.code}`);
}
