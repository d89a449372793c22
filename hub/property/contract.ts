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

export const PlaceView = Type.Object({ id: Type.String(), name: Words, commissioned: Type.Boolean() });
export type PlaceView = Static<typeof PlaceView>;

export const FloorView = Type.Object({
  /** −1 is the first basement; 0 does not exist in Chinese floor counting, roof is the highest + 1. */
  floor: Type.Integer(),
  name: Words,
  /** Rooms and spots; in lists of buildings alone. */
  places: Type.Optional(Type.Array(PlaceView)),
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

/** A list of places (CSV): what it would do, or done. */
export const ImportListBody = Type.Object(
  {
    csv: Type.String({ minLength: 1, maxLength: 800_000 }),
    /** False: only say what it would do. */
    apply: Type.Boolean(),
  },
  closed,
);
export const LIST_PROBLEMS = [
  'not-csv',
  'empty',
  'unknown-column',
  'column-twice',
  'no-column',
  'missing',
  'bad-id',
  'bad-floor',
  'floor-zero',
  'one-floor',
  'two-names',
  'too-long',
  'too-many',
] as const;
export const ListMistake = Type.Object({
  /** 1-based, the header counted. */
  line: Type.Integer(),
  column: Type.String(),
  problem: Type.Enum([...LIST_PROBLEMS]),
  /** What stands there. */
  given: Type.String(),
});
export type ListMistake = Static<typeof ListMistake>;
const Tally = Type.Object({ new: Type.Integer(), renamed: Type.Integer(), same: Type.Integer() });
export const ListPlan = Type.Array(
  Type.Object({
    id: Type.String(),
    name: Words,
    change: Type.Enum(['new', 'renamed', 'same']),
    floors: Tally,
    places: Tally,
  }),
);
export type ListPlan = Static<typeof ListPlan>;
export const ImportListView = Type.Object({
  applied: Type.Boolean(),
  /** What is wrong; nothing is taken while anything is. */
  mistakes: Type.Array(ListMistake),
  plan: ListPlan,
});
export type ImportListView = Static<typeof ImportListView>;
