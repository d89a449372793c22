// One open rescue a lift, whatever the code forgets: further entrapments of the lift join it until it is closed.
export const sql = `
-- The lift that a rescue is about; null for other kinds, and for a second rescue that an earlier version had opened.
alter table work_orders.work_order add column lift text;

update work_orders.work_order set lift = device where id in (
  select distinct on (community, device) id from work_orders.work_order
  where kind = 'rescue' and device is not null and state not in ('closed', 'cancelled')
  order by community, device, opened_at, id);
update work_orders.work_order set lift = device where kind = 'rescue' and state in ('closed', 'cancelled');

create unique index one_rescue on work_orders.work_order (community, lift)
  where lift is not null and state not in ('closed', 'cancelled');
`;
