import type { Me } from "../../client/generated/http.ts";
import type { ServerFrame } from "../../client/generated/server-frames.ts";
import { initialState, emptyRoom, type ChatState, type Posted } from "../../client/store/state.ts";

export const ROOM = "lobby";
export const START = Date.parse("2026-01-01T00:00:00Z");
export const ALICE: Me = {
  userId: "alice",
  displayName: "Alice",
  verificationStatus: "approved",
  updatedAt: "2026-01-01T00:00:00.000Z",
  isAdmin: false,
};

/** Message number `seq` of the room. */
export function post(seq: number, fields: Partial<Posted> = {}): Posted {
  const timestamp = fields.timestamp ?? START + seq;
  return {
    messageId: `id-${seq}`,
    chatRoomId: ROOM,
    senderId: "bob",
    content: `words ${seq}`,
    messageType: "user",
    createdAt: new Date(timestamp).toISOString(),
    timestamp,
    seq,
    ...fields,
  };
}

export function posts(from: number, to: number): Posted[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => post(from + index));
}

/** Alice, who knows the room. */
export function aliceIn(...rooms: string[]): ChatState {
  const known = rooms.map((id) => [id, { ...emptyRoom(id, id), createdAt: "2026-01-01T00:00:00.000Z" }]);
  return { ...initialState(ALICE, []), rooms: Object.fromEntries(known) as ChatState["rooms"], roomsStale: false };
}

/** The frame that brings a message. */
export function frameOf({ clientMessageId, ...fields }: Posted): ServerFrame {
  return { type: "MESSAGE", ...fields, ...(clientMessageId !== undefined && { clientMessageId }) };
}
