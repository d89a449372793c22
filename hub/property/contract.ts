// What screens see of places.
import { Type, type Static } from 'typebox';
const Words = Type.Object({
  zh: Type.String({ minLength: 1, maxLength: 100 }),
  en: Type.String({ minLength: 1, maxLength: 100 }),
});
const Id = Type.String({ pattern: '^[A-Za-z0-9\\p{L}][\\p{L}\\p{N}._-]{0,62}$' });
const closed = { additionalProperties: false } as const;

export const CommunityView = Type.Object({
  id: Type.String(),
  name: Words,
  /** IANA name, e.g. `Asia/Shanghai`: the calendar that its dates follow. */
  timeZone: Type.String(),
});
export type CommunityView = Static<typeof CommunityView>;

export const FloorView = Type.Object({
  /** −1 is the first basement; 0 does not exist in Chinese floor counting, roof is the highest + 1. */
  floor: Type.Integer(),
  name: Words,
});
export const BuildingView = Type.Object({
  id: Type.String(),
  name: Words,
  floors: Type.Array(FloorView),
  order: Type.Integer(),
  /** False while only a gateway has named it and nobody has confirmed it. */
  commissioned: Type.Boolean(),
});
export type BuildingView = Static<typeof BuildingView>;

/** A community comes with its first administrator: nobody of another community can see into it. */
export const NewCommunity = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
    name: Words,
    timeZone: Type.String({ maxLength: 64, default: 'Asia/Shanghai' }),
    admin: Type.Object(
      {
        username: Type.String({ minLength: 1, maxLength: 64 }),
        name: Type.String({ minLength: 1, maxLength: 64 }),
        password: Type.String({ minLength: 8, maxLength: 256 }),
      },
      closed,
    ),
  },
  closed,
);
export type NewCommunity = Static<typeof NewCommunity>;

export const ChangeCommunity = Type.Object(
  { name: Type.Optional(Words), timeZone: Type.Optional(Type.String({ maxLength: 64 })) },
  closed,
);

export const ImportBuildings = Type.Object(
  {
    buildings: Type.Array(
      Type.Object(
        {
          id: Id,
          name: Words,
          order: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
          floors: Type.Array(
            Type.Object(
              {
                floor: Type.Integer({ minimum: -20, maximum: 300 }),
                name: Type.Optional(Words),
                places: Type.Optional(Type.Array(Type.Object({ id: Id, name: Words }, closed), { maxItems: 500 })),
              },
              closed,
            ),
            { maxItems: 320 },
          ),
        },
        closed,
      ),
      { minItems: 1, maxItems: 500 },
    ),
  },
  closed,
);
export type ImportBuildings = Static<typeof ImportBuildings>;
export const ImportedView = Type.Object({
  buildings: Type.Integer(),
  floors: Type.Integer(),
  places: Type.Integer(),
});
