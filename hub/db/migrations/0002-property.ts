// What this instance is, and where things are: communities, buildings, floors, places.
export const sql = `
create table platform.instance (
  key text primary key,
  value text not null
);

create schema property;

create table property.community (
  id text primary key,
  name jsonb not null,
  time_zone text not null,
  created_at timestamptz not null
);

create table property.building (
  community text not null references property.community (id),
  id text not null,
  name jsonb not null,
  ord integer not null,
  -- False while only a gateway has named it and nobody has confirmed it.
  commissioned boolean not null,
  primary key (community, id)
);

create table property.floor (
  community text not null,
  building text not null,
  -- 0 is not used: -1 is the first basement, 1 the ground floor.
  floor integer not null check (floor <> 0),
  name jsonb not null,
  commissioned boolean not null,
  primary key (community, building, floor),
  foreign key (community, building) references property.building (community, id)
);

create table property.place (
  community text not null references property.community (id),
  building text,
  floor integer,
  -- As the site names it, e.g. a room or a pump house; unique where it is.
  id text not null,
  name jsonb not null,
  commissioned boolean not null,
  unique nulls not distinct (community, building, floor, id),
  foreign key (community, building) references property.building (community, id),
  foreign key (community, building, floor) references property.floor (community, building, floor)
);
`;
