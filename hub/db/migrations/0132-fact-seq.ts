// Facts in the order of their changes: who keeps a copy of them takes over only what is new.
export const sql = `
create index fact_seq on alarms.fact (community, seq);
-- Causes of false alarms are counted from these alone.
create index fact_false on alarms.fact (community, received_at) include (fire)
  where verdict = 'false' and raised_mode is null and class <> 'TEST';
`;
