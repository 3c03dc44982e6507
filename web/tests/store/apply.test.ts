import { describe, expect, it } from "vitest";
import type { ServerFrame } from "../../client/generated/server-frames.ts";
import { apply } from "../../client/store/apply.ts";
import * as events from "../../client/store/events.ts";
import { sortedRooms, unread, type ChatState } from "../../client/store/state.ts";
import { aliceIn, frameOf, post, ROOM, START } from "../fakes/posts.ts";

function message(seq: number, fields: object = {}): ServerFrame {
  return frameOf(post(seq, fields));
}

function room(state: ChatState, id = ROOM) {
  const found = state.rooms?.[id];
  if (found === undefined) throw new Error(`No room ${id}`);
  return found;
}

const here = aliceIn(ROOM, "other");

describe("MESSAGE", () => {
  it("counts as unread and stands in the list of rooms, also of a room that is not open", () => {
    const state = apply(apply(here, message(1), START), message(2), START);
    expect(unread(room(state))).toBe(2);
    expect(room(state).lastMessage).toMatchObject({ content: "words 2", seq: 2 });
    expect(sortedRooms(state.rooms ?? {}).map(({ chatRoomId }) => chatRoomId)).toEqual([ROOM, "other"]);
  });

  it("that comes late does not take the place of the newest", () => {
    const state = apply(apply(here, message(2), START), message(1), START);
    expect(room(state).lastMessage?.seq).toBe(2);
    expect(room(state).lastSeq).toBe(2);
  });

  it("of a room that is not known has the list fetched again", () => {
    expect(apply(here, message(1, { chatRoomId: "new" }), START).roomsStale).toBe(true);
  });

  it("ends the sender's typing", () => {
    const typing = apply(here, { type: "TYPING", chatRoomId: ROOM, userId: "bob" }, START);
    expect(Object.keys(room(typing).typing)).toEqual(["bob"]);
    expect(room(apply(typing, message(1), START)).typing).toEqual({});
  });

  it("twice changes nothing more", () => {
    const once = apply(here, message(1), START);
    expect(apply(once, message(1), START)).toEqual(once);
  });

  it("shows in the list no more than 100 characters, and no half ones", () => {
    const long = "👋".repeat(150);
    expect(room(apply(here, message(1, { content: long }), START)).lastMessage?.content).toBe("👋".repeat(100));
  });
});

describe("READ", () => {
  it("of oneself, in another tab, takes away the unread; the mark moves forward only", () => {
    const two = apply(apply(here, message(1), START), message(2), START);
    const read = apply(two, { type: "READ", chatRoomId: ROOM, userId: "alice", seq: 2 }, START);
    expect(unread(room(read))).toBe(0);
    expect(room(apply(read, { type: "READ", chatRoomId: ROOM, userId: "alice", seq: 1 }, START)).lastReadSeq).toBe(2);
  });

  it("of others is shown to them only", () => {
    const read = apply(here, { type: "READ", chatRoomId: ROOM, userId: "bob", seq: 1 }, START);
    expect(room(read).readBy).toEqual({ bob: 1 });
    expect(room(read).lastReadSeq).toBe(0);
  });
});

describe("TYPING", () => {
  it("is shown for 5 s", () => {
    const typing = apply(here, { type: "TYPING", chatRoomId: ROOM, userId: "bob" }, START);
    expect(room(events.typingEnded(typing, START + 4_999)).typing).toEqual({ bob: START + 5_000 });
    expect(room(events.typingEnded(typing, START + 5_000)).typing).toEqual({});
  });
});

describe("PRESENCE", () => {
  const online = { type: "PRESENCE", userId: "bob", status: "online", lastSeenAt: "2026-01-01T00:00:00.000Z" } as const;

  it("of a lower version is ignored", () => {
    const state = apply(here, { ...online, version: 5 }, START);
    expect(apply(state, { ...online, status: "offline", version: 4 }, START)).toBe(state);
    expect(apply(state, { ...online, status: "offline", version: 6 }, START).people["bob"]?.status).toBe("offline");
  });

  it("keeps the name that is known", () => {
    const named = { ...here, people: { bob: { userId: "bob", displayName: "Bob", version: -1 } } };
    expect(apply(named, { ...online, version: 1 }, START).people["bob"]?.displayName).toBe("Bob");
  });
});

