// Which alarms belong to which figure, as SQL: by these conditions the rows behind a tile are found.
import { VERDICTS } from '../../alarms/contract.ts';
import { NO_CAUSE, type Figure } from './contract.ts';
import { AGE_DAYS } from './rule.ts';

/** A statement with names (`@from`) in place of numbers. */
export interface Named {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/** @throws Error naming a parameter that has no value */
export function named(sql: string, values: Readonly<Record<string, unknown>>): Named {
  const order: string[] = [];
  const text = sql.replaceAll(/@([a-zA-Z]+)/g, (_, name: string) => {
    if (!(name in values)) throw new Error(`no value for @${name}`);
    if (!order.includes(name)) order.push(name);
    return `$${order.indexOf(name) + 1}`;
  });
  return { sql: text, params: order.map((name) => values[name]) };
}

/** Why it was false, as the fire procedure keeps it; null where nobody recorded one. */
export const CAUSE = `(select f.cause from handling.fire f where f.id = a.fire)`;
const HOUR = `date_part('hour', a.received_at at time zone @zone::text)::integer`;
const BUCKET = `width_bucket(${HOUR}, @shifts::integer[])`;
/** Which shift of the day received it, from 0; hours before the first beginning are of the last. */
export const SHIFT = `(case ${BUCKET} when 0 then cardinality(@shifts::integer[]) else ${BUCKET} end - 1)`;

const MINE = 'a.community = @community';
export const RECEIVED = `${MINE} and a.received_at >= @from::timestamptz and a.received_at < @asOf::timestamptz`;
/** Drills, maintenance and tests are shown apart. */
export const COUNTED = `a.raised_mode is null and a.class <> 'TEST'`;
const OPEN_THEN = `${MINE} and a.received_at < @asOf::timestamptz and (a.ended_at is null or a.ended_at > @asOf::timestamptz)`;
const lastAct = (acts: string): string =>
  `coalesce((select max(t.at) from alarms.act t where t.alarm = a.id and t.act in (${acts}) and t.at < @asOf::timestamptz),
    a.received_at)`;

/** How long something has stood, in the ages of AGE_DAYS: 0 up to the first. */
export const ageOf = (since: string): string =>
  `width_bucket(extract(epoch from @asOf::timestamptz - ${since}) / 86400, array[${AGE_DAYS.join(', ')}]::numeric[])`;
export const SHELVED_SINCE = lastAct(`'shelved', 'out-of-service'`);
const HIDDEN = `${MINE} and a.state in ('shelved', 'out-of-service')`;

/** Every time that a signal of the period came up, within an episode too. */
export const CHATTER = `activation as (
    select a.id, a.source, a.raised_at as at from alarms.fact a where ${RECEIVED} and ${COUNTED}
    union all
    select a.id, a.source, t.at from alarms.act t join alarms.fact a on a.id = t.alarm
    where t.act = 'recurred' and t.at >= @from::timestamptz and t.at < @asOf::timestamptz and ${MINE} and ${COUNTED}
  ), chatter as (
    select distinct source from (
      select source, at - lag(at, @chatterCount::integer - 1) over (partition by source order by at) as took
      from activation) as x
    where took <= make_interval(secs => @chatterSeconds::integer)
  )`;

/** What is told of a link: a gateway's silence, a panel that is offline. */
export const LINK = `(a.class = 'COMMS' and (a.device = a.gateway || '.gateway' or a.device_kind = 'fire-panel'))`;
const LINK_ALARMS = `${MINE} and ${LINK} and a.raised_at < @asOf::timestamptz
  and (a.ended_at is null or a.ended_at > @from::timestamptz)`;

const judged = VERDICTS.filter((v) => v !== 'test')
  .map((v) => `'${v}'`)
  .join(', ');
export const JUDGED = `a.verdict in (${judged})`;
export const FALSE = `a.verdict = 'false'`;
/** Gone by itself at once; what comes back chatters instead. */
const FLEETING = `a.recurrences = 0 and a.cleared_at - a.raised_at <= make_interval(secs => @fleetingSeconds::integer)`;

/** The alarms of each figure, as a condition on `alarms.fact a`. */
export const ROWS: Readonly<Record<Figure, string>> = {
  all: `${RECEIVED} and ${COUNTED}`,
  attended: `${RECEIVED} and ${COUNTED} and a.received_at <@ @attended::tstzmultirange`,
  window: `${RECEIVED} and ${COUNTED}`,
  acknowledged: `${RECEIVED} and ${COUNTED} and a.acked_at is not null`,
  unacknowledged: `${RECEIVED} and ${COUNTED} and a.acked_at is null`,
  judged: `${RECEIVED} and ${COUNTED} and ${JUDGED}`,
  false: `${RECEIVED} and ${COUNTED} and ${FALSE}`,
  stale: `${OPEN_THEN} and ${COUNTED} and a.class <> 'DISABLED'
    and ${lastAct(`'recurred'`)} < @asOf::timestamptz - make_interval(hours => @staleHours::integer)`,
  chattering: `${MINE} and a.id in (
    select activation.id from activation join chatter using (source))`,
  fleeting: `${RECEIVED} and ${COUNTED} and ${FLEETING}`,
  disabled: `${OPEN_THEN} and ${COUNTED} and a.class = 'DISABLED'
    and (@age::integer is null or ${ageOf('a.received_at')} = @age)`,
  shelved: `${HIDDEN} and (@age::integer is null or ${ageOf(SHELVED_SINCE)} = @age)`,
  drill: `${RECEIVED} and a.raised_mode = 'drill'`,
  maintenance: `${RECEIVED} and a.raised_mode = 'maintenance'`,
  test: `${RECEIVED} and a.raised_mode is null and a.class = 'TEST'`,
  link: LINK_ALARMS,
};

/** What narrows the rows of any figure. A panel behind a silent gateway is not heard either. */
export const NARROWED = `(@class::text is null or a.class = @class)
  and (@ofShift::integer is null or ${SHIFT} = @ofShift)
  and (@device::text is null or a.device = @device
    or (@figure::text = 'link' and a.device = a.gateway || '.gateway' and starts_with(@device, a.gateway || '.')))
  and (@point::text is null or a.point = @point) and (@signal::text is null or a.signal = @signal)
  and (@kind::text is null or a.device_kind = @kind) and (@building::text is null or a.building = @building)
  and (@cause::text is null or coalesce(${CAUSE}, '${NO_CAUSE}') = @cause)
  and (@since::timestamptz is null or a.received_at >= @since)
  and (@until::timestamptz is null or a.received_at < @until)`;
