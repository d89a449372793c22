// The three logs of the fire control room (GB 25506-2010 6): one append-only table that follows what the hub keeps anyway.
// Each source has one view that says what a row is; a trigger takes new rows over in the transaction that makes them.
const ENTRY_COLUMNS = `community, log, at, source, source_id, code, class, building, floor, place, device, device_name,
  person, person_name, title, note`;

/** Schema and table of a source, the number of its rows, its name here. */
const SOURCES = [
  { table: 'alarms.act', id: 'id', name: 'alarm' },
  { table: 'events.event', id: 'id', name: 'event' },
  { table: 'audit.content', id: 'entry', name: 'audit' },
  { table: 'work_orders.order_event', id: 'id', name: 'order' },
  { table: 'inspections.check', id: 'id', name: 'check' },
  { table: 'duty.record', id: 'id', name: 'duty' },
] as const;

const takers = SOURCES.map(
  ({ table, id, name }) => `
create function records.take_${name}() returns trigger language plpgsql as $$
begin
  -- A restore brings the rows themselves.
  if current_setting('fengsui.restoring', true) = 'on' then return null; end if;
  begin
    insert into records.entry (${ENTRY_COLUMNS}, search)
    select ${ENTRY_COLUMNS}, records.search_of(title, device_name, place, person_name, note)
    from records.of_${name} v where v.key = any (array(select f.${id} from fresh f)) order by v.at
    on conflict (source, source_id) do nothing;
  exception when others then
    -- Whatever is wrong here must not keep an alarm from being stored: it is told, and made up for.
    insert into records.missed (source, source_ids, error)
    select '${name}', array_agg(f.${id}::text), sqlerrm from fresh f;
  end;
  return null;
end $$;
create trigger records_take after insert on ${table} referencing new table as fresh
  for each statement execute function records.take_${name}();
insert into records.entry (${ENTRY_COLUMNS}, search)
select ${ENTRY_COLUMNS}, records.search_of(title, device_name, place, person_name, note)
from records.of_${name} v order by v.at;`,
).join('\n');

