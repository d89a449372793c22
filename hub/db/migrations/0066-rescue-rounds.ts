// A rescue can begin anew (people inside again): what was told before stays on record and counts no more.
export const sql = `
alter table work_orders.rescue alter column recall_due_at drop not null;
alter table work_orders.rescue alter column recall_round set default 0;
alter table work_orders.rescue add column round integer not null default 0;
alter table work_orders.rescue add column began_at timestamptz;

alter table work_orders.rescue_step add column round integer not null default 0;
alter table work_orders.rescue_step drop constraint rescue_step_pkey;
alter table work_orders.rescue_step add primary key (work_order, round, step);
`;
