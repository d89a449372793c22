// Since when each signal that was ever raised is known to be false without a gap: a repair is verified by it.
export const sql = `
create table alarms.steady (
  device text not null,
  point text not null,
  signal text not null,
  -- The hub's wall clock, ms since 1970 UTC; null while the signal is raised or not known. Moves with a clock jump.
  since bigint,
  primary key (device, point, signal)
);

-- What was raised before this version: its clock starts with the first good value that is heard.
insert into alarms.steady (device, point, signal) select distinct device, point, signal from alarms.alarm;
`;
