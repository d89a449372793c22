// The live channel: alarms at once and in order, values latest-wins every 100 ms, a beat each second by which a screen
// knows that it still sees everything. Websocket only; every event has a declared policy (events.ts).
import type { Server as HttpServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { Server } from 'socket.io';
import { Decoder } from 'socket.io-parser';
import type { AlarmView } from '../alarms/contract.ts';
import type { Clock } from '../clock.ts';
import { allows, SESSION_COOKIE } from '../http/guard.ts';
import { originAllowed } from '../http/origin.ts';
import { READ_ONLY } from '../http/reading.ts';
import type { SignedIn } from '../http/entry.ts';
import type { LivePoints, Site } from '../ingest/api.ts';
import { Board } from './board.ts';
import { newChannel, type CommunityChannel } from './channel.ts';
import type {
  AliveFrame,
  BeatFrame,
  ClientEvents,
  DutyFrame,
  SceneFrame,
  OrderFrame,
  ServerEvents,
} from './contract.ts';
import { FrameEncoder } from './encoder.ts';
import { CLIENT_EVENTS, SERVER_EVENTS } from './events.ts';
import { deskWord } from './desk.ts';
import type { DeskReport } from './desk-watch.ts';
import { LIVE_LIMITS } from './limits.ts';
import { cookieOf, toldBy, type Told } from './said.ts';
import { awaitedOf, blindOf, countPoints } from './state.ts';
import { ValuesFeed, type LiveSocket } from './values-feed.ts';

/** What the live channel needs of others; wired in main.ts. */
export interface LivePorts {
  readonly points: LivePoints;
  readonly alarms: {
    /** Open alarms with the number of the last change, read together. */
    open(community: string): Promise<{ seq: number; items: readonly AlarmView[] }>;
    /** Alarms whose last change is after `seq`, in order, at most `limit`. */
    changedSince(community: string, seq: number, limit: number): Promise<readonly AlarmView[]>;
    /** Calls back after commits with the community whose alarms changed. */
    onChange(heard: (community: string) => void): Promise<() => Promise<void>>;
  };
  /** Numbers of the points that the overview shows. */
  readonly overview: (community: string) => ReadonlySet<number>;
  readonly unproved: (community: string) => Promise<number>;
  readonly modes: (community: string) => Promise<number>;
  /** Another text whenever something goes to manual or back. */
  readonly linkage: (community: string) => string;
  readonly sessions: {
    /** Prolongs it. */
    find(token: string): Promise<SignedIn | undefined>;
    /** Prolongs nothing. */
    lives(token: string): Promise<boolean>;
  };
  /** Calls back with a person whose sessions or rights changed. */
  readonly onPersonChanged: (heard: (person: string) => void) => Promise<() => Promise<void>>;
  /** A control desk says how its screen is. */
  readonly desk: (report: DeskReport) => void;
  readonly origins: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

interface Screen {
  readonly socket: LiveSocket;
  readonly user: SignedIn;
  readonly token: string;
  messages: number;
  prolongedAt: number;
  /** ms monotonic at which it was last looked whether the session of a reader lives. */
  lookedAt: number;
  /** What the screen has told of itself so far. */
  told: Told;
}

type LiveServer = Server<ClientEvents, ServerEvents>;

const aliveOf = ({ beat, time, blind, linkage }: BeatFrame): AliveFrame => ({ beat, time, blind, linkage });

const room = (community: string, event: keyof ServerEvents): string => `${event} ${community}`;

export class LiveChannel {
  readonly #ports: LivePorts;
  readonly #io: LiveServer;
  readonly #screens = new Map<string, Screen>();
  readonly #values: ValuesFeed;
  readonly #channels = new Map<string, Promise<CommunityChannel>>();
  readonly #undo: (() => Promise<void> | void)[] = [];
  #beat = 0;
  readonly counters = {
    frames: 0,
    skipped: 0,
    alarmFrames: 0,
    refused: 0,
    slow: 0,
    noisy: 0,
    resyncs: 0,
    mismatches: 0,
  };

  constructor(server: HttpServer, ports: LivePorts) {
    this.#ports = ports;
    this.#values = new ValuesFeed({ ...ports, counters: this.counters });
    this.#io = new Server(server, {
      transports: ['websocket'],
      serveClient: false,
      perMessageDeflate: false,
      parser: { Encoder: FrameEncoder, Decoder },
      maxHttpBufferSize: LIVE_LIMITS.messageBytesMax,
      allowRequest: (request, done) => done(null, this.#ownOrigin(request)),
    });
  }

  async start(): Promise<void> {
    const { alarms, onPersonChanged } = this.#ports;
    this.#io.use((socket, next) => void this.#admit(socket, next));
    this.#io.on('connection', (socket) => this.#welcome(socket));
    this.#undo.push(await alarms.onChange((community) => this.#changed(community)));
    this.#undo.push(await onPersonChanged((person) => void this.#recheck(person)));
    this.#undo.push(this.#values.start());
    this.#every(LIVE_LIMITS.valuesEveryMs, () => this.#values.send());
    this.#every(LIVE_LIMITS.beatEveryMs, () => this.#sendBeats());
    this.#every(LIVE_LIMITS.countEveryMs, () => this.#countAll());
  }

  async stop(): Promise<void> {
    for (const undo of this.#undo.splice(0)) await undo();
    this.#io.disconnectSockets(true);
    // Not io.close(): that would close the web server, which is not ours.
    this.#io.engine.close();
  }

  get screens(): number {
    return this.#screens.size;
  }

  /** A work order changed, something of duty did: pages that show it ask again. */
  order = (community: string, frame: OrderFrame) => this.#io.to(room(community, 'order')).emit('order', frame);
  duty = (community: string, frame: DutyFrame) => this.#io.to(room(community, 'duty')).emit('duty', frame);
  scene = (community: string, frame: SceneFrame) => this.#io.to(room(community, 'scene')).emit('scene', frame);

  #every(ms: number, work: () => void): void {
    const timer = setInterval(work, ms);
    this.#undo.push(() => clearInterval(timer));
  }

  #ownOrigin(request: IncomingMessage): boolean {
    const { host, origin } = request.headers;
    const own = [`http://${host ?? ''}`, `https://${host ?? ''}`];
    const headers = { origin, 'sec-fetch-site': request.headers['sec-fetch-site'] };
    const good = own.some((o) => originAllowed(headers, o, { trusted: this.#ports.origins }));
    if (!good) this.counters.refused += 1;
    return good;
  }

  async #admit(socket: LiveSocket, next: (error?: Error) => void): Promise<void> {
    try {
      const token = cookieOf(socket.request.headers.cookie, SESSION_COOKIE);
      const user = token === undefined ? undefined : await this.#ports.sessions.find(token);
      const mine = [...this.#screens.values()].filter((s) => s.user.id === user?.id).length;
      if (token === undefined || user === undefined) return next(this.#refusal('not-signed-in'));
      if (this.#screens.size >= LIVE_LIMITS.screensMax || mine >= LIVE_LIMITS.screensPerUserMax)
        return next(this.#refusal('unavailable'));
      const now = this.#ports.clock.monotonic();
      this.#screens.set(socket.id, {
        socket,
        user,
        token,
        messages: 0,
        prolongedAt: now,
        lookedAt: now,
        told: { resyncs: 0, mismatches: 0 },
      });
      return next();
    } catch (error) {
      this.#ports.log.error({ err: error }, 'live channel: sign-in could not be checked');
      // Not a refusal: a client takes that as final. A connection that breaks is tried again by itself.
      this.counters.refused += 1;
      return void socket.conn.close();
    }
  }

  #refusal(code: string): Error {
    this.counters.refused += 1;
    return new Error(code);
  }

  #welcome(socket: LiveSocket): void {
    const screen = this.#screens.get(socket.id);
    if (!screen) return void socket.disconnect(true);
    const { user } = screen;
    for (const [event, policy] of Object.entries(SERVER_EVENTS) as [
      keyof ServerEvents,
      (typeof SERVER_EVENTS)['beat'],
    ][])
      if (event !== 'values' && allows(policy, user) === 'yes') void socket.join(room(user.community, event));
    socket.use(([event], next) => this.#mayAsk(screen, event, next));
    socket.on('watch', (want, done) => this.#values.watch(socket, user.community, want, done));
    socket.on('desk', (report) => this.#reported(screen, report));
    socket.on('error', () => undefined); // a refused event; the screen has been told by #mayAsk
    socket.on('disconnect', () => this.#leave(screen));
    this.#channel(user.community)
      .then((channel) => {
        const beat = this.#beatOf(channel);
        if (allows(SERVER_EVENTS.beat, user) === 'yes') socket.emit('beat', beat);
        else socket.emit('alive', aliveOf(beat));
      })
      .catch((error: unknown) => this.#ports.log.error({ err: error }, 'live channel: no first beat'));
  }

  #mayAsk(screen: Screen, event: string, next: (error?: Error) => void): void {
    screen.messages += 1;
    if (screen.messages > LIVE_LIMITS.messagesPerSecondMax) {
      this.counters.noisy += 1;
      screen.socket.disconnect(true);
      return;
    }
    const policy = Object.hasOwn(CLIENT_EVENTS, event) ? CLIENT_EVENTS[event as keyof ClientEvents] : undefined;
    if (policy !== undefined && allows(policy, screen.user) === 'yes') next();
    else next(this.#refusal(policy === undefined ? 'not-found' : 'not-allowed'));
  }

  #leave(screen: Screen): void {
    this.#screens.delete(screen.socket.id);
    this.#values.leave(screen.socket);
  }

  #channel(community: string): Promise<CommunityChannel> {
    let channel = this.#channels.get(community);
    if (!channel) {
      channel = this.#openChannel(community);
      this.#channels.set(community, channel);
      channel.catch(() => this.#channels.delete(community));
    }
    return channel;
  }

  async #openChannel(id: string): Promise<CommunityChannel> {
    const { seq, items } = await this.#ports.alarms.open(id);
    const board = new Board(0);
    for (const alarm of items) board.take(alarm);
    board.seq = Math.max(board.seq, seq);
    const channel = newChannel(id, board);
    await this.#count(channel);
    return channel;
  }

  #changed(community: string): void {
    const opening = this.#channels.get(community);
    if (!opening) return; // nobody has looked yet: the first screen reads everything
    opening.then((channel) => this.#follow(channel)).catch(() => undefined); // opening is tried again by the next screen
  }

  /** One reader a community, so frames leave in order; a notice during a read makes it read once more. */
  #follow(channel: CommunityChannel): void {
    channel.again = true;
    channel.reading ??= this.#readChanges(channel)
      .catch((error: unknown) => this.#ports.log.error({ err: error }, 'live channel: alarms could not be read'))
      .finally(() => {
        channel.reading = undefined;
      });
  }

  async #readChanges(channel: CommunityChannel): Promise<void> {
    while (channel.again) {
      channel.again = false;
      const { board } = channel;
      channel.unreadSince ??= this.#ports.clock.monotonic();
      const items = await this.#ports.alarms.changedSince(channel.id, board.seq, LIVE_LIMITS.alarmsPerFrameMax);
      channel.unreadSince = undefined;
      if (items.length === 0) continue;
      const from = board.seq + 1;
      for (const alarm of items) board.take(alarm);
      this.counters.alarmFrames += 1;
      this.#io.to(room(channel.id, 'alarm')).emit('alarm', { from, seq: board.seq, items });
      if (items.length === LIVE_LIMITS.alarmsPerFrameMax) channel.again = true;
    }
  }

  #beatOf({ id, board, counts, drills, unreadSince }: CommunityChannel): BeatFrame {
    const { clock } = this.#ports;
    const unread = unreadSince === undefined ? 0 : clock.monotonic() - unreadSince;
    return {
      beat: this.#beat,
      time: clock.now(),
      seq: board.seq,
      open: board.size,
      digest: board.digest,
      lamps: board.lamps,
      blind: blindOf(this.#sitesOf(id), unread > LIVE_LIMITS.unreadMs ? Math.trunc(clock.now() - unread) : undefined),
      awaited: awaitedOf(this.#sitesOf(id)),
      ...counts,
      drills,
      linkage: this.#ports.linkage(id),
    };
  }

  #sendBeats(): void {
    this.#beat += 1;
    for (const screen of this.#screens.values()) {
      screen.messages = 0;
      this.#lookAtReader(screen);
      // Where it could not be read when the screen came (the database was away), it is tried again.
      this.#channel(screen.user.community).catch(() => undefined);
    }
    for (const [community, opening] of this.#channels)
      opening
        .then((channel) => {
          const beat = this.#beatOf(channel);
          this.#io.to(room(community, 'beat')).emit('beat', beat);
          this.#io.to(room(community, 'alive')).emit('alive', aliveOf(beat));
          // A notice lost with a database connection is made up for here.
          this.#follow(channel);
        })
        .catch(() => undefined); // no beat: the screen says so itself
  }

  #sitesOf(community: string): Site[] {
    return [...this.#ports.points.sites()].filter((s) => s.community === community);
  }

  #countAll(): void {
    for (const opening of this.#channels.values())
      opening
        .then((channel) => this.#count(channel))
        .catch((error: unknown) => this.#ports.log.warn({ err: error }, 'live channel: points could not be counted'));
  }

  /** What memory knows is counted even while the database does not answer: that is when it matters most. */
  async #count(channel: CommunityChannel): Promise<void> {
    const count = (unproved: number): void => {
      channel.counts = countPoints(this.#sitesOf(channel.id), this.#ports.clock.now(), unproved);
    };
    count(channel.counts.points.unproved);
    if (channel.asking) return;
    channel.asking = true;
    try {
      const [unproved, drills] = await Promise.all([this.#ports.unproved(channel.id), this.#ports.modes(channel.id)]);
      channel.drills = drills;
      count(unproved);
    } finally {
      channel.asking = false;
    }
  }

  #reported(screen: Screen, report: unknown): void {
    const told = toldBy(report);
    // What is lower than before comes from a screen that began anew.
    this.counters.resyncs += Math.max(0, told.resyncs - screen.told.resyncs);
    this.counters.mismatches += Math.max(0, told.mismatches - screen.told.mismatches);
    screen.told = told;
    const { community, id: person } = screen.user;
    this.#ports.desk({ community, person, word: deskWord(report, this.#beat) });
    this.#prolong(screen);
  }

  /** A desk that reports is a desk in use: its session lives on, so that no alarm is hidden by a clock. */
  #prolong(screen: Screen): void {
    const now = this.#ports.clock.monotonic();
    if (now - screen.prolongedAt < LIVE_LIMITS.prolongEveryMs) return;
    screen.prolongedAt = now;
    this.#ports.sessions.find(screen.token).catch(() => undefined); // tried again with the next report
  }

  /** Who only reads hears nothing any more once their time is over; whoever works here is never cut off by a clock. */
  #lookAtReader(screen: Screen): void {
    const now = this.#ports.clock.monotonic();
    if (!READ_ONLY.includes(screen.user.role) || now - screen.lookedAt < LIVE_LIMITS.readerLookMs) return;
    screen.lookedAt = now;
    this.#ports.sessions
      .lives(screen.token)
      .then((lives) => (lives ? undefined : screen.socket.disconnect(true)))
      .catch(() => undefined); // looked at again soon
  }

  /** Signed out, blocked or given another role: what the screen may hear is decided anew by signing in. */
  async #recheck(person: string): Promise<void> {
    for (const screen of [...this.#screens.values()].filter((s) => s.user.id === person)) {
      const user = await this.#ports.sessions.find(screen.token).catch(() => screen.user);
      if (user === undefined || user.role !== screen.user.role || user.community !== screen.user.community)
        screen.socket.disconnect(true);
    }
  }
}
