// Whatever happens between a record and the hub (births, silence, restarts, a panel that is lost and found, records that
// come late): every fire that the lanes tell of is there once, and stands as the last record says.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { until } from '../../helpers/wait.ts';
import { alarms, clock, database, freshGround, gateway, PANEL, PUMP, quiet } from './ground.ts';
import {
  bear,
  lastReceipt,
  reached,
  send,
  signal,
  startRig,
  type DeviceSpec,
  type Rig,
  type WireGateway,
} from './rig.ts';

const SEED = Number(process.env['FENGSUI_SEED'] ?? 20_261_122);
const RUNS = Number(process.env['FENGSUI_RUNS'] ?? 12);

type Step =
  | { readonly do: 'clear'; readonly nth: number }
  | { readonly do: 'raise' | 'blip' | 'amid' | 'lose' | 'find' | 'birth' | 'silence' | 'restart' }
  | { readonly do: 'deliver'; readonly batches: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ do: 'raise' as const }) },
  { weight: 6, arbitrary: fc.constant({ do: 'blip' as const }) },
  { weight: 3, arbitrary: fc.constant({ do: 'amid' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('clear' as const), nth: fc.integer({ min: 0, max: 9 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('deliver' as const), batches: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 5, arbitrary: fc.constant({ do: 'birth' as const }) },
  { weight: 3, arbitrary: fc.constantFrom({ do: 'lose' as const }, { do: 'find' as const }) },
  { weight: 5, arbitrary: fc.constant({ do: 'silence' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
);

/** A silence in the middle of a backlog, which chance alone seldom makes. */
const AMID: readonly Step[] = [{ do: 'blip' }, { do: 'raise' }, { do: 'birth' }, { do: 'silence' }];

/** Detectors of the panel; each is raised once, so that none can stand for another. */
const DETECTORS = Array.from({ length: 40 }, (_, k) => `detector-${k}`);
const DETECTOR_PANEL: DeviceSpec = {
  ...PANEL,
  points: [...PANEL.points, ...DETECTORS.map((id) => ({ id }))],
  signals: [
    ...PANEL.signals,
    ...DETECTORS.map((id) => signal({ id: `${id}-fire`, class: 'FIRE', point: id, when: { eq: 1 } })),
  ],
};

/** A panel, its gateway and a hub, and what the panel has told: nothing of it is taken from the hub. */
class Story {
  rig: Rig;
  readonly gw: WireGateway;
  /** Detectors that were ever raised, as they are. */
  readonly told = new Map<string, boolean>();
  online = true;
  #delivered: number;
  /** Whether this hub has taken a birth: before it no record is. */
  #born = true;

  constructor(rig: Rig, gw: WireGateway) {
    this.rig = rig;
    this.gw = gw;
    this.#delivered = gw.sent.length;
  }

  async take(s: Step): Promise<void> {
    clock.advance(1_000);
    const { gw, told } = this;
    if ((s.do === 'raise' || s.do === 'blip') && this.online) {
      const detector = DETECTORS[told.size];
      this.#tell(detector, true);
      clock.advance(1_000);
      if (s.do === 'blip') this.#tell(detector, false);
    }
    if (s.do === 'clear' && this.online) {
      const raised = [...told].filter(([, is]) => is).map(([id]) => id);
      this.#tell(raised[s.nth % Math.max(1, raised.length)], false);
    } else if (s.do === 'lose' && this.online) {
      this.online = false;
      gw.batch('safety', [gw.sample('panel', 'online', 0)]);
    } else if (s.do === 'find' && !this.online) {
      this.online = true;
      gw.batch('safety', [gw.sample('panel', 'online', 1)]);
      // A device that is heard again tells every point.
      gw.batch(
        'safety',
        DETECTORS.map((id) => gw.sample('panel', id, told.get(id) ? 1 : 0)),
      );
    } else if (s.do === 'birth') await this.#bear();
    else if (s.do === 'amid') for (const one of AMID) await this.take(one);
    else if (s.do === 'deliver') await this.#deliver(s.batches);
    else if (s.do === 'silence') await this.#silence();
    else if (s.do === 'restart') {
      await this.rig.stop();
      this.rig = await startRig(database, { clock });
      this.#born = false;
    }
  }

  /** Everything that was told has come. */
  async end(): Promise<void> {
    clock.advance(1_000);
    await this.#bear();
    await this.#deliver(Infinity);
    await this.#bear();
  }

  #tell(detector: string | undefined, raised: boolean): void {
    if (detector === undefined) return;
    this.told.set(detector, raised);
    this.gw.batch('safety', [this.gw.sample('panel', detector, raised ? 1 : 0)]);
  }

  async #bear(): Promise<void> {
    await bear(this.rig, this.gw);
    this.#born = true;
    // The gateway goes on from where the hub is.
    const seq = lastReceipt(this.rig, this.gw, 'safety')?.seq ?? 0;
    const next = this.gw.sent.findIndex((m) => m.lane === 'safety' && m.batch.first > seq);
    this.#delivered = next === -1 ? this.gw.sent.length : next;
  }

  async #deliver(batches: number): Promise<void> {
    if (!this.#born) return;
    const due = this.gw.sent.slice(this.#delivered, this.#delivered + batches);
    for (const made of due) send(this.rig, this.gw, made);
    this.#delivered += due.length;
    const last = due.at(-1);
    if (last) await reached(this.rig, this.gw, 'safety', last.batch.first + last.batch.samples.length - 1);
  }

  async #silence(): Promise<void> {
    const { rig, gw } = this;
    for (let s = 0; s < 8; s++) {
      clock.advance(1_000);
      rig.ingest.look();
    }
    if (this.#born) await until(() => rig.ingest.site(gw.id)?.silence !== undefined, { what: 'the gateway is silent' });
  }
}

test(`[S1] every fire of a backlog is there once, whatever comes between (seed ${SEED}, ${RUNS} runs)`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      await freshGround();
      const gw = gateway([DETECTOR_PANEL, PUMP]);
      gw.batch(
        'safety',
        DETECTORS.map((id) => gw.sample('panel', id, 0)),
      );
      const { rig } = await quiet(undefined, gw);
      const story = new Story(rig, gw);
      try {
        for (const s of steps) await story.take(s);
        await story.end();
        const condition = (raised: boolean): string => (story.online ? String(raised) : 'unknown');
        const found = (await alarms()).filter((row) => row.signal.endsWith('-fire'));
        const briefly = (signal: string, is: string, more = ''): string => `${signal} ${is}${more}`;
        expect(
          found.map((row) => briefly(row.signal, row.condition, row.recurrences > 0 ? ' again' : '')).sort(),
        ).toEqual([...story.told].map(([id, raised]) => briefly(`${id}-fire`, condition(raised))).sort());
      } finally {
        await story.rig.stop();
      }
    }),
    { seed: SEED, numRuns: RUNS, endOnFailure: true },
  );
}, 240_000);
