import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as timeline from "../../client/store/timeline.ts";
import { EMPTY_TIMELINE, MOST_HELD, type Fetch, type Timeline } from "../../client/store/timeline.ts";
import { post, posts } from "../fakes/posts.ts";

function seqs(state: Timeline): number[] {
  return state.messages.map((message) => message.seq);
}

function wanted(state: Timeline): Fetch {
  const fetch = timeline.wantedPage(state);
  if (fetch === null) throw new Error("No page is wanted");
  return fetch;
}

/** Ask for the wanted page and let it come. */
function fetched(state: Timeline, messages: ReturnType<typeof posts>, hasMore = false): Timeline {
  const fetch = wanted(state);
  return timeline.page(timeline.asking(state), fetch, messages, hasMore).timeline;
}

const opened = fetched(EMPTY_TIMELINE, posts(1, 3));

describe("a room that is opened", () => {
  it("asks for the newest page, once", () => {
    expect(wanted(EMPTY_TIMELINE)).toEqual({ generation: 0, after: null });
    expect(timeline.wantedPage(timeline.asking(EMPTY_TIMELINE))).toBeNull();
    expect(timeline.wantedPage(opened)).toBeNull();
  });

  it("tells whether there is more before", () => {
    expect(fetched(EMPTY_TIMELINE, posts(51, 60), true).hasOlder).toBe(true);
    expect(opened.hasOlder).toBe(false);
  });

  it("shows a message at once that follows the last one", () => {
    const step = timeline.live(opened, post(4));
    expect(seqs(step.timeline)).toEqual([1, 2, 3, 4]);
    expect(step.shown).toEqual([post(4)]);
  });

  it("drops what it has", () => {
    for (const seq of [1, 2, 3]) expect(timeline.live(opened, post(seq)).timeline).toBe(opened);
  });

  it("that nobody looks into keeps nothing", () => {
    expect(timeline.live(EMPTY_TIMELINE, post(9)).timeline).toBe(EMPTY_TIMELINE);
  });
});

describe("a hole in seq", () => {
  const holed = timeline.live(opened, post(6)).timeline;

  it("shows nothing later until it is filled, from the last message without a hole", () => {
    expect(seqs(holed)).toEqual([1, 2, 3]);
    expect(wanted(holed)).toEqual({ generation: 0, after: post(3).timestamp });
    expect(seqs(timeline.live(holed, post(7)).timeline)).toEqual([1, 2, 3]);
    const step = timeline.page(timeline.asking(holed), wanted(holed), posts(4, 5), false);
    expect(seqs(step.timeline)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(step.shown.map((message) => message.seq)).toEqual([4, 5, 6]);
    expect(timeline.wantedPage(step.timeline)).toBeNull();
  });

  it("of more than a page is filled page by page", () => {
    const far = timeline.live(opened, post(500)).timeline;
    const first = fetched(far, posts(4, 203), true);
    expect(wanted(first).after).toBe(post(203).timestamp);
    const second = fetched(first, posts(204, 403), true);
    expect(seqs(fetched(second, posts(404, 500)))).toEqual(posts(1, 500).map(({ seq }) => seq));
  });

  it("is asked for again when the page did not come", () => {
    const failed = timeline.failed(timeline.asking(holed), wanted(holed));
    expect(wanted(failed)).toEqual(wanted(holed));
  });

  it("holds a bounded number of messages, and fetches what it could not hold", () => {
    const fetch = wanted(holed);
    let state = timeline.asking(holed);
    for (let seq = 5; seq < 5 + MOST_HELD + 50; seq += 1) state = timeline.live(state, post(seq)).timeline;
    expect(state.held.length).toBe(MOST_HELD);
    const filled = timeline.page(state, fetch, posts(4, 4), false).timeline;
    expect(seqs(filled).at(-1)).toBe(4 + MOST_HELD);
    expect(wanted(filled).after).toBe(post(4 + MOST_HELD).timestamp);
  });
});

describe("a reconnect", () => {
  const again = timeline.connected(opened);

  it("holds everything until one page is through: what came between the connections is in no frame", () => {
    const held = timeline.live(again, post(4)).timeline;
    expect(seqs(held)).toEqual([1, 2, 3]);
    expect(seqs(fetched(held, posts(4, 5)))).toEqual([1, 2, 3, 4, 5]);
  });

  it("drops a page that was asked for in the connection before: it may end too early", () => {
    const asked = timeline.asking(again);
    const later = timeline.connected(asked);
    const step = timeline.page(timeline.asking(later), wanted(again), posts(4, 9), false);
    expect(seqs(step.timeline)).toEqual([1, 2, 3]);
  });
});

describe("older messages", () => {
  it("come in before the first, without those that are there", () => {
    const late = fetched(EMPTY_TIMELINE, posts(51, 60), true);
    const all = timeline.older(late, late.generation, posts(31, 52), true);
    expect(seqs(all)).toEqual(posts(31, 60).map(({ seq }) => seq));
    expect(all.hasOlder).toBe(true);
    expect(timeline.older(all, all.generation, posts(1, 30), false).hasOlder).toBe(false);
  });
});

it("whatever comes, in whatever order: what is shown ascends without a hole and without a double", () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("live" as const), seq: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ kind: fc.constant("page" as const), upTo: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ kind: fc.constant("connected" as const) }),
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      let state = EMPTY_TIMELINE;
      for (const step of all) {
        if (step.kind === "connected") state = timeline.connected(state);
        if (step.kind === "live") state = timeline.live(state, post(step.seq)).timeline;
        const fetch = step.kind === "page" ? timeline.wantedPage(state) : null;
        if (step.kind === "page" && fetch !== null) {
          const after = timeline.lastSeq(state);
          state = timeline.page(timeline.asking(state), fetch, posts(after + 1, step.upTo), false).timeline;
        }
      }
      const shown = seqs(state);
      expect(shown).toEqual(shown.map((_, index) => (shown[0] ?? 0) + index));
    }),
  );
});
