// What a reader from outside asks for is listed on a screen of its own; in the logs of the control room a busy reader
// would push entries of the site out. Counted by person and day before one more is written.
export const sql = `
create or replace view records.of_audit as
select c.entry as key, e.community, records.log_of(e.action) as log, e.at, 'audit'::text as source, e.id::text as source_id,
  'audit.' || e.action as code, null::text as class, null::text as building, null::integer as floor,
  null::text as place, d.id as device, d.name as device_name, p.id as person,
  p.name as person_name, null::jsonb as title, e.entity || ' ' || e.entity_id as note
from audit.content c join audit.entry e on e.id = c.entry
  left join staff.person p on p.id = case
    when e.action in ('session.opened', 'sessions.ended') then e.entity_id
    when e.actor_kind = 'user' then c.content::jsonb -> 'actor' ->> 'id' end
  left join equipment.device d on d.id = e.entity_id
where not (e.action like 'alarm.%' or e.action like 'order.%' or e.action like 'check.%' or e.action like 'reading.%'
  or (e.entity = 'duty-record' and e.action like 'duty.%'));
create index entry_readings_by on audit.entry (entity_id, at) where entity = 'reading';
`;
