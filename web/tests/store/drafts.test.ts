import { describe, expect, it } from "vitest";
import * as drafts from "../../client/store/drafts.ts";
import { newDraft, type Draft } from "../../client/store/drafts.ts";
import { post, ROOM, START } from "../fakes/posts.ts";

const typed = newDraft("k1", ROOM, "hello", START);
const sent = drafts.sent([{ ...typed, dueAt: START }], "k1", START);
const one = (all: readonly Draft[]): Draft => all[0] ?? newDraft("", "", "", 0);

describe("a draft", () => {
  it("is due at once when the connection opens, in the order of typing", () => {
    const both = drafts.opened([typed, newDraft("k2", ROOM, "second", START)], START);
    expect(both.map((draft) => drafts.isDue(draft, START))).toEqual([true, true]);
    expect(both.map((draft) => draft.clientMessageId)).toEqual(["k1", "k2"]);
  });

  it("is accepted by its ACK, also by a late one after UNAVAILABLE", () => {
    const again = drafts.refused(sent, "k1", "UNAVAILABLE", {}, START);
    expect(one(again)).toMatchObject({ state: "again", dueAt: START + 1_000 });
    expect(one(drafts.acknowledged(again, "k1", "id-1", START))).toMatchObject({
      state: "accepted",
      messageId: "id-1",
    });
  });

  it("that was refused for good stays so when its ACK comes behind the refusal", () => {
    const failed = drafts.refused(sent, "k1", "VERIFICATION_REQUIRED", null, START);
    expect(drafts.acknowledged(failed, "k1", "id-1", START)).toEqual(failed);
  });

  it("that got no answer is due again after 8 s", () => {
    expect(drafts.isDue(one(sent), START + 7_999)).toBe(false);
    expect(drafts.isDue(one(sent), START + 8_000)).toBe(true);
  });

  it("is sent again over the next connection, even an accepted one: its refusal may have been lost", () => {
    const accepted = drafts.acknowledged(sent, "k1", "id-1", START);
    expect(one(drafts.closed(accepted)).state).toBe("accepted");
    expect(drafts.isDue(one(drafts.opened(drafts.closed(accepted), START)), START)).toBe(true);
  });

  it("waits 1, 2, 4, 8, 16, 30 s between refusals that may be repeated, or as long as the server says", () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7].map((tries) => {
      const tried = [{ ...typed, tries }];
      return (one(drafts.refused(tried, "k1", "THROTTLED", {}, 0)).dueAt ?? 0) / 1000;
    });
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30]);
    expect(one(drafts.refused(sent, "k1", "THROTTLED", { afterMs: 250 }, 0)).dueAt).toBe(250);
  });

  it("that was refused for good stays, is not sent by itself, and can be retried or discarded", () => {
    const failed = drafts.refused(sent, "k1", "VERIFICATION_REQUIRED", null, START);
    expect(one(failed)).toMatchObject({ state: "failed", failure: "VERIFICATION_REQUIRED", dueAt: null });
    expect(drafts.opened(drafts.closed(failed), START)).toEqual(failed);
    expect(drafts.isDue(one(drafts.retried(failed, "k1", true, START)), START)).toBe(true);
    expect(drafts.discarded(failed, "k1")).toEqual([]);
  });

  it("on its way when the connection ended for its size has failed", () => {
    expect(one(drafts.tooBig(sent))).toMatchObject({ state: "failed", failure: "TOO_LARGE" });
    expect(one(drafts.tooBig([typed])).state).toBe("waiting");
  });
});

describe("the duplicate rule", () => {
  const mine = { senderId: "alice", content: "hello" };
  const left = (draft: Draft, message: ReturnType<typeof post>) => drafts.settled([draft], "alice", [message]).length;

  it("step 1: the same clientMessageId or the same messageId is the same message", () => {
    expect(left(typed, post(1, { ...mine, clientMessageId: "k1" }))).toBe(0);
    expect(left({ ...one(sent), messageId: "id-1" }, post(1, { ...mine, timestamp: START + 60_000 }))).toBe(0);
    expect(left(typed, post(1, { ...mine, clientMessageId: "k2" }))).toBe(1);
  });

  it("step 2: the same sender and content less than 5 s apart, if the incoming one has no key", () => {
    expect(left(one(sent), post(1, { ...mine, timestamp: START + 4_999 }))).toBe(0);
    expect(left(one(sent), post(1, { ...mine, timestamp: START + 5_000 }))).toBe(1);
    expect(left(one(sent), post(1, { ...mine, content: "hello!" }))).toBe(1);
    expect(left(one(sent), post(1, { ...mine, senderId: "bob" }))).toBe(1);
    expect(left(one(sent), post(1, { ...mine, clientMessageId: "other" }))).toBe(1);
  });

  it("step 2 never takes away what was not sent yet", () => {
    expect(left(typed, post(1, mine))).toBe(1);
  });

  it("each message settles one draft: the same words twice stand there twice", () => {
    const twice = [one(sent), { ...one(sent), clientMessageId: "k2" }];
    expect(drafts.settled(twice, "alice", [post(1, mine)]).length).toBe(1);
    expect(drafts.settled(twice, "alice", [post(1, mine), post(2, mine)]).length).toBe(0);
  });
});
