import type {
  MessageFrame,
  PresenceFrame,
  ReadFrame,
  RoomFrame,
  ServerFrame,
  ErrorFrame,
} from "../generated/server-frames.ts";
import { firstCharacters } from "./characters.ts";
import * as drafts from "./drafts.ts";
import {
  emptyRoom,
  withRoom,
  type ChatState,
  type LastMessage,
  type Person,
  type Posted,
  type RoomState,
} from "./state.ts";
import { live } from "./timeline.ts";

const TYPING_SHOWN_MS = 5_000;
const PREVIEW_CHARACTERS = 100;

/** The state after a frame. Pure; `now` is epoch ms of this machine. A frame applied twice changes nothing more. */
export function apply(state: ChatState, frame: ServerFrame, now: number): ChatState {
  switch (frame.type) {
    case "MESSAGE":
      return message(state, posted(frame));
    case "ACK":
      return { ...state, drafts: drafts.acknowledged(state.drafts, frame.clientMessageId, frame.messageId, now) };
    case "VERIFICATION_REQUIRED":
      return refusal(unverified(state), frame.clientMessageId, "VERIFICATION_REQUIRED", null, now);
    case "ERROR":
      return error(state, frame, now);
    case "PONG":
    case "TOKEN_REFRESHED":
      return { ...state, clockOffsetMs: frame.serverTime - now };
    case "READ":
      return read(state, frame);
    case "TYPING":
      return withRoom(state, frame.chatRoomId, (room) => ({
        ...room,
        typing: { ...room.typing, [frame.userId]: now + TYPING_SHOWN_MS },
      }));
    case "PRESENCE":
      return presence(state, frame);
    case "ROOM":
      return roomChanged(state, frame);
    default:
      return unreachable(frame, state);
  }
}

/** Takes in what the history or a frame shows: the newest message of the room, and drafts that were it. */
export function shown(state: ChatState, messages: readonly Posted[]): ChatState {
  return { ...state, drafts: drafts.settled(state.drafts, state.me.userId, messages) };
}

/** A presence counts if its version is not lower than the one held. */
export function presence(
  state: ChatState,
  news: Omit<PresenceFrame, "type" | "lastSeenAt"> & { lastSeenAt?: string | null | undefined },
): ChatState {
  const held: Person = state.people[news.userId] ?? { userId: news.userId, version: -1 };
  if (news.version < held.version) return state;
  const person = { ...held, status: news.status, version: news.version, lastSeenAt: news.lastSeenAt ?? undefined };
  return { ...state, people: { ...state.people, [news.userId]: person } };
}

function posted({ type: _, messageType, ...fields }: MessageFrame): Posted {
  return { ...fields, messageType: messageType ?? "user" };
}

function message(state: ChatState, news: Posted): ChatState {
  const room = state.rooms?.[news.chatRoomId];
  if (room === undefined) return { ...state, roomsStale: true };
  const step = live(room.timeline, news);
  const next = withRoom(state, news.chatRoomId, (before) => ({ ...newest(before, news), timeline: step.timeline }));
  // A room that is not open shows nothing, and its drafts need not wait for it to.
  return shown(next, room.timeline.opened ? step.shown : [news]);
}

function newest(room: RoomState, news: Posted): RoomState {
  const { [news.senderId]: _, ...typing } = room.typing;
  if (news.seq <= room.lastSeq) return { ...room, typing };
  return { ...room, typing, lastSeq: news.seq, lastMessage: preview(news) };
}

export function preview(news: Posted): LastMessage {
  const { messageId, senderId, content, createdAt, seq } = news;
  return { messageId, senderId, content: firstCharacters(content, PREVIEW_CHARACTERS), createdAt, seq };
}

function unverified(state: ChatState): ChatState {
  if (state.me.verificationStatus !== "approved") return state;
  return { ...state, me: { ...state.me, verificationStatus: "pending" } };
}

function error(state: ChatState, frame: ErrorFrame, now: number): ChatState {
  return refusal(
    state,
    frame.clientMessageId,
    frame.code,
    frame.retryable ? { afterMs: frame.retryAfterMs } : null,
    now,
  );
}

function refusal(
  state: ChatState,
  key: string | undefined,
  code: drafts.Failure,
  retry: { afterMs?: number | undefined } | null,
  now: number,
): ChatState {
  return key === undefined ? state : { ...state, drafts: drafts.refused(state.drafts, key, code, retry, now) };
}

function read(state: ChatState, frame: ReadFrame): ChatState {
  const isMine = frame.userId === state.me.userId;
  return withRoom(state, frame.chatRoomId, (room) => {
    const readBy = { ...room.readBy, [frame.userId]: Math.max(frame.seq, room.readBy[frame.userId] ?? 0) };
    if (!isMine) return { ...room, readBy };
    return {
      ...room,
      readBy,
      lastReadSeq: Math.max(room.lastReadSeq, frame.seq),
      confirmedReadSeq: Math.max(room.confirmedReadSeq, frame.seq),
    };
  });
}

function roomChanged(state: ChatState, frame: RoomFrame): ChatState {
  const touched = { ...state, touched: [...state.touched.filter((id) => id !== frame.chatRoomId), frame.chatRoomId] };
  if (frame.change === "removed" && frame.userIds.includes(state.me.userId)) {
    return withoutRoom(touched, frame.chatRoomId);
  }
  const known = state.rooms?.[frame.chatRoomId];
  const room = { ...(known ?? emptyRoom(frame.chatRoomId, frame.name)), name: frame.name };
  return {
    ...touched,
    rooms: {
      ...state.rooms,
      [frame.chatRoomId]: { ...room, participantCount: frame.participantCount, detailsStale: true },
    },
    // How far it goes and what was said last, the list tells.
    roomsStale: known === undefined || state.roomsStale,
  };
}

/** One is not in the room any more: nothing of it is kept but what was typed and not sent. */
export function withoutRoom(state: ChatState, chatRoomId: string): ChatState {
  const { [chatRoomId]: gone, ...rooms } = state.rooms ?? {};
  if (gone === undefined) return state;
  const isOnScreen = state.activeRoomId === chatRoomId;
  return { ...state, rooms, removedFrom: isOnScreen ? { chatRoomId, name: gone.name } : state.removedFrom };
}

function unreachable(_frame: never, state: ChatState): ChatState {
  return state;
}
