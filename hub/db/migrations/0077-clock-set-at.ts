// When each due time of an order was set: one that was set after the wall clock had jumped must not move with the jump.
export const sql = `
alter table work_orders.clock add column set_at timestamptz;
update work_orders.clock c set set_at = o.opened_at from work_orders.work_order o where o.id = c.work_order;
alter table work_orders.clock alter column set_at set not null;
`;
