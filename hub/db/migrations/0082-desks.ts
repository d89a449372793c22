// When a control desk of a community last answered, and since when it is only half there (mute, hidden): for the watch
// that raises "no desk answers", on whichever hub the desk's screen is connected.
export const sql = `
create schema live;
create table live.desk (
  community text not null,
  person text not null,
  seen_at timestamptz not null,
  -- Null: seen and heard.
  impaired_at timestamptz,
  impaired_by text,
  primary key (community, person)
);
`;
