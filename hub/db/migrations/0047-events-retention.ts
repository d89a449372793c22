// What the policy runner has done, found by event: so that it goes with its event once nothing can ask for it any more.
export const sql = `
create index done_event on events.done (event);
create index parked_event on events.parked (event);
`;
