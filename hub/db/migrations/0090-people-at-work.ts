// What running a site needs of people: how to reach them, the level of a certificate, passwords that hold only until the
// person has set their own.
export const sql = `
alter table staff.person add column phone text;
alter table staff.certificate add column level text;
alter table staff.credential add column one_time boolean not null default false;
`;
