// Equipment: the register of devices and points, as births name them, with a lasting number and the commissioning mark.
export const sql = `
create schema equipment;

create table equipment.device (
  -- {gateway}.{device}
  id text primary key,
  community text not null,
  gateway text not null,
  kind text not null,
  name jsonb not null,
  profile text not null,
  vendor text not null,
  model text not null,
  evidence text not null,
  link text not null,
  building text,
  floor integer,
  place text,
  first_at timestamptz not null,
  -- Not in the gateway's present birth any more.
  removed_at timestamptz
);
create index device_community on equipment.device (community, id);
create index device_gateway on equipment.device (gateway);

create table equipment.point (
  num integer generated always as identity primary key,
  device text not null references equipment.device (id),
  id text not null,
  name jsonb not null,
  type text not null,
  lane text not null,
  unit text not null,
  range jsonb,
  band jsonb,
  enum jsonb,
  building text,
  floor integer,
  place text,
  removed_at timestamptz,
  proved_at timestamptz,
  proved_by text,
  proved_note text,
  unique (device, id)
);
create index point_place on equipment.point (building, floor) where removed_at is null;
`;
