import fc from "fast-check";
import { expect, it } from "vitest";
import { apply } from "../../client/store/apply.ts";
import { isDue, newDraft, sent } from "../../client/store/drafts.ts";
import * as events from "../../client/store/events.ts";
import type { ChatState, Posted } from "../../client/store/state.ts";
import { wantedPage, type Fetch } from "../../client/store/timeline.ts";
import { aliceIn, frameOf, post, ROOM, START } from "../fakes/posts.ts";

/**
 * A server and a network at their worst: frames are late, lost with the connection, doubled; ACKs and MESSAGEs overtake
 * one another; pages are asked for in one connection and come in the next. What is on the screen never has a hole or a
 * double, and in the end it is the server's list, with everything that was typed in it exactly once.
 */
class World {
  state: ChatState = events.activated(aliceIn(ROOM), ROOM);
  now = START;
  typed = 0;
  readonly #log: Posted[] = [];
  #wire: (() => void)[] = [];
  #submissions: { key: string; content: string }[] = [];
  #pages: { fetch: Fetch; answer: Posted[] }[] = [];

  get screen(): readonly Posted[] {
    return this.state.rooms?.[ROOM]?.timeline.messages ?? [];
  }

  get log(): readonly Posted[] {
    return this.#log;
  }

  connect(): void {
    this.#wire = [];
    this.state = events.connection(this.state, { state: "open" }, this.now);
  }

  disconnect(): void {
    this.#wire = [];
    this.state = events.connection(this.state, { state: "waiting", retryAt: this.now, tired: false }, this.now);
  }

  type(): void {
    this.typed += 1;
    const draft = newDraft(`key-${this.typed}`, ROOM, `mine ${this.typed % 2}`, this.now);
    this.state = events.submitted(this.state, draft, this.now);
  }

  /** What is due goes out; it may be lost on the way. */
  send(arrives: boolean): void {
    if (this.state.connection.state !== "open") return;
    for (const draft of this.state.drafts.filter((one) => isDue(one, this.now))) {
      this.state = { ...this.state, drafts: sent(this.state.drafts, draft.clientMessageId, this.now) };
      if (arrives) this.#submissions.push({ key: draft.clientMessageId, content: draft.content });
    }
  }

  /** Persistence decides the next submission; a key that was used posts nothing new. */
  decide(showsKey: boolean): void {
    const next = this.#submissions.shift();
    if (next === undefined) return;
    const first = this.#log.find((message) => message.messageId === `of-${next.key}`);
    if (first === undefined) {
      this.#post({
        senderId: "alice",
        content: next.content,
        messageId: `of-${next.key}`,
        ...(showsKey && { clientMessageId: next.key }),
      });
    }
    this.#push(() => ({ type: "ACK", messageId: `of-${next.key}`, clientMessageId: next.key, chatRoomId: ROOM }));
  }

  other(): void {
    this.#post({});
  }

  /** A frame comes through; `which` picks one out of order only where the server may do so: an ACK. */
  deliver(twice: boolean): void {
    const next = this.#wire.shift();
    next?.();
    if (twice) next?.();
  }

  ask(): void {
    const timeline = this.state.rooms?.[ROOM]?.timeline;
    const fetch = timeline === undefined ? null : wantedPage(timeline);
    if (fetch === null) return;
    this.state = events.askingPage(this.state, ROOM);
    const after = fetch.after;
    const answer =
      after === null ? this.#log.slice(-3) : this.#log.filter((message) => message.timestamp > after).slice(0, 4);
    this.#pages.push({ fetch, answer });
  }

  answer(fails: boolean): void {
    const next = this.#pages.shift();
    if (next === undefined) return;
    const last = next.answer.at(-1)?.seq ?? 0;
    const messages = next.answer.map((message) => ({ ...message, clientMessageId: message.clientMessageId ?? null }));
    // As the server answers: whether there was more after this page when it was read.
    const hasMore =
      next.fetch.after === null ? (next.answer[0]?.seq ?? 1) > 1 : next.answer.length === 4 && last < this.#log.length;
    this.state = fails
      ? events.pageFailed(this.state, ROOM, next.fetch)
      : events.page(this.state, ROOM, next.fetch, { messages, hasMore });
  }

  /** Time goes by, the network is good, and an accepted draft is looked for. */
  settle(): void {
    for (let turn = 0; turn < 200; turn += 1) {
      this.now += 10_000;
      this.send(true);
      this.decide(true);
      this.deliver(false);
      this.ask();
      this.answer(false);
      for (const draft of this.state.drafts.filter(
        ({ state, dueAt }) => state === "accepted" && (dueAt ?? Infinity) <= this.now,
      )) {
        const found = this.#log.find((message) => message.messageId === draft.messageId) ?? null;
        this.state = events.looked(this.state, draft.clientMessageId, found, 1, this.now);
      }
    }
  }

  #post(fields: Partial<Posted>): void {
    const seq = this.#log.length + 1;
    const message = post(seq, { timestamp: this.now + seq, ...fields });
    this.#log.push(message);
    this.#push(() => frameOf(message));
  }

  #push(frame: () => Parameters<typeof apply>[1]): void {
    if (this.state.connection.state !== "open") return;
    this.#wire.push(() => (this.state = apply(this.state, frame(), this.now)));
  }
}

const STEPS: Record<string, (world: World) => void> = {
  connect: (world) => world.connect(),
  disconnect: (world) => world.disconnect(),
  type: (world) => world.type(),
  send: (world) => world.send(true),
  lose: (world) => world.send(false),
  decide: (world) => world.decide(true),
  "decide, key not shown": (world) => world.decide(false),
  other: (world) => world.other(),
  deliver: (world) => world.deliver(false),
  "deliver twice": (world) => world.deliver(true),
  ask: (world) => world.ask(),
  answer: (world) => world.answer(false),
  "fail to answer": (world) => world.answer(true),
  wait: (world) => (world.now += 6_000),
};

function expectNoHoleNoDouble(world: World): void {
  const seqs = world.screen.map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index));
}

it("any interleaving of echo, ACK, fetch, duplicate and reconnect ends in the server's list", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...Object.keys(STEPS)), { minLength: 1, maxLength: 80 }), (names) => {
      const world = new World();
      for (const name of names) {
        STEPS[name]?.(world);
        expectNoHoleNoDouble(world);
      }
      world.connect();
      world.settle();
      const first = world.screen[0]?.seq ?? 1;
      expect(world.screen).toEqual(
        world.log
          .slice(first - 1)
          .map((message) => expect.objectContaining({ messageId: message.messageId }) as unknown),
      );
      expect(world.screen.at(-1)?.seq ?? 0).toBe(world.log.length);
      expect(world.state.drafts).toEqual([]);
      const mine = world.log.filter(({ senderId }) => senderId === "alice").map(({ messageId }) => messageId);
      expect(mine.sort()).toEqual(Array.from({ length: world.typed }, (_, index) => `of-key-${index + 1}`).sort());
    }),
    { numRuns: 1_500 },
  );
});
