import { beforeEach, describe, expect, test } from 'vitest';
import { ok } from '../../../hub/errors.ts';
import type { CommandContext } from '../../../hub/events/api.ts';
import { ensureDemoDuty } from '../../../hub/demo/duty.ts';
import { currentDuty, onDuty, qualified } from '../../../hub/duty/api.ts';
import { dropShift, planShift } from '../../../hub/duty/commands.ts';
import { addCertificate } from '../../../hub/staff/api.ts';
import { revokeCertificate } from '../../../hub/staff/commands.ts';
import { HOUR, makeSite, MINUTE, NOON, SYSTEM, type Site } from '../t2-site.ts';

let site: Site;
beforeEach(async () => {
  site = await makeSite({ duty: false });
});

const plan = (
  people: readonly string[],
  from: number,
  to: number,
  kind: 'control-room' | 'maintenance' = 'control-room',
): Promise<string> =>
  site
    .command(site.people.manager, (c) => planShift(c, { community: 'c1', kind, from, to, people }))
    .then(
      () => 'ok',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
const isQualified = (who: { readonly id: string }, at: number): Promise<boolean> =>
  site.database.db.transaction((tx) => qualified(tx, who, at));

describe('[F1] who may acknowledge now', () => {
  test('one on a control-room shift with a valid certificate, from its first moment up to its last', async () => {
    const { operator, operator2 } = site.people;
    await plan([operator.id], NOON, NOON + 8 * HOUR);
    expect(await isQualified(operator, NOON - 1)).toBe(false);
    expect(await isQualified(operator, NOON)).toBe(true);
    expect(await isQualified(operator, NOON + 8 * HOUR - 1)).toBe(true);
    expect(await isQualified(operator, NOON + 8 * HOUR)).toBe(false);
    expect(await isQualified(operator2, NOON)).toBe(false);
  });

  test('nobody on a maintenance shift', async () => {
    await plan([site.people.tina.id], NOON, NOON + HOUR, 'maintenance');
    expect(await isQualified(site.people.tina, NOON)).toBe(false);
    expect(await site.database.db.transaction((tx) => onDuty(tx, 'c1', 'technician', NOON))).toMatchObject([
      { name: 'tina' },
    ]);
  });

  test('a certificate that runs out ends it in the middle of the shift, and says so', async () => {
    const { inspector, operator } = site.people;
    // The last day of validity is the 23rd in the community's time zone: it ends at 16:00 UTC.
    const certificate = { kind: 'fire-control-operator', no: 'short', expires: '2026-11-23' } as const;
    await site.command(SYSTEM, (c) => addCertificate(c, { id: inspector.id, community: 'c1' }, certificate));
    const midnight = Date.UTC(2026, 10, 23, 16);
    expect(await plan([operator.id, inspector.id], midnight - 4 * HOUR, midnight + 4 * HOUR)).toBe('ok');
    expect(await isQualified(inspector, midnight - 1)).toBe(true);
    expect(await isQualified(inspector, midnight)).toBe(false);
    await site.pass(midnight - 1 - NOON);
    const told = () =>
      site.database.db.transaction((tx) =>
        tx.query<{ type: string }>(
          `select type from events.event where type in ('duty.unqualified', 'duty.understaffed') order by id`,
        ),
      );
    expect(await told()).toEqual([]);
    await site.pass(1);
    expect((await told()).map((e) => e.type)).toEqual(['duty.unqualified', 'duty.understaffed']);
    const pages = await site.database.db.transaction((tx) =>
      tx.query<{ message: string }>(
        `select distinct message from notify.notification where message in ('notify.certificate-expired', 'notify.understaffed')
         order by message`,
      ),
    );
    expect(pages.map((p) => p.message)).toEqual(['notify.certificate-expired', 'notify.understaffed']);
  });
});

describe('a shift is refused', () => {
  test.each([
    ['upside down', 2 * HOUR, HOUR, 'bad-request: to: must be after from'],
    ['longer than the rule allows', 0, 8 * HOUR + 1, 'bad-request: to: a shift lasts at most 8 h'],
    ['that makes someone qualified afterwards', -HOUR, HOUR, 'bad-request: from: is past'],
  ])('%s', async (_, from, to, expected) => {
    expect(await plan([site.people.operator.id], NOON + from, NOON + to)).toBe(expected);
  });

  test('for people without a certificate, of nowhere, or on another shift then', async () => {
    const { operator, tina } = site.people;
    expect(await plan([tina.id], NOON, NOON + HOUR)).toBe('not-qualified: people: tina');
    expect(await plan(['nobody'], NOON, NOON + HOUR)).toBe('not-found: people: nobody');
    expect(await plan([operator.id], NOON, NOON + HOUR)).toBe('ok');
    expect(await plan([operator.id], NOON + HOUR / 2, NOON + 2 * HOUR)).toContain('conflict');
    expect(await plan([operator.id], NOON + HOUR, NOON + 2 * HOUR)).toBe('ok');
  });

  test('to be taken back once it has begun', async () => {
    const drop = (id: string): Promise<string> =>
      site
        .command(site.people.manager, (c) => dropShift(c, 'c1', id))
        .then(
          () => 'ok',
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        );
    const shift = (from: number) =>
      site.command(site.people.manager, (c) =>
        planShift(c, {
          community: 'c1',
          kind: 'control-room',
          from,
          to: from + HOUR,
          people: [site.people.operator.id],
        }),
      );
    const [now, later] = [await shift(NOON), await shift(NOON + HOUR)];
    expect(await drop(now.id)).toBe('wrong-state: the shift has begun');
    expect(await drop(later.id)).toBe('ok');
    expect(await drop(later.id)).toContain('not-found');
  });
});

test('[F1] fewer qualified people than the site’s minimum at the start of a shift are told', async () => {
  await plan([site.people.operator.id], NOON + HOUR, NOON + 2 * HOUR);
  await site.pass(HOUR);
  const { payload } = await site.database.db.transaction((tx) =>
    tx.one<{ payload: object }>(`select payload from events.event where type = 'duty.understaffed'`),
  );
  expect(payload).toMatchObject({ qualified: 1, minimum: 2 });
  expect(
    await site.database.db.transaction((tx) => currentDuty(tx, site.people.operator, site.clock.now())),
  ).toMatchObject({
    qualified: 1,
    minimum: 2,
    shifts: [{ kind: 'control-room', people: [{ name: 'operator', certified: true }] }],
  });
});

describe('[F1] a certificate that is revoked in the middle of a shift', () => {
  const revoke = async (who: string): Promise<void> => {
    const { id } = await site.database.db.transaction((tx) =>
      tx.one<{ id: string }>('select id from staff.certificate where person = $1', [who]),
    );
    const target = { id: who, community: 'c1' };
    await site.command(site.people.manager, (c) => revokeCertificate(c, target, id));
    await site.pass(0);
  };
  const told = (): Promise<{ type: string; payload: object }[]> =>
    site.database.db.transaction((tx) =>
      tx.query(
        `select type, payload from events.event where type like 'duty.%' and type <> 'duty.changed' order by id`,
      ),
    );

  test('is told at once, with too few left, to the supervisor and the manager', async () => {
    const { operator, operator2, supervisor, manager } = site.people;
    await plan([operator.id, operator2.id], NOON - MINUTE, NOON + 2 * HOUR);
    await revoke(operator.id);
    expect(await told()).toMatchObject([
      { type: 'duty.unqualified', payload: { person: operator.id, reason: 'revoked' } },
      { type: 'duty.understaffed', payload: { qualified: 1, minimum: 2 } },
    ]);
    const pages = await site.database.db.transaction((tx) =>
      tx.query(`select message, recipient from notify.notification order by id`),
    );
    expect(pages).toEqual([
      { message: 'notify.certificate-revoked', recipient: supervisor.id },
      { message: 'notify.understaffed', recipient: supervisor.id },
      { message: 'notify.understaffed', recipient: manager.id },
    ]);
  });

  test('of someone who is not on duty says nothing', async () => {
    await plan([site.people.operator.id], NOON + HOUR, NOON + 2 * HOUR);
    await revoke(site.people.operator.id);
    expect(await told()).toEqual([]);
  });
});

describe('the demo’s roster', () => {
  const ensure = (): Promise<null> =>
    site.command(SYSTEM, async (c: CommandContext) => {
      await ensureDemoDuty(c, 'c1');
      return ok(null);
    });

  test('keeps operators qualified at every moment, through restarts, a set clock and a long pause', async () => {
    await ensure();
    const { operator, operator2 } = site.people;
    const both = async (at: number): Promise<boolean> =>
      (await isQualified(operator, at)) && isQualified(operator2, at);
    expect(await both(NOON - HOUR)).toBe(true);
    for (let h = 0; h < 24; h += 1) expect(await both(NOON + h * HOUR)).toBe(true);
    site.clock.advance(5 * HOUR + 7 * MINUTE);
    await ensure();
    await ensure();
    site.clock.advance(72 * HOUR);
    await ensure();
    for (let h = 0; h < 24; h += 1) expect(await both(site.clock.now() + h * HOUR)).toBe(true);
  });

  test('fills what people planned around it', async () => {
    const { operator, operator2 } = site.people;
    await plan([operator.id, operator2.id], NOON + 2 * HOUR, NOON + 3 * HOUR);
    await ensure();
    for (let h = 0; h < 24; h += 0.5) expect(await isQualified(operator, NOON + h * HOUR)).toBe(true);
  });
});
