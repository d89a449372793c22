// Floor plans: which drawing a floor has and had, and where its devices and points stand on it.
export const sql = `
create schema floor_plans;

-- One row a floor that anyone has worked on; the revision counts every change of its drawing or positions.
create table floor_plans.floor (
  community text not null references property.community (id),
  building text not null,
  floor integer not null,
  revision integer not null,
  changed_at timestamptz not null,
  changed_by text not null,
  changed_by_name text not null,
  primary key (community, building, floor)
);

-- Every drawing that a floor ever had; the highest version is in force.
create table floor_plans.drawing (
  community text not null,
  building text not null,
  floor integer not null,
  version integer not null check (version > 0),
  sha256 text not null,
  media_type text not null,
  note text not null,
  added_at timestamptz not null,
  added_by text not null,
  added_by_name text not null,
  primary key (community, building, floor, version),
  foreign key (community, building, floor) references floor_plans.floor,
  foreign key (community, sha256) references files.file (community, sha256)
);

create table floor_plans.position (
  community text not null,
  building text not null,
  floor integer not null,
  -- {gateway}.{device}
  device text not null,
  -- Empty: the device itself.
  point text not null,
  -- Shares of the drawing's breadth and height, from its top left corner.
  x double precision not null check (x between 0 and 1),
  y double precision not null check (y between 0 and 1),
  primary key (community, building, floor, device, point),
  foreign key (community, building, floor) references floor_plans.floor
);
create index position_device on floor_plans.position (community, device, point);
`;
