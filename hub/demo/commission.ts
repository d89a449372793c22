// The demo is a compound that was commissioned, save for its last building: once the first birth has told which points
// there are, they get the mark, with the demo as the one who says so. What is unproved is seen on the screen as such.
import type { ChangePorts } from '../alarms/api.ts';
import { prove } from '../equipment/commands.ts';
import { listDevices } from '../equipment/store.ts';
import type { CommandContext, Effect } from '../events/api.ts';

export const DEMO_COMMISSION_TIMER = 'demo.commission';
const AGAIN_MS = 2_000;
const DEVICES_MAX = 1_000;
const NOTE = '演示数据：视为调试时已逐点核实 (demo data: taken as proved at commissioning)';

/** Looks for points to mark, after a moment. */
export const commissionSoon = (community: string, now: number): Effect => ({
  effect: 'timer',
  key: `${DEMO_COMMISSION_TIMER}:${community}`,
  kind: DEMO_COMMISSION_TIMER,
  community,
  dueAt: now + AGAIN_MS,
  basis: 'duration',
  payload: {},
});

/** Marks the points of every device outside `except`, or looks again later. Answers what memory must follow. */
export async function commissionDemo(
  c: CommandContext,
  ports: ChangePorts,
  community: string,
  except: string | undefined,
): Promise<readonly number[]> {
  const of = { community, kind: null, building: null };
  const devices = await listDevices(c.tx, of, { after: '', limit: DEVICES_MAX });
  if (devices.length === 0) {
    c.emit(commissionSoon(community, c.now));
    return [];
  }
  const nums: number[] = [];
  for (const device of devices) {
    if (device.building === except) continue;
    const marked = await prove(c, ports, { community, device: device.id }, { proved: true, note: NOTE });
    if (marked.ok) nums.push(...marked.value.nums);
  }
  return nums;
}
