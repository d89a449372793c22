// The shape of a site file, as an engineer writes it. What it means is checked in site.ts.
import { Type, type Static } from 'typebox';
import { Text, WORD_ORDERS } from '../device-profiles/contract/point.ts';
import { DEVICE_KINDS } from '../device-profiles/contract/profile.ts';
import { GATEWAY_ID } from '../device-profiles/contract/wire.ts';

/** Named maxima of a site (hard rule 10). */
export const SITE_LIMITS = {
  links: 500,
  devices: 5_000,
  mqttUsers: 5_000,
  /** Heartbeat packets of a line. */
  heartbeats: 4,
  /** Fastest and slowest poll, ms. */
  pollMinMs: 20,
  pollMaxMs: 3_600_000,
} as const;

const closed = { additionalProperties: false } as const;
const Id = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' });
const Place = Type.String({ minLength: 1, maxLength: 200 });
/** Words in both languages, or one text for both. */
const Name = Type.Union([Type.String({ minLength: 1, maxLength: 200 }), Text]);
export type Name = Static<typeof Name>;
const Floor = Type.Integer({ minimum: -20, maximum: 300 });
const PollMs = Type.Integer({ minimum: SITE_LIMITS.pollMinMs, maximum: SITE_LIMITS.pollMaxMs });
const Poll = Type.Object(
  {
    safety: Type.Optional(PollMs),
    fast: Type.Optional(PollMs),
    normal: Type.Optional(PollMs),
    slow: Type.Optional(PollMs),
  },
  closed,
);
const Host = Type.String({ minLength: 1, maxLength: 253 });
const Port = Type.Integer({ minimum: 1, maximum: 65_535 });

const TcpLink = Type.Object(
  {
    id: Id,
    /** `modbus-rtu-tcp`: RTU frames through a serial converter, without Modbus TCP's header. */
    type: Type.Enum(['modbus-tcp', 'modbus-rtu-tcp']),
    host: Host,
    /** Default 502. */
    port: Type.Optional(Port),
  },
  closed,
);
const SerialLink = Type.Object(
  {
    id: Id,
    type: Type.Literal('modbus-rtu'),
    /** Serial port, e.g. /dev/ttyUSB0. What is left out comes from the profiles of the devices on the bus. */
    path: Type.String({ minLength: 1, maxLength: 400 }),
    baud: Type.Optional(Type.Integer({ minimum: 300, maximum: 1_000_000 })),
    parity: Type.Optional(Type.Enum(['none', 'even', 'odd'])),
    stopBits: Type.Optional(Type.Enum([1, 2])),
  },
  closed,
);
/** MQTT devices: without `host` they connect to the gateway's own field broker, else both use the broker named here. */
const FieldLink = Type.Object(
  {
    id: Id,
    type: Type.Literal('mqtt'),
    host: Type.Optional(Host),
    /** Default 1883. */
    port: Type.Optional(Port),
    username: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    /** Environment variable with the password. */
    passwordEnv: Type.Optional(Type.String({ pattern: '^[A-Z_][A-Z0-9_]*$' })),
  },
  closed,
);

/** Transmission devices that call in by GB/T 26875.3, at GB26875_PORT: by TCP connections, or by UDP. */
const CallInLink = Type.Object(
  { id: Id, type: Type.Literal('gb26875'), transport: Type.Optional(Type.Enum(['tcp', 'udp'])) },
  closed,
);

/** Bytes on a line: `text`, or `hex` digits. */
const Packet = Type.Object(
  {
    text: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    hex: Type.Optional(Type.String({ pattern: '^([0-9A-Fa-f]{2}){1,64}$' })),
  },
  closed,
);
/** A DTU that calls us, at `port`, and passes Modbus through to what stands behind it. */
const DtuLink = Type.Object(
  {
    id: Id,
    type: Type.Literal('modbus-dtu'),
    /** TCP port on which we listen (at HOST); DTUs may share one. */
    port: Port,
    /** What the DTU passes through; default `rtu`. */
    framing: Type.Optional(Type.Enum(['rtu', 'tcp'])),
    /** With which it begins each connection; behind it stands nothing, line ends, a heartbeat or itself again. */
    registration: Packet,
    /** What it sends between frames to keep its line. */
    heartbeats: Type.Optional(Type.Array(Packet, { minItems: 1, maxItems: SITE_LIMITS.heartbeats })),
    /** Nothing heard at all for so long, neither answer nor heartbeat: the line is dead. */
    silentS: Type.Optional(Type.Integer({ minimum: 5, maximum: 86_400 })),
    /** What the way takes beyond each device's own timeout, ms. */
    latencyMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 60_000 })),
    /** How late an answer can come after that, ms: so long a unit is not asked again. At least 100 with `rtu`. */
    lateMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 120_000 })),
  },
  closed,
);

