// The demo's first day: community, buildings and floors from the YAML that the simulators read too, and its users.
// Calls commands with a supplied time; what devices there are comes from the gateway's birth, as in life.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { parse } from 'yaml';
import type { Config } from '../config.ts';
import { ok, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import { enrolGateway } from '../ingest/routes.ts';
import { findGateway } from '../ingest/store.ts';
import { importBuildings } from '../property/api.ts';
import type { Passwords } from '../staff/api.ts';
import { commissionSoon } from './commission.ts';
import { writeDutyHistory } from './duty-history.ts';
import { ensureDemoDuty } from './duty.ts';
import { writeFireSafetyHistory } from './fire-safety.ts';
import { writeFireHistory } from './fires.ts';
import { writeSceneHistory } from './scene-history.ts';
import { enterLiftContract } from './lift-contract.ts';
import { DEMO_USERS, demoPassword, ensureDemo } from './users.ts';

const Words = Type.Object({ zh: Type.String(), en: Type.String() });
/** The part of the community's YAML that the hub needs. */
const DemoCommunity = Type.Object({
  community: Type.Object({
    id: Type.String(),
    name: Words,
    timeZone: Type.String(),
    address: Type.Optional(Words),
  }),
  gateway: Type.String(),
  floors: Type.Object({ lowest: Type.Integer(), highest: Type.Integer() }),
  buildings: Type.Array(Type.Object({ id: Type.String(), name: Words })),
});
export type DemoCommunity = Static<typeof DemoCommunity>;
const check = Compile(DemoCommunity);

/** @throws Error naming the file and the first part that is not as expected. */
export function readDemoCommunity(file: string): DemoCommunity {
  const raw: unknown = parse(readFileSync(file, 'utf8'));
  if (check.Check(raw)) return raw;
  const first = check.Errors(raw)[0];
  throw new Error(`${file}: ${first?.instancePath ?? '/'} ${first?.message ?? 'is not a community'}`);
}

/**
 * Seeds an empty hub, or leaves a demo hub as it is. Refuses `wrong-state` in a hub that is not a demo.
 * @param password see `ensureDemo`
 */
export async function seedDemo(
  c: CommandContext,
  demo: DemoCommunity,
  password: Parameters<typeof ensureDemo>[2],
): Promise<Result<{ first: boolean }>> {
  const { id, name, timeZone } = demo.community;
  const seeded = await ensureDemo(c, { id, name, timeZone }, password);
  if (!seeded.ok || !seeded.value.first) return seeded;
  const floors: { floor: number }[] = [];
  for (let floor = demo.floors.lowest; floor <= demo.floors.highest; floor++) if (floor !== 0) floors.push({ floor });
  const buildings = demo.buildings.map((b) => ({ id: b.id, name: b.name, floors }));
  c.emit(commissionSoon(id, c.now));
  const imported = await importBuildings(c, id, { buildings });
  return imported.ok ? ok({ first: true }) : imported;
}

export interface DemoHub {
  readonly users: readonly string[];
  /** The password itself at the start that made it, later only where it is kept. */
  readonly password: string;
}

type Run = <T>(work: (c: CommandContext) => Promise<Result<T>>) => Promise<T>;

/**
 * Makes the hub a demo: community, users, duty roster, and gateways whose credentials lie in the data directory for
 * whoever starts them. @throws Error naming the YAML, or RefusalError in a hub that is not a demo
 */
export async function startDemo(
  config: Config & { readonly demoCommunity: string },
  run: Run,
  passwords: Passwords,
): Promise<DemoHub> {
  const demo = readDemoCommunity(config.demoCommunity);
  const { password, file, fresh } = demoPassword(config.dataDir, config.demoPassword);
  const { first } = await run((c) =>
    seedDemo(c, demo, {
      hash: () => passwords.hash(password),
      fits: async (stored) => (await passwords.fits(stored, password)) ?? true,
    }),
  );
  await run(async (c) => {
    if (first) {
      await writeDutyHistory(c, demo.community.id);
      await writeFireSafetyHistory(c, demo.community.id);
      if (config.demoPastDays > 0) await writeFireHistory(c, demo.community.id, demo.community.address?.zh ?? '');
      await writeSceneHistory(c, demo.community.id, demo.buildings.at(0)?.id);
      await enterLiftContract(c, demo.community.id);
    }
    await ensureDemoDuty(c, demo.community.id);
    return ok(null);
  });
  await enrolDemoGateways(config.dataDir, run, demo.community.id, [demo.gateway, ...config.demoGateways]);
  const kept = file === undefined ? 'as FENGSUI_DEMO_PASSWORD says' : fresh ? password : `in ${file}`;
  return { users: DEMO_USERS.map((u) => u.username), password: kept };
}

/** Credentials are kept over restarts: a gateway that is running must not find its password changed. */
async function enrolDemoGateways(dataDir: string, run: Run, community: string, ids: readonly string[]): Promise<void> {
  const file = join(dataDir, 'demo', 'gateway-credentials.json');
  let kept: Record<string, string> = {};
  try {
    kept = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  } catch {
    // The first start: there is none yet.
  }
  for (const id of new Set(ids)) {
    const known = await run(async (c) => ok((await findGateway(c.tx, id)) !== undefined));
    if (known && kept[id] !== undefined) continue;
    kept[id] = (await run((c) => enrolGateway(c, { id, community }))).password;
  }
  mkdirSync(join(dataDir, 'demo'), { recursive: true, mode: 0o700 });
  writeFileSync(file, JSON.stringify(kept), { mode: 0o600 });
}
