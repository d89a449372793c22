// The roster and duty at this moment: /api/duty/current, /api/duty/shifts, /api/duty/roster, /api/duty/certificates.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Entry } from '../http/entry.ts';
import { STAFF, type Role } from '../http/policy.ts';
import { ok, type Result } from '../errors.ts';
import type { CommandContext } from '../events/api.ts';
import { ruleInForce } from '../rules/api.ts';
import { currentDuty } from './current.ts';
import { shiftView } from './shift-view.ts';
import { certificateStates } from './certificates.ts';
import { changeShift, dropShift, planShift } from './commands.ts';
import { CertificateStates, CurrentDuty, NewShift, Roster, ShiftView } from './contract.ts';
import { CERTIFICATE_RULE, DUTY_LIMITS, DUTY_RULE } from './norms.ts';
import { shiftsBetween, type Shift } from './store.ts';
import { thinSpans } from './watch.ts';

/** Who plans duty and answers for it. */
export const PLANS: readonly Role[] = ['admin', 'supervisor', 'manager'];
/** Who reads what duty leaves behind: everyone who works here, and the fire authority. */
export const READS: readonly Role[] = [...STAFF, 'authority'];
const DAY = 86_400_000;
const tags = ['duty'];
const staff = { policy: { allow: STAFF } };
const plans = { policy: { allow: PLANS } };
const Id = Type.Object({ id: Type.String({ maxLength: 64 }) });
const Time = Type.Optional(Type.String({ format: 'date-time' }));
const Span = Type.Object({ from: Time, to: Time });
const iso = (ms: number): string => new Date(ms).toISOString();

const planOf = (community: string, { kind, from, to, people }: NewShift) => ({
  community,
  kind,
  from: Date.parse(from),
  to: Date.parse(to),
  people,
});

const viewOf = async (c: CommandContext, planned: Result<Shift>): Promise<Result<ShiftView>> =>
  planned.ok ? ok(await shiftView(c.tx, planned.value, c.now)) : planned;

export function dutyRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get('/api/duty/current', { config: staff, schema: { tags, response: { 200: CurrentDuty } } }, (request) =>
      entry.read(async (tx) => ok(await currentDuty(tx, entry.user(request), entry.clock.now()))),
    );
    app.get(
      '/api/duty/shifts',
      {
        config: { policy: { allow: READS }, reading: 'roster' },
        schema: { tags, querystring: Span, response: { 200: Roster } },
      },
      (request) =>
        entry.read(async (tx) => {
          const now = entry.clock.now();
          const { community } = entry.user(request);
          const from = request.query.from === undefined ? now - DAY : Date.parse(request.query.from);
          const to = request.query.to === undefined ? now + 7 * DAY : Date.parse(request.query.to);
          const shifts = await shiftsBetween(tx, community, from, to, DUTY_LIMITS.listMax);
          const items: ShiftView[] = [];
          for (const s of shifts) items.push(await shiftView(tx, s, now));
          const { minimum } = (await ruleInForce(tx, community, DUTY_RULE)).value;
          const room = shifts.filter((s) => s.kind === 'control-room');
          const ahead = { from: Math.max(from, now), to };
          const thin = ahead.to > ahead.from ? thinSpans(ahead, room, minimum) : [];
          return ok({
            items,
            next: null,
            minimum,
            thin: thin.map((t) => ({ from: iso(t.from), to: iso(t.to), people: t.people })),
          });
        }),
    );
    app.get(
      '/api/duty/certificates',
      {
        config: { policy: { allow: [...PLANS, 'authority'] }, reading: 'certificates' },
        schema: { tags, response: { 200: CertificateStates } },
      },
      (request) =>
        entry.read(async (tx) => {
          const { community } = entry.user(request);
          const items = await certificateStates(tx, community, entry.clock.now());
          const { days } = (await ruleInForce(tx, community, CERTIFICATE_RULE)).value;
          return ok({ items, next: null, warnDays: days.toSorted((a, b) => b - a) });
        }),
    );
    await app.register(planRoutes(entry));
  };
}

function planRoutes(entry: Entry): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/api/duty/shifts',
      { config: plans, schema: { tags, body: NewShift, response: { 200: ShiftView } } },
      (request) =>
        entry.command(request, async (c) =>
          viewOf(c, await planShift(c, planOf(entry.user(request).community, request.body))),
        ),
    );
    app.put(
      '/api/duty/shifts/:id',
      { config: plans, schema: { tags, params: Id, body: NewShift, response: { 200: ShiftView } } },
      (request) =>
        entry.command(request, async (c) =>
          viewOf(c, await changeShift(c, planOf(entry.user(request).community, request.body), request.params.id)),
        ),
    );
    app.delete(
      '/api/duty/shifts/:id',
      {
        config: plans,
        schema: { tags, params: Id, response: { 200: Type.Object({ id: Type.String() }) } },
      },
      (request) => entry.command(request, (c) => dropShift(c, entry.user(request).community, request.params.id)),
    );
  };
}
