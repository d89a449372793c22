// Figures of the alarm system: what stood open at a moment, links that were down, signals that came back, by index.
export const sql = `
create index alarm_ended on alarms.alarm (community, coalesce(cleared_at, closed_at), received_at);
create index alarm_comms on alarms.alarm (community, raised_at) where class = 'COMMS';
create index act_recurred on alarms.act (at) where act = 'recurred';
`;
