// The list of all alarms is in the order in which the hub received them: a device's clock may be years off.
export const sql = `
create index alarm_received on alarms.alarm (community, received_at desc, raised_at desc, id desc);
drop index alarms.alarm_raised;
`;
