// A running gateway whose device tells of new points: everything before, during and after the change arrives under the
// name it was read by, over a real broker.
import { afterEach, beforeAll, expect, test } from 'vitest';
import { fromColumns, type Birth, type Sample } from '../../device-profiles/contract/wire.ts';
import { Annunciator } from '../../gateway/annunciator.ts';
import { indexBytes, pointIndex } from '../../gateway/birth.ts';
import type { Reading, SiteDevice } from '../../gateway/drivers/driver.ts';
import { Intake } from '../../gateway/intake.ts';
import { Reshaper } from '../../gateway/reshape.ts';
import { Uplink } from '../../gateway/uplink.ts';
import { startMosquitto, type Mosquitto } from '../helpers/mosquitto.ts';
import { describeWith } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/wait.ts';
import { device, model, point, signal } from './site-rig.ts';
import { open, silent, systemClock } from './spool/rig.ts';
import { pointNames, TestHub } from './uplink/hub.ts';

const GATEWAY = 'gw-1';
const born = { gateway: GATEWAY, community: 'xingfuli', software: 'test', writesHistory: false };
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** A device of this id with these alarm points. */
const panel = (id: string, points: readonly string[]): SiteDevice => {
  const safe = points.map((p) => point(p, { type: 'bool', lane: 'safety' }));
  const hash = `${id}${points.join('')}`.padEnd(32, '0').slice(0, 32);
  return device(
    id,
    model(safe, { hash, kind: 'fire-panel', signals: points.map((p) => signal(`fire-${p}`, p, { class: 'FIRE' })) }),
  );
};

const reading = (d: SiteDevice, id: string, value: number): Reading => ({
  point: d.model.points.findIndex((p) => p.id === id),
  value,
  quality: 'good',
  reason: '',
});

const snapshotOf = ({ snapshot }: Birth): Sample[] =>
  snapshot ? fromColumns(snapshot.columns, snapshot.t0, snapshot.n0) : [];

describeWith(['mosquitto'], 'a device that tells of new points while the gateway runs', () => {
  const shared: { broker?: Mosquitto } = {};
  beforeAll(async () => {
    shared.broker = await startMosquitto();
  });

  const [before, other] = [panel('panel', ['p1', 'p2']), panel('other', ['q1'])];
  const after = panel('panel', ['p1', 'new', 'p2']);

  async function rig({ birthBytes }: { readonly birthBytes?: number } = {}) {
    const url = shared.broker?.url ?? '';
    const hub = new TestHub({ url, gateway: GATEWAY });
    await hub.start();
    undo.push(() => hub.stop());
    const devices = [before, other];
    const index = pointIndex(devices);
    const birth = { id: index.id, bytes: indexBytes(index, born, Date.now()) };
    const spool = await open(tempDir('reshape'), { gateway: GATEWAY, birth });
    const intake = new Intake({ devices, links: ['bus'], spool, clock: systemClock, log: silent });
    const annunciator = new Annunciator(devices, intake.table);
    intake.onSamples((samples) => annunciator.take(samples));
    const beat = () => ({ spool: { bytes: 1, maxBytes: 2, dropped: 0 }, devices: intake.table.counts(), links: {} });
    const snapshot = () => intake.table.snapshot();
    const uplink = new Uplink({ url, ...born, index, spool, snapshot, beat, clock: systemClock, log: silent });
    const parts = { intake, spool, annunciator, uplink, history: undefined };
    const reshaper = new Reshaper(devices, born, parts, birthBytes);
    intake.replacing((from, to) => reshaper.replace(from, to));
    uplink.start();
    undo.push(
      () => spool.close(),
      () => uplink.stop(),
    );
    const say = (d: SiteDevice, id: string, value: number): Promise<void> =>
      intake.accept(d, [reading(d, id, value)], Date.now());
    return { hub, spool, intake, annunciator, reshaper, say };
  }

  test('what was said before, during and after arrives under its own name, once and in order', async () => {
    const { hub, intake, say } = await rig();
    await say(before, 'p2', 1);
    await say(other, 'q1', 1);
    const change = intake.replace(before, after);
    // Still the old numbering, which the change must not touch.
    const during = [say(before, 'p1', 1), say(other, 'q1', 0)];
    await change;
    await Promise.all([...during, say(after, 'new', 1), say(after, 'p2', 0), say(other, 'q1', 1)]);
    const all = ['panel.p2=1', 'other.q1=1', 'panel.p1=1', 'other.q1=0', 'panel.new=1', 'panel.p2=0', 'other.q1=1'];
    await until(() => hub.named.safety.length >= all.length, { what: () => `all names: ${hub.named.safety.join()}` });
    expect(hub.named.safety).toEqual(all);
    expect(hub.losses).toEqual([]);
  });

  test('the birth of the change says the last state of every point, old and new', async () => {
    const { hub, intake, say } = await rig();
    await until(() => hub.births.length > 0, { what: 'the first birth' });
    await say(before, 'p2', 1);
    await intake.replace(before, after);
    const birth = await until(() => hub.births.find((b) => b.birth !== hub.births[0]?.birth), { what: 'a birth' });
    const names = pointNames(birth);
    const told = snapshotOf(birth).map((s) => [names.get(s.i), s.value, s.quality]);
    expect(told.filter(([name]) => !String(name).endsWith('.online'))).toEqual([
      ['panel.p1', null, 'never'],
      ['panel.new', null, 'never'],
      ['panel.p2', 1, 'good'],
      ['other.q1', null, 'never'],
    ]);
  });

  test('what was active stays active on the page of the site, since when it was', async () => {
    const { intake, annunciator, say } = await rig();
    await say(before, 'p2', 1);
    const [was] = annunciator.active();
    await intake.replace(before, after);
    expect(annunciator.active().map((a) => [a.point?.id, a.since])).toEqual([['p2', was?.since]]);
    await say(after, 'p2', 0);
    await say(after, 'new', 1);
    expect(annunciator.active().map((a) => a.point?.id)).toEqual(['new']);
  });

  test('changes that come together are put in force together', async () => {
    const { intake, reshaper, say } = await rig();
    let current = before;
    const changes: Promise<void>[] = [];
    for (let k = 0; k < 50; k++) {
      const next = panel('panel', ['p1', 'p2', ...Array.from({ length: k + 1 }, (_, j) => `n${j}`)]);
      changes.push(intake.replace(current, next));
      current = next;
    }
    await Promise.all(changes);
    await say(current, 'n49', 1);
    expect(reshaper.devices[0]).toBe(current);
    expect(reshaper.changes).toBeLessThan(5);
  });

  test('a device that is not of the site, or goes by another name, is refused and changes nothing', async () => {
    const { intake, reshaper } = await rig();
    await expect(intake.replace(after, before)).rejects.toThrow('panel');
    await expect(intake.replace(before, other)).rejects.toThrow("can't be replaced by other");
    expect(reshaper.changes).toBe(0);
  });

  test('a change that no birth can carry is refused, what is in force goes on, and a smaller one is taken', async () => {
    const { intake, reshaper, say } = await rig({ birthBytes: 3_000 });
    const many = Array.from({ length: 100 }, (_, k) => `n${k}`);
    await expect(intake.replace(before, panel('panel', many))).rejects.toThrow('more than one gateway can announce');
    expect(reshaper.devices[0]).toBe(before);
    await say(before, 'p2', 1);
    await intake.replace(before, after);
    await say(after, 'new', 1);
    expect(reshaper.changes).toBe(1);
  });
});
