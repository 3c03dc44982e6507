import type { Me, Message, RoomSummary } from "../generated/http.ts";
import type { ConnectionStatus } from "../transport/WebSocketService.ts";
import type { Draft } from "./drafts.ts";
import { EMPTY_TIMELINE, type Timeline } from "./timeline.ts";

/** A message that stands in a room, as frames and history give it. */
export type Posted = Omit<Message, "clientMessageId"> & { clientMessageId?: string | undefined };

export type LastMessage = NonNullable<RoomSummary["lastMessage"]>;

/** Somebody, as far as it is known. */
export interface Person {
  userId: string;
  /** Undefined until a room that they are in was looked at. */
  displayName?: string | undefined;
  status?: "online" | "offline" | undefined;
  lastSeenAt?: string | undefined;
  /** Of the presence; -1 while unknown. */
  version: number;
}

export interface RoomState {
  chatRoomId: string;
  name: string;
  createdBy: string;
  /** Empty until the list told it. */
  createdAt: string;
  participantCount: number;
  lastSeq: number;
  lastReadSeq: number;
  /** Where the server has the own read mark, as far as it is known. */
  confirmedReadSeq: number;
  lastMessage: LastMessage | null;
  timeline: Timeline;
  /** Null until the room was looked at, and after its people changed: `detailsStale`. */
  participantIds: readonly string[] | null;
  detailsStale: boolean;
  /** How far others have read, by userId; in small rooms. */
  readBy: Readonly<Record<string, number>>;
  /** Who is writing, and until when that is shown (epoch ms). */
  typing: Readonly<Record<string, number>>;
  /** How often the history could not be had since it last could. */
  failures: number;
}

export interface ChatState {
  me: Me;
  connection: ConnectionStatus;
  /** Undefined until the list has come once. */
  rooms: Readonly<Record<string, RoomState>> | undefined;
  roomsStale: boolean;
  /** Rooms that frames told of while the list was asked for: it may be older than they are. */
  touched: readonly string[];
  people: Readonly<Record<string, Person>>;
  drafts: readonly Draft[];
  /** The room on the screen. */
  activeRoomId: string | null;
  /** The last room that one was taken out of while looking at it. */
  removedFrom: { chatRoomId: string; name: string } | null;
  /** The server's clock less this one's, in ms; 0 until it is known. */
  clockOffsetMs: number;
}

export function initialState(me: Me, drafts: readonly Draft[]): ChatState {
  return {
    me,
    connection: { state: "idle" },
    rooms: undefined,
    roomsStale: true,
    touched: [],
    people: { [me.userId]: { userId: me.userId, displayName: me.displayName, version: -1 } },
    drafts,
    activeRoomId: null,
    removedFrom: null,
    clockOffsetMs: 0,
  };
}

export function unread(room: RoomState): number {
  return Math.max(0, room.lastSeq - room.lastReadSeq);
}

/** Stands after every time of the ISO form. */
const LATER_THAN_ANY = "9999";

/** My rooms, newest message first; a room without messages counts from its creation, and one that a frame told of
 *  and the list not yet has only just come. */
export function sortedRooms(rooms: Readonly<Record<string, RoomState>>): RoomState[] {
  const newest = (room: RoomState) => room.lastMessage?.createdAt ?? (room.createdAt || LATER_THAN_ANY);
  return Object.values(rooms).sort(
    (one, other) => newest(other).localeCompare(newest(one)) || one.chatRoomId.localeCompare(other.chatRoomId),
  );
}

export function emptyRoom(chatRoomId: string, name: string): RoomState {
  return {
    chatRoomId,
    name,
    createdBy: "",
    createdAt: "",
    participantCount: 0,
    lastSeq: 0,
    lastReadSeq: 0,
    confirmedReadSeq: 0,
    lastMessage: null,
    timeline: EMPTY_TIMELINE,
    participantIds: null,
    detailsStale: true,
    readBy: {},
    typing: {},
    failures: 0,
  };
}

/** The state with one room changed; unchanged where the room is not there. */
export function withRoom(state: ChatState, id: string, change: (room: RoomState) => RoomState): ChatState {
  const room = state.rooms?.[id];
  if (room === undefined) return state;
  const changed = change(room);
  return changed === room ? state : { ...state, rooms: { ...state.rooms, [id]: changed } };
}
