// What screens see of places.
import { Type, type Static } from 'typebox';
const Words = Type.Object({ zh: Type.String(), en: Type.String() });

export const CommunityView = Type.Object({ id: Type.String(), name: Words, timeZone: Type.String() });
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
});
export type BuildingView = Static<typeof BuildingView>;
