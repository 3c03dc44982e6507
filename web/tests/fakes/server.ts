import type { Posted } from "../../client/store/state.ts";
import { frameOf, post, ROOM, ALICE } from "./posts.ts";
import { FakeSockets } from "./sockets.ts";

/** A server in memory: one room, its history over HTTP, and what a socket is told. */
export class FakeServer {
  readonly log: Posted[] = [];
  readonly sockets = new FakeSockets();
  readonly asked: string[] = [];
  isAway = false;

  readonly fetch: typeof fetch = (input) => {
    const path = input instanceof Request ? input.url : input.toString();
    this.asked.push(path);
    if (this.isAway) return Promise.reject(new TypeError("Failed to fetch"));
    return Promise.resolve(new Response(JSON.stringify(this.#answer(path))));
  };

  /** Posts what the newest socket sent with `key`, once; tells of it unless `silently`. */
  decides(key: string, silently = false): void {
    const frame = this.sockets.all
      .flatMap((socket) => socket.of("sendMessage"))
      .find((one) => one["clientMessageId"] === key);
    if (frame === undefined) throw new Error(`${key} was not sent`);
    if (!this.log.some((message) => message.messageId === `of-${key}`)) {
      this.says(
        { senderId: "alice", messageId: `of-${key}`, content: String(frame["content"]), clientMessageId: key },
        silently,
      );
    }
    if (!silently)
      this.sockets.last.pushes({ type: "ACK", messageId: `of-${key}`, clientMessageId: key, chatRoomId: ROOM });
  }

  says(fields: Partial<Posted>, silently = false): void {
    const message = post(this.log.length + 1, { timestamp: Date.now() + this.log.length, ...fields });
    this.log.push(message);
    if (!silently) this.sockets.last.pushes(frameOf(message));
  }

  #answer(path: string): unknown {
    const url = new URL(path, "http://x");
    const last = this.log.at(-1);
    const summary = {
      chatRoomId: ROOM,
      name: "Lobby",
      createdBy: "alice",
      createdAt: "2026-01-01T00:00:00.000Z",
      joinedAt: "2026-01-01T00:00:00.000Z",
      participantCount: 2,
      lastSeq: last?.seq ?? 0,
      lastReadSeq: 0,
      unread: last?.seq ?? 0,
    };
    if (url.pathname === "/api/users/me") return ALICE;
    if (url.pathname === "/api/rooms") return { rooms: [summary] };
    if (url.pathname.endsWith("/presence")) return { presence: [] };
    if (url.pathname.endsWith("/messages")) return this.#page(url.searchParams);
    return { ...summary, participants: [] };
  }

  #page(query: URLSearchParams): unknown {
    const after = Number(query.get("after") ?? 0);
    return { messages: this.log.filter((message) => message.timestamp > after), hasMore: false };
  }
}
