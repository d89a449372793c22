// Readers from outside, as the fire authority is, look at the hub for a time: until the end of a day that is named when
// they are let in.
export const sql = `
alter table staff.person add column access_until date;
alter table staff.person add constraint authority_ends check (role <> 'authority' or access_until is not null);
create index entry_readings on audit.entry (community, id) where entity = 'reading';
`;
