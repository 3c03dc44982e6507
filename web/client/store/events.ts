import type { Me, Messages, Presence, RoomDetails, RoomSummary } from "../generated/http.ts";
import type { ConnectionStatus } from "../transport/WebSocketService.ts";
import { presence, preview, shown, withoutRoom } from "./apply.ts";
import * as drafts from "./drafts.ts";
import { emptyRoom, withRoom, type ChatState, type Posted, type RoomState } from "./state.ts";
import * as timeline from "./timeline.ts";

/** What happens on this side: the connection, answers of the HTTP API, and what the person does. All pure. */

export function connection(state: ChatState, status: ConnectionStatus, now: number): ChatState {
  const next = { ...state, connection: status };
  if (status.state === "open") {
    const rooms =
      state.rooms &&
      mapped(state.rooms, (room) => ({ ...room, timeline: timeline.connected(room.timeline), detailsStale: true }));
    return { ...next, rooms, roomsStale: true, drafts: drafts.opened(state.drafts, now) };
  }
  const left = status.state === "ended" && status.why === "too-big" ? drafts.tooBig(state.drafts) : state.drafts;
  return { ...next, drafts: drafts.closed(left) };
}

/** The list of rooms is being asked for: what frames tell from here on is newer. */
export function askingRooms(state: ChatState): ChatState {
  return { ...state, roomsStale: false, touched: [] };
}

export function rooms(state: ChatState, list: readonly RoomSummary[]): ChatState {
  const listed = new Map(list.map((summary) => [summary.chatRoomId, summary]));
  const kept = Object.values(state.rooms ?? {}).filter(
    (room) => listed.has(room.chatRoomId) || state.touched.includes(room.chatRoomId),
  );
  const gone = Object.keys(state.rooms ?? {}).filter((id) => !kept.some((room) => room.chatRoomId === id));
  const without = gone.reduce(withoutRoom, state);
  const known = Object.fromEntries(kept.map((room) => [room.chatRoomId, room]));
  // Told to have left while the list was on its way.
  const left = new Set(state.touched.filter((id) => known[id] === undefined));
  for (const [id, summary] of listed)
    if (!left.has(id)) known[id] = merged(known[id] ?? emptyRoom(id, summary.name), summary);
  return { ...without, rooms: known };
}

export function roomDetails(state: ChatState, details: RoomDetails): ChatState {
  const people = { ...state.people };
  for (const { userId, displayName } of details.participants) {
    people[userId] = { ...(people[userId] ?? { userId, version: -1 }), displayName };
  }
  const readBy = Object.fromEntries(
    details.participants.flatMap(({ userId, lastReadSeq }) => (lastReadSeq == null ? [] : [[userId, lastReadSeq]])),
  );
  return withRoom({ ...state, people }, details.chatRoomId, (room) => ({
    ...merged(room, details),
    participantIds: details.participants.map(({ userId }) => userId),
    readBy: { ...readBy, ...newer(room.readBy, readBy) },
  }));
}

export function askingDetails(state: ChatState, chatRoomId: string): ChatState {
  return withRoom(state, chatRoomId, (room) => ({ ...room, detailsStale: false }));
}

export function presences(state: ChatState, list: readonly Presence[]): ChatState {
  return list.reduce(presence, state);
}

export function askingPage(state: ChatState, chatRoomId: string): ChatState {
  return withRoom(state, chatRoomId, (room) => ({ ...room, timeline: timeline.asking(room.timeline) }));
}

export function page(state: ChatState, chatRoomId: string, fetch: timeline.Fetch, answer: Messages): ChatState {
  const room = state.rooms?.[chatRoomId];
  if (room === undefined) return state;
  const step = timeline.page(room.timeline, fetch, answer.messages.map(posted), answer.hasMore);
  const next = withRoom(state, chatRoomId, (before) => ({
    ...upTo(before, step.shown.at(-1)),
    timeline: step.timeline,
    failures: 0,
  }));
  return shown(next, step.shown);
}

export function pageFailed(state: ChatState, chatRoomId: string, fetch: timeline.Fetch): ChatState {
  return withRoom(state, chatRoomId, (room) => ({
    ...room,
    timeline: timeline.failed(room.timeline, fetch),
    failures: room.failures + 1,
  }));
}

export function askingOlder(state: ChatState, chatRoomId: string): ChatState {
  return withRoom(state, chatRoomId, (room) => ({ ...room, timeline: { ...room.timeline, olderAsked: true } }));
}