describe("ROOM", () => {
  const added = { type: "ROOM" as const, change: "added" as const, name: "News", participantCount: 3 };

  it("that one is added to appears at once, and the rest of it is fetched", () => {
    const state = apply(here, { ...added, chatRoomId: "news", userIds: ["alice"] }, START);
    expect(room(state, "news").name).toBe("News");
    expect(state.roomsStale).toBe(true);
  });

  it("that one is added to stands first at once, not only when the list was fetched", () => {
    const state = apply(apply(here, message(1), START), { ...added, chatRoomId: "news", userIds: ["alice"] }, START);
    expect(sortedRooms(state.rooms ?? {}).map(({ chatRoomId }) => chatRoomId)).toEqual(["news", ROOM, "other"]);
  });

  it("that one is removed from vanishes with its messages; if it was on the screen, that is told", () => {
    const looking = events.activated(here, ROOM);
    const frame = { ...added, change: "removed" as const, chatRoomId: ROOM, userIds: ["alice"] };
    expect(apply(looking, frame, START).rooms?.[ROOM]).toBeUndefined();
    expect(apply(looking, frame, START).removedFrom).toEqual({ chatRoomId: ROOM, name: ROOM });
    expect(apply(here, frame, START).removedFrom).toBeNull();
  });

  it("from which somebody else is removed stays, and its people are asked for again", () => {
    const frame = { ...added, change: "removed" as const, chatRoomId: ROOM, userIds: ["bob"], participantCount: 2 };
    const fresh = events.askingDetails(here, ROOM);
    expect(room(apply(fresh, frame, START))).toMatchObject({ detailsStale: true, participantCount: 2 });
  });

  it("told while the list was on its way is newer than the list", () => {
    const asking = events.askingRooms(here);
    const told = apply(asking, { ...added, chatRoomId: "news", userIds: ["alice"] }, START);
    const gone = apply(told, { ...added, change: "removed", chatRoomId: "other", userIds: ["alice"] }, START);
    const list = [ROOM, "other"].map((chatRoomId) => ({
      chatRoomId,
      name: chatRoomId,
      createdBy: "alice",
      createdAt: "2026-01-01T00:00:00.000Z",
      joinedAt: "2026-01-01T00:00:00.000Z",
      participantCount: 2,
      lastSeq: 0,
      lastReadSeq: 0,
      unread: 0,
    }));
    expect(Object.keys(events.rooms(gone, list).rooms ?? {}).sort()).toEqual([ROOM, "news"]);
    expect(Object.keys(events.rooms(events.askingRooms(told), list).rooms ?? {}).sort()).toEqual([ROOM, "other"]);
  });
});

describe("a refusal", () => {
  const drafted = events.submitted(
    here,
    {
      clientMessageId: "k",
      chatRoomId: ROOM,
      content: "x",
      createdAt: START,
      state: "sending",
      tries: 1,
      dueAt: START,
    },
    START,
  );

  it("VERIFICATION_REQUIRED marks the draft failed and the profile unverified", () => {
    const state = apply(
      drafted,
      { type: "VERIFICATION_REQUIRED", message: "本人確認が必要です", clientMessageId: "k" },
      START,
    );
    expect(state.drafts[0]).toMatchObject({ state: "failed", failure: "VERIFICATION_REQUIRED" });
    expect(state.me.verificationStatus).toBe("pending");
  });

  it("that is retryable is tried again, one that is not has failed, one without a key is passed over", () => {
    const error = { type: "ERROR", code: "THROTTLED", message: "", clientMessageId: "k" } as const;
    expect(apply(drafted, { ...error, retryable: true, retryAfterMs: 700 }, START).drafts[0]).toMatchObject({
      state: "again",
      dueAt: START + 700,
    });
    expect(apply(drafted, { ...error, retryable: false }, START).drafts[0]?.state).toBe("failed");
    expect(apply(drafted, { type: "ERROR", code: "INTERNAL", message: "", retryable: true }, START)).toBe(drafted);
  });
});

it("PONG tells how far this clock is off, for the times of one's own drafts", () => {
  expect(apply(here, { type: "PONG", id: 1, serverTime: START + 3_600_000 }, START).clockOffsetMs).toBe(3_600_000);
});
