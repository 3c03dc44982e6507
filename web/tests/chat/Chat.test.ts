import { beforeEach, describe, expect, it, vi } from "vitest";
import { createChat, type Chat } from "../../client/chat/Chat.ts";
import { FakePage } from "../fakes/sockets.ts";
import { FakeServer } from "../fakes/server.ts";
import { FakeStorage } from "../fakes/storage.ts";
import { ROOM, START } from "../fakes/posts.ts";

async function started(storage = new FakeStorage(), server = new FakeServer()) {
  const chat = await createChat({
    websocketUrl: "wss://chat.example.com/prod",
    tokens: { get: () => Promise.resolve("token") },
    storage,
    fetch: server.fetch,
    socket: { createSocket: server.sockets.create, page: new FakePage(), random: () => 0.5 },
  });
  chat.start();
  await vi.advanceTimersByTimeAsync(0);
  server.sockets.last.opens();
  server.sockets.last.pushes({ type: "PONG", id: 1, serverTime: Date.now() });
  chat.open(ROOM);
  await vi.advanceTimersByTimeAsync(50);
  return { chat, server, storage };
}

const shown = (chat: Chat) => chat.state.rooms?.[ROOM]?.timeline.messages.map(({ content }) => content);
const key = (chat: Chat) => chat.state.drafts[0]?.clientMessageId ?? "";

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  return () => vi.useRealTimers();
});

describe("a message", () => {
  it("is shown at once, goes out at once, and is sending, accepted, sent", async () => {
    const { chat, server } = await started();
    chat.send(ROOM, "hello");
    expect(chat.state.drafts[0]?.state).toBe("sending");
    const id = key(chat);
    server.sockets.last.pushes({ type: "ACK", messageId: `of-${id}`, clientMessageId: id, chatRoomId: ROOM });
    expect(chat.state.drafts[0]?.state).toBe("accepted");
    server.decides(id);
    expect(chat.state.drafts).toEqual([]);
    expect(shown(chat)).toEqual(["hello"]);
  });

  it("typed without a connection waits, survives a reload, and is posted once", async () => {
    const { chat, server, storage } = await started();
    server.sockets.last.ends(1006);
    chat.send(ROOM, "from the tunnel");
    expect(chat.state.drafts[0]?.state).toBe("waiting");
    chat.stop();
    const again = await started(storage, server);
    const id = key(again.chat);
    again.server.decides(id);
    expect(shown(again.chat)).toEqual(["from the tunnel"]);
    expect(storage.length).toBe(0);
    again.server.decides(id);
    expect(shown(again.chat)).toEqual(["from the tunnel"]);
  });

  it("that was posted while nobody listened is found in the history, however far back", async () => {
    const { chat, server } = await started();
    chat.send(ROOM, "echo lost");
    const id = key(chat);
    server.sockets.last.pushes({ type: "ACK", messageId: `of-${id}`, clientMessageId: id, chatRoomId: ROOM });
    server.decides(id, true);
    await vi.advanceTimersByTimeAsync(11_000);
    expect(chat.state.drafts).toEqual([]);
  });

  it("without an answer is sent again with the same key", async () => {
    const { chat, server } = await started();
    chat.send(ROOM, "anyone?");
    await vi.advanceTimersByTimeAsync(8_100);
    const keys = server.sockets.last.of("sendMessage").map((frame) => frame["clientMessageId"]);
    expect(keys).toEqual([key(chat), key(chat)]);
  });
});

describe("what is missing", () => {
  it("after a reconnect is fetched, and only then what came later is shown", async () => {
    const { chat, server } = await started();
    server.says({ content: "one" });
    server.sockets.last.ends(1006);
    server.says({ content: "two" }, true);
    await vi.advanceTimersByTimeAsync(1_000);
    server.sockets.last.opens();
    server.says({ content: "three" });
    expect(shown(chat)).toEqual(["one"]);
    await vi.advanceTimersByTimeAsync(50);
    expect(shown(chat)).toEqual(["one", "two", "three"]);
  });

  it("is asked for again, more slowly each time, while the API is away, and never twice at once", async () => {
    const { chat, server } = await started();
    server.says({ content: "one" });
    server.isAway = true;
    server.says({ content: "lost" }, true);
    server.says({ content: "later" });
    const before = server.asked.length;
    await vi.advanceTimersByTimeAsync(20_000);
    const tries = server.asked.length - before;
    expect(tries).toBeGreaterThan(2);
    expect(tries).toBeLessThan(12);
    server.isAway = false;
    await vi.advanceTimersByTimeAsync(40_000);
    expect(shown(chat)).toEqual(["one", "lost", "later"]);
  });
});

it("read marks go out at most once a second, the latest, and again after a reconnect until the server has it", async () => {
  const { chat, server } = await started();
  for (const seq of [1, 2, 3]) {
    server.says({});
    chat.markRead(ROOM, seq);
  }
  expect(server.sockets.last.of("markRead").map((frame) => frame["seq"])).toEqual([1]);
  await vi.advanceTimersByTimeAsync(1_100);
  expect(server.sockets.last.of("markRead").map((frame) => frame["seq"])).toEqual([1, 3]);
  server.sockets.last.ends(1006);
  await vi.advanceTimersByTimeAsync(1_000);
  server.sockets.last.opens();
  await vi.advanceTimersByTimeAsync(1_100);
  expect(server.sockets.last.of("markRead").map((frame) => frame["seq"])).toEqual([3]);
  server.sockets.last.pushes({ type: "READ", chatRoomId: ROOM, userId: "alice", seq: 3 });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(server.sockets.last.of("markRead").length).toBe(1);
});

it("typing is told at most every 3 s", async () => {
  const { chat, server } = await started();
  for (let step = 0; step < 7; step += 1) {
    chat.typed(ROOM);
    await vi.advanceTimersByTimeAsync(500);
  }
  expect(server.sockets.last.of("typing").length).toBe(2);
});

it("what another tab settled or discarded is gone here too", async () => {
  const { chat, server } = await started();
  server.sockets.last.ends(1006);
  chat.send(ROOM, "twice?");
  chat.discard(key(chat));
  expect(chat.state.drafts).toEqual([]);
});

it("after stop nothing is left that could wake up", async () => {
  const { chat } = await started();
  chat.send(ROOM, "still on its way");
  chat.stop();
  await vi.advanceTimersByTimeAsync(100);
  expect(vi.getTimerCount()).toBe(0);
});

it("a single frame is shown at once, and many together", async () => {
  const { chat, server } = await started();
  await vi.advanceTimersByTimeAsync(1_000);
  let draws = 0;
  chat.store.subscribe(() => (draws += 1));
  server.says({ content: "first" });
  expect(draws).toBe(1);
  for (let number = 0; number < 50; number += 1) server.says({ content: `more ${number}` });
  expect(draws).toBe(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(draws).toBe(2);
  expect(chat.store.getState()).toBe(chat.state);
  expect(chat.store.getState().rooms?.[ROOM]?.timeline.messages.length).toBe(51);
});
