import { beforeEach, describe, expect, it, vi } from "vitest";
import { SignInNeeded } from "../../client/transport/tokens.ts";
import { WebSocketService, type TransportEvent } from "../../client/transport/WebSocketService.ts";
import { FakePage, FakeSockets, tokenOf } from "../fakes/sockets.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

function given() {
  const sockets = new FakeSockets();
  const page = new FakePage();
  const asked: boolean[] = [];
  const tokens = {
    next: (): Promise<string> => Promise.resolve(`token-${asked.length}`),
    get({ renew }: { renew: boolean }) {
      asked.push(renew);
      return this.next();
    },
  };
  const service = new WebSocketService({
    url: "wss://chat.example.com/prod",
    tokens,
    createSocket: sockets.create,
    page,
    random: () => 0.5,
  });
  const events: TransportEvent[] = [];
  service.subscribe((event) => events.push(event));
  return { sockets, page, asked, tokens, service, events };
}

async function opened() {
  const all = given();
  const connecting = all.service.connect();
  await vi.advanceTimersByTimeAsync(0);
  all.sockets.last.opens();
  await connecting;
  return all;
}

/** Let a connection that opened last long enough to count. */
async function stable(all: Awaited<ReturnType<typeof opened>>) {
  answersPing(all);
  await vi.advanceTimersByTimeAsync(11_000);
}

function answersPing({ sockets }: { sockets: FakeSockets }) {
  sockets.last.pushes({ type: "PONG", id: 1, serverTime: Date.now() });
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  return () => vi.useRealTimers();
});

describe("connecting", () => {
  it("sends the token and the wanted features, and resolves on open", async () => {
    const { sockets, service } = await opened();
    const url = new URL(sockets.last.url);
    expect(`${url.origin}${url.pathname}`).toBe("wss://chat.example.com/prod");
    expect(url.searchParams.get("token")).toBe("token-1");
    expect(url.searchParams.get("features")).toBe("presence,read,typing,rooms");
    expect(service.status.state).toBe("open");
  });

  it("closes the existing socket before it opens another", async () => {
    const { sockets, service } = await opened();
    const first = sockets.last;
    const again = service.connect();
    expect(first.isClosed).toBe(true);
    await vi.advanceTimersByTimeAsync(0);
    sockets.last.opens();
    await again;
    expect(sockets.open).toEqual([sockets.last]);
  });

  it("hears nothing any more of a socket that was replaced", async () => {
    const { sockets, service, events } = await opened();
    const { onmessage, onclose } = sockets.last;
    void service.connect();
    await vi.advanceTimersByTimeAsync(0);
    const before = events.length;
    onmessage?.({ data: '{"type":"READ","chatRoomId":"r","userId":"u","seq":1}' });
    onclose?.({ code: 1006 });
    expect(events.length).toBe(before);
  });

  it("gives up a handshake that gets no answer, and tries again", async () => {
    const { sockets, service } = given();
    service.connect().catch(() => undefined);
    await vi.advanceTimersByTimeAsync(10_001);
    expect(service.status).toMatchObject({ state: "waiting", tired: false });
    expect(sockets.last.isClosed).toBe(true);
  });

  it("ends when the person has to sign in, and goes on trying when the issuer is away", async () => {
    const { tokens, service } = given();
    tokens.next = () => Promise.reject(new Error("502"));
    const connecting = service.connect();
    connecting.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(0);
    expect(service.status.state).toBe("waiting");
    tokens.next = () => Promise.reject(new SignInNeeded("signed out"));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(service.status).toEqual({ state: "ended", why: "sign-in" });
    await expect(connecting).rejects.toThrow("sign-in");
  });
});