export function older(state: ChatState, chatRoomId: string, generation: number, answer: Messages): ChatState {
  return withRoom(state, chatRoomId, (room) => ({
    ...room,
    timeline: timeline.older(room.timeline, generation, answer.messages.map(posted), answer.hasMore),
  }));
}

export function olderFailed(state: ChatState, chatRoomId: string): ChatState {
  return withRoom(state, chatRoomId, (room) => ({ ...room, timeline: { ...room.timeline, olderAsked: false } }));
}

/** The history was searched for a draft that was accepted. */
export function looked(state: ChatState, key: string, found: Posted | null, looks: number, now: number): ChatState {
  if (found !== null) return shown(state, [found]);
  return { ...state, drafts: drafts.notFoundYet(state.drafts, key, looks, now) };
}

export function me(state: ChatState, news: Me): ChatState {
  const person = {
    ...(state.people[news.userId] ?? { userId: news.userId, version: -1 }),
    displayName: news.displayName,
  };
  return { ...state, me: news, people: { ...state.people, [news.userId]: person } };
}

export function activated(state: ChatState, chatRoomId: string | null): ChatState {
  if (state.activeRoomId === chatRoomId) return state;
  const next = { ...state, activeRoomId: chatRoomId, removedFrom: null };
  return chatRoomId === null ? next : withRoom(next, chatRoomId, (room) => ({ ...room, detailsStale: true }));
}

export function submitted(state: ChatState, draft: drafts.Draft, now: number): ChatState {
  const dueAt = state.connection.state === "open" ? now : null;
  return { ...state, drafts: [...state.drafts, { ...draft, dueAt }] };
}

/** It was seen on the screen; the mark moves forward only. */
export function readUpTo(state: ChatState, chatRoomId: string, seq: number): ChatState {
  return withRoom(state, chatRoomId, (room) =>
    seq > room.lastReadSeq ? { ...room, lastReadSeq: Math.min(seq, room.lastSeq) } : room,
  );
}

/** Who has not been heard of for 5 s is not shown as writing any more. */
export function typingEnded(state: ChatState, now: number): ChatState {
  if (state.rooms === undefined) return state;
  return Object.values(state.rooms).reduce((next, { chatRoomId, typing }) => {
    const left = Object.fromEntries(Object.entries(typing).filter(([, until]) => until > now));
    if (Object.keys(left).length === Object.keys(typing).length) return next;
    return withRoom(next, chatRoomId, (room) => ({ ...room, typing: left }));
  }, state);
}

function posted({ clientMessageId, ...fields }: Messages["messages"][number]): Posted {
  return clientMessageId == null ? fields : { ...fields, clientMessageId };
}

function upTo(room: RoomState, last: Posted | undefined): RoomState {
  if (last === undefined || last.seq <= room.lastSeq) return room;
  return { ...room, lastSeq: last.seq, lastMessage: preview(last) };
}

function merged(room: RoomState, summary: RoomSummary): RoomState {
  const { name, createdBy, createdAt, participantCount } = summary;
  const isNewer = summary.lastSeq >= room.lastSeq;
  return {
    ...room,
    name,
    createdBy,
    createdAt,
    participantCount,
    lastSeq: Math.max(room.lastSeq, summary.lastSeq),
    lastMessage: isNewer ? (summary.lastMessage ?? null) : room.lastMessage,
    lastReadSeq: Math.max(room.lastReadSeq, summary.lastReadSeq),
    confirmedReadSeq: Math.max(room.confirmedReadSeq, summary.lastReadSeq),
  };
}

function newer(held: Readonly<Record<string, number>>, listed: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(held).filter(([userId, seq]) => seq > (listed[userId] ?? Infinity)));
}

function mapped(
  all: Readonly<Record<string, RoomState>>,
  change: (room: RoomState) => RoomState,
): Record<string, RoomState> {
  return Object.fromEntries(Object.entries(all).map(([id, room]) => [id, change(room)]));
}

/** A room that this person has just made. */
export function roomMade(state: ChatState, details: RoomDetails): ChatState {
  const { chatRoomId, name } = details;
  const room = state.rooms?.[chatRoomId] ?? emptyRoom(chatRoomId, name);
  return { ...state, rooms: { ...state.rooms, [chatRoomId]: room } };
}

/** Its people have to be asked for again. */
export function detailsChanged(state: ChatState, chatRoomId: string): ChatState {
  return withRoom(state, chatRoomId, (room) => ({ ...room, detailsStale: true }));
}