export const sql = `
create schema records;

create table records.entry (
  id bigint generated always as identity primary key,
  -- The transaction that wrote it: tells for certain whether a backup can have seen it.
  txid xid8 not null default pg_current_xact_id(),
  community text not null,
  -- running 运行, upkeep 维护保养与操作（登录）, safety 消防安全管理
  log text not null check (log in ('running', 'upkeep', 'safety')),
  at timestamptz not null,
  source text not null,
  source_id text not null,
  -- What happened, e.g. alarm.raised, order.accept.
  code text not null,
  class text,
  building text,
  floor integer,
  place text,
  device text,
  -- Names as they were then.
  device_name jsonb,
  person text,
  person_name text,
  -- What it was about.
  title jsonb,
  note text not null,
  -- Lower case, everything a person may search for.
  search text not null,
  unique (source, source_id)
);
create index entry_time on records.entry (community, log, at desc, id desc);
create index entry_device on records.entry (community, device) where device is not null;

-- What a trigger could not take over; made up for by housekeeping.
create table records.missed (
  id bigint generated always as identity primary key,
  source text not null,
  source_ids text[] not null,
  error text not null,
  at timestamptz not null default clock_timestamp(),
  mended_at timestamptz
);

-- Backups that were finished, and what they must hold.
create table records.backup (
  id bigint generated always as identity primary key,
  made_at timestamptz not null,
  -- Every transaction before it was over when the backup looked.
  seen_before xid8 not null,
  -- Of a restored database: all entries up to this one came out of the backup.
  through bigint
);

-- How many old entries were given up after a backup, for the recount.
create table records.dropped (
  community text not null,
  log text not null,
  source text not null,
  entries bigint not null,
  last_at timestamptz not null,
  primary key (community, log, source)
);

create function records.backed_up(entry bigint, written xid8) returns boolean language sql stable as $$
  select coalesce(entry <= (select max(b.through) from records.backup b), false)
    or coalesce(written < (select max(b.seen_before) from records.backup b where b.through is null), false)
$$;

create function records.refuse() returns trigger language plpgsql as $$
begin
  raise exception 'records are append-only' using errcode = 'integrity_constraint_violation';
end $$;
create trigger entry_unchanged before update or truncate on records.entry
  for each statement execute function records.refuse();
create function records.guard() returns trigger language plpgsql as $$
begin
  if not records.backed_up(old.id, old.txid) then
    raise exception 'record % is in no backup yet', old.id using errcode = 'integrity_constraint_violation';
  end if;
  return old;
end $$;
create trigger entry_kept before delete on records.entry for each row execute function records.guard();

create function records.search_of(title jsonb, device_name jsonb, place text, person_name text, note text)
returns text language sql immutable as $$
  select lower(concat_ws(' ', title ->> 'zh', title ->> 'en', device_name ->> 'zh', device_name ->> 'en', place,
    person_name, note))
$$;

-- Which log an audited act belongs to.
create function records.log_of(action text) returns text language sql immutable as $$
  select case
    when action ~ '^(rescue|incident|fire|report|lane|escort)[.-]' then 'running'
    when action ~ '^(certificate|duty|training|drill|plan|publicity|violation|hazard|authority|rectification|archive|mode|inspection)[s.-]'
      then 'safety'
    else 'upkeep' end
$$;

create view records.of_alarm as
select t.id as key, a.community, 'running'::text as log, t.at, 'alarm'::text as source, t.id::text as source_id,
  'alarm.' || t.act as code, a.class, a.building, a.floor, a.place, a.device, a.device_name,
  case when t.actor_kind = 'user' then t.actor end as person, t.actor_name as person_name, a.text as title,
  coalesce(t.note, '') as note
from alarms.act t join alarms.alarm a on a.id = t.alarm;

-- Panel events and modes, silence of gateways, a clock that was set: nothing else keeps them.
create view records.of_event as
select e.id as key, e.community, 'running'::text as log, e.at, 'event'::text as source, e.id::text as source_id,
  e.type || case when e.payload ? 'active' then case when (e.payload ->> 'active')::boolean then '.on' else '.off' end
    else '' end as code,
  e.payload ->> 'class' as class, d.building, d.floor, d.place, e.payload ->> 'device' as device, d.name as device_name,
  null::text as person, null::text as person_name, null::jsonb as title,
  coalesce(e.payload ->> 'gateway', e.payload ->> 'jumpMs', '') as note
from events.event e left join equipment.device d on d.id = e.payload ->> 'device'
where e.type in ('panel.state', 'gateway.silent', 'gateway.heard', 'clock.jumped');

-- Every audited act that no other source tells with more.
create view records.of_audit as
select c.entry as key, e.community, records.log_of(e.action) as log, e.at, 'audit'::text as source, e.id::text as source_id,
  'audit.' || e.action as code, null::text as class, null::text as building, null::integer as floor,
  null::text as place, d.id as device, d.name as device_name, p.id as person,
  p.name as person_name, null::jsonb as title, e.entity || ' ' || e.entity_id as note
from audit.content c join audit.entry e on e.id = c.entry
  left join staff.person p on p.id = case
    when e.action in ('session.opened', 'sessions.ended') then e.entity_id
    when e.actor_kind = 'user' then c.content::jsonb -> 'actor' ->> 'id' end
  left join equipment.device d on d.id = e.entity_id
where not (e.action like 'alarm.%' or e.action like 'order.%' or (e.entity = 'duty-record' and e.action like 'duty.%'));

create view records.of_order as
select t.id as key, o.community, 'upkeep'::text as log, t.at, 'order'::text as source, t.id::text as source_id,
  'order.' || t.act as code, null::text as class, o.building, o.floor, o.place, o.device, d.name as device_name,
  p.id as person, coalesce(p.name, nullif(t.by_name, '')) as person_name,
  o.title, concat_ws(' ', o.number, t.note) as note
from work_orders.order_event t join work_orders.work_order o on o.id = t.work_order
  left join staff.person p on p.id = t.by
  left join equipment.device d on d.id = o.device;

create view records.of_check as
select k.id as key, k.community, 'upkeep'::text as log, k.at, 'check'::text as source, k.id as source_id,
  'check.' || k.outcome as code, null::text as class, k.building, k.floor, k.place, k.device, d.name as device_name,
  k.by as person, k.by_name as person_name, null::jsonb as title,
  concat_ws(' ', k.item, k.value::text, k.unit, nullif(k.note, '')) as note
from inspections.check k left join equipment.device d on d.id = k.device;

create view records.of_duty as
select r.id as key, r.community, 'safety'::text as log, r.at, 'duty'::text as source, r.id::text as source_id,
  'duty.' || r.kind as code, null::text as class, null::text as building, null::integer as floor, null::text as place,
  null::text as device, null::jsonb as device_name, r.by as person,
  coalesce(r.by_name, (select string_agg(p.name, '、' order by p.name) from staff.person p where p.id = any (r.people)))
    as person_name,
  null::jsonb as title, coalesce(r.body -> 'form' ->> 'note', r.body ->> 'note', '') as note
from duty.record r;
${takers}
`;
