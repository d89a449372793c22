// What a drill found may be a hazard that is followed until it is cleared, not only work to be done.
export const sql = `
alter table plans.finding add column hazard text, add column hazard_number text;
`;