describe("coming back", () => {
  it("waits 1, 2, 4, 8, 16 s, then says so and goes on every 30 to 60 s", async () => {
    const { sockets, service } = await opened();
    const waits: number[] = [];
    const tired: boolean[] = [];
    for (let tries = 1; tries <= 7; tries += 1) {
      sockets.last.ends(1006);
      const status = service.status;
      if (status.state !== "waiting") throw new Error(status.state);
      waits.push(status.retryAt - Date.now());
      tired.push(status.tired);
      const count = sockets.all.length;
      await vi.advanceTimersByTimeAsync(status.retryAt - Date.now() - 1);
      expect(sockets.all.length).toBe(count);
      await vi.advanceTimersByTimeAsync(1);
      expect(sockets.all.length).toBe(count + 1);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 45_000, 45_000]);
    expect(tired).toEqual([false, false, false, false, false, true, true]);
  });

  it("begins with 1 s again only after a connection that lasted", async () => {
    const all = await opened();
    all.sockets.last.ends(1006);
    await vi.advanceTimersByTimeAsync(1_000);
    all.sockets.last.opens();
    all.sockets.last.ends(1006);
    expect(all.service.status).toMatchObject({ retryAt: Date.now() + 2_000 });
    await vi.advanceTimersByTimeAsync(2_000);
    all.sockets.last.opens();
    await stable(all);
    all.sockets.last.ends(1006);
    expect(all.service.status).toMatchObject({ retryAt: Date.now() + 1_000 });
  });

  it("asks for a token at every try, for a new one after an expiry and after a handshake that was refused", async () => {
    const { sockets, asked } = await opened();
    sockets.last.ends(1001);
    await vi.advanceTimersByTimeAsync(1_000);
    sockets.last.ends(1006); // the handshake
    await vi.advanceTimersByTimeAsync(2_000);
    sockets.last.opens();
    sockets.last.ends(4401);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(asked).toEqual([false, false, true, true]);
  });

  it.each([
    [4403, "sign-in"],
    [4409, "too-many-connections"],
    [1009, "too-big"],
    [1000, "refused"],
  ])("never comes back by itself after %i, but when a person wants it", async (code, why) => {
    const { sockets, service, page } = await opened();
    sockets.last.ends(code);
    expect(service.status).toEqual({ state: "ended", why });
    page.happens("online");
    await vi.advanceTimersByTimeAsync(600_000);
    expect(sockets.all.length).toBe(1);
    service.retryNow();
    await vi.advanceTimersByTimeAsync(0);
    sockets.last.opens();
    expect(service.status.state).toBe("open");
  });

  it("never comes back after close", async () => {
    const { sockets, service, page } = await opened();
    service.close();
    page.happens("online");
    page.turns("visible");
    await vi.advanceTimersByTimeAsync(600_000);
    expect(sockets.all.length).toBe(1);
    expect(sockets.open).toEqual([]);
    expect(service.status.state).toBe("idle");
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(["online", "pageshow"] as const)("comes back at once on %s", async (name) => {
    const { sockets, page } = await opened();
    sockets.last.ends(1006);
    page.happens(name);
    await vi.advanceTimersByTimeAsync(0);
    expect(sockets.all.length).toBe(2);
  });

  it("comes back at once when the tab wakes", async () => {
    const { sockets, page } = await opened();
    sockets.last.ends(1006);
    page.turns("hidden");
    await vi.advanceTimersByTimeAsync(0);
    expect(sockets.all.length).toBe(1);
    page.turns("visible");
    await vi.advanceTimersByTimeAsync(0);
    expect(sockets.all.length).toBe(2);
  });
});

describe("a connection that is open", () => {
  it("is pinged at once and every 30 s", async () => {
    const all = await opened();
    answersPing(all);
    await vi.advanceTimersByTimeAsync(30_000);
    answersPing(all);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(all.sockets.last.of("ping").map((frame) => frame["id"])).toEqual([1, 2, 3]);
  });

  it("that answers no ping is left: a network can go without a word", async () => {
    const all = await opened();
    answersPing(all);
    const first = all.sockets.last;
    await vi.advanceTimersByTimeAsync(39_999);
    expect(all.service.status.state).toBe("open");
    await vi.advanceTimersByTimeAsync(1);
    expect(all.service.status.state).toBe("waiting");
    expect(first.isClosed).toBe(true);
  });

  it("is asked for a sign of life when the tab wakes, and left within 4 s without one", async () => {
    const all = await opened();
    await stable(all);
    all.page.turns("visible");
    expect(all.sockets.last.of("ping").length).toBe(2);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(all.service.status.state).toBe("waiting");
  });

  it("is given a new token a minute before the old one expires, by the server's clock", async () => {
    const all = given();
    const hour = 3_600;
    // This machine's clock is an hour behind the server's.
    const serverNow = () => Date.now() + hour * 1000;
    all.tokens.next = () => Promise.resolve(tokenOf({ exp: serverNow() / 1000 + hour }));
    void all.service.connect();
    await vi.advanceTimersByTimeAsync(0);
    all.sockets.last.opens();
    const pongs = setInterval(() => all.sockets.last.pushes({ type: "PONG", id: 1, serverTime: serverNow() }), 1_000);
    await vi.advanceTimersByTimeAsync((hour - 62) * 1000);
    expect(all.sockets.last.of("refreshToken")).toEqual([]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(all.sockets.last.of("refreshToken").length).toBe(1);
    expect(all.asked).toEqual([false, true]);
    clearInterval(pongs);
  });

  it("tells every frame, and passes over what it does not know", async () => {
    const { sockets, events } = await opened();
    const read = { type: "READ", chatRoomId: "r", userId: "u", seq: 1 };
    sockets.last.pushes(read);
    sockets.last.pushes('{"type":"FIREWORKS"}');
    sockets.last.pushes("<html>");
    expect(events.slice(-3)).toEqual([
      { type: "frame", frame: read },
      { type: "ignored", why: "unknown" },
      { type: "ignored", why: "malformed" },
    ]);
  });

  it("takes frames only while it is open", async () => {
    const { sockets, service } = await opened();
    expect(service.send({ action: "typing", chatRoomId: "r" })).toBe(true);
    sockets.last.ends(1006);
    expect(service.send({ action: "typing", chatRoomId: "r" })).toBe(false);
  });
});
