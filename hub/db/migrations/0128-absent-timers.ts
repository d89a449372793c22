// Shifts that were planned before anybody had to take over are looked at after their beginning like all others.
// 15 min: what `duty.watch` says where the site has set nothing else.
export const sql = `
insert into timers.timer (key, kind, community, due, basis, payload, set_at)
select 'duty.shift:' || s.id || ':absent', 'duty.shift', s.community,
  (extract(epoch from s.starts_at) * 1000)::bigint + 60000 * coalesce(
    (select (v.value ->> 'takeOverGraceMinutes')::integer from rules.version v
      where v.community = s.community and v.rule = 'duty.watch' order by v.version desc limit 1), 15),
  'calendar', jsonb_build_object('shift', s.id, 'absent', true), (extract(epoch from now()) * 1000)::bigint
from duty.shift s where s.kind = 'control-room' and s.starts_at > now()
on conflict (key) do nothing;
`;