/** Schema of a link by its type; `type` decides which one a mistake is explained by. */
export const LINK_SCHEMAS = {
  'modbus-tcp': TcpLink,
  'modbus-rtu-tcp': TcpLink,
  'modbus-rtu': SerialLink,
  mqtt: FieldLink,
  gb26875: CallInLink,
  'modbus-dtu': DtuLink,
} as const;
export type LinkType = keyof typeof LINK_SCHEMAS;

const Link = Type.Union([TcpLink, SerialLink, FieldLink, CallInLink, DtuLink]);

/** A row of a point list, written in the site file itself. */
const InlinePoint = Type.Object(
  {
    point: Type.Optional(Type.String({ minLength: 1, maxLength: 96 })),
    indices: Type.Optional(Type.Record(Type.String({ pattern: '^[a-z]+$' }), Type.Integer({ minimum: 0 }), closed)),
    name: Type.Optional(Name),
    building: Type.Optional(Place),
    floor: Type.Optional(Floor),
    place: Type.Optional(Place),
    invert: Type.Optional(Type.Boolean()),
    /** Id of the device of this site whose state the contact tells, where that is not the module it is wired to. */
    about: Type.Optional(Id),
  },
  closed,
);

export const SiteDeviceFile = Type.Object(
  {
    id: Id,
    name: Type.Optional(Name),
    /** File name of the profile without `.yaml`. */
    profile: Type.String({ minLength: 1 }),
    link: Type.String({ minLength: 1 }),
    /** Modbus unit (slave) address. */
    unit: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
    kind: Type.Optional(Type.Enum([...DEVICE_KINDS])),
    building: Type.Optional(Place),
    floor: Type.Optional(Floor),
    place: Type.Optional(Place),
    /** Variables of the topic (or `address`: that of a GB/T 26875.3 device), always text: quote numbers. */
    vars: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[a-z][A-Za-z0-9]*$' }),
        Type.String({ pattern: '^[^+#/\\u0000]{1,64}$' }),
        closed,
      ),
    ),
    params: Type.Optional(Type.Record(Type.String({ pattern: '^[a-z][A-Za-z0-9]*$' }), Type.Number(), closed)),
    repeat: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[a-z]+$' }),
        Type.Tuple([Type.Integer({ minimum: 0 }), Type.Integer({ minimum: 0 })]),
        closed,
      ),
    ),
    /** CSV, beside the site file. */
    pointList: Type.Optional(Type.String({ minLength: 1, maxLength: 400 })),
    points: Type.Optional(Type.Array(InlinePoint, { minItems: 1 })),
    poll: Type.Optional(Poll),
    wordOrder: Type.Optional(Type.Enum([...WORD_ORDERS])),
    expectEveryS: Type.Optional(Type.Integer({ minimum: 1, maximum: 7 * 86_400 })),
  },
  closed,
);
export type SiteDeviceFile = Static<typeof SiteDeviceFile>;

/**
 * A user of the field broker. The password stands here or in the environment (`passwordEnv`); it is compared as it is,
 * so a site file with passwords must be readable by the gateway's user only. What the user may publish: the topics of
 * the devices named, or the topics written here; with neither, those of the devices whose id or variable is the name.
 */
export const MqttUserFile = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: 128 }),
    password: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    passwordEnv: Type.Optional(Type.String({ pattern: '^[A-Z_][A-Z0-9_]*$' })),
    devices: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
    topics: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1 })),
  },
  closed,
);
export type MqttUserFile = Static<typeof MqttUserFile>;

export const SiteFile = Type.Object(
  {
    gateway: Type.String({ pattern: GATEWAY_ID.source }),
    community: Type.String({ minLength: 1, maxLength: 64 }),
    /** Folders of the site's own profiles, beside those that come with the product. */
    profiles: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
    /** Poll interval by class, ms, for all devices. */
    poll: Type.Optional(Poll),
    links: Type.Array(Link, { minItems: 1 }),
    devices: Type.Array(SiteDeviceFile, { minItems: 1 }),
    mqttUsers: Type.Optional(Type.Array(MqttUserFile)),
  },
  closed,
);
export type SiteFile = Static<typeof SiteFile>;
export type SiteLinkFile = SiteFile['links'][number];
