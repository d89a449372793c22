// The control room's overview: buildings in section with what stands on each floor.
import { Type, type Static } from 'typebox';
const Words = Type.Object({ zh: Type.String(), en: Type.String() });

export const OverviewView = Type.Object({
  community: Type.Object({ id: Type.String(), name: Words }),
  buildings: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Words,
      floors: Type.Array(
        Type.Object({
          floor: Type.Integer(),
          name: Words,
          points: Type.Integer(),
          /** Points whose value cannot be believed now: stale, bad or never. */
          unknown: Type.Integer(),
          unproved: Type.Integer(),
          mode: Type.Optional(Type.Enum(['drill', 'maintenance'])),
        }),
      ),
      panels: Type.Array(Type.Object({ device: Type.String(), name: Words, online: Type.Boolean() })),
      /** Floor position and door as points on the live channel. */
      elevators: Type.Array(
        Type.Object({
          device: Type.String(),
          name: Words,
          online: Type.Boolean(),
          /** `num` of the point on the live channel, where the device has it. */
          position: Type.Optional(Type.Integer()),
          direction: Type.Optional(Type.Integer()),
          door: Type.Optional(Type.Integer()),
        }),
      ),
    }),
  ),
  /** Trends at the foot of the screen: pump-room pressures, tank levels and the like. */
  trends: Type.Array(
    Type.Object({
      device: Type.String(),
      deviceName: Words,
      point: Type.String(),
      num: Type.Integer(),
      name: Words,
      unit: Type.String(),
      band: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
    }),
  ),
});
export type OverviewView = Static<typeof OverviewView>;
