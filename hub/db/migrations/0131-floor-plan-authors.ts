// The hub itself has no name that anybody wants to read: screens say in their own language that it was the system.
export const sql = `
update floor_plans.floor set changed_by_name = '' where changed_by = changed_by_name and changed_by in ('timer', 'hub');
update floor_plans.drawing set added_by_name = '' where added_by = added_by_name and added_by in ('timer', 'hub');
`;
