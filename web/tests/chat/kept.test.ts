import { describe, expect, it } from "vitest";
import { KeptDrafts } from "../../client/chat/kept.ts";
import { newDraft } from "../../client/store/drafts.ts";
import { FakeStorage } from "../fakes/storage.ts";

const draft = (key: string, at = 1) => newDraft(key, "lobby", `text of ${key}`, at);

describe("unsent messages", () => {
  it("survive a reload, in the order of typing, as sent before: they may have arrived", () => {
    const storage = new FakeStorage();
    new KeptDrafts("alice", storage).save([draft("b", 2), draft("a", 1)]);
    const loaded = new KeptDrafts("alice", storage).load();
    expect(loaded.map(({ clientMessageId }) => clientMessageId)).toEqual(["a", "b"]);
    expect(loaded[0]).toMatchObject({ state: "waiting", tries: 1, content: "text of a" });
  });

  it("that failed come back as failed, and are not sent by themselves", () => {
    const storage = new FakeStorage();
    new KeptDrafts("alice", storage).save([{ ...draft("a"), state: "failed", failure: "VERIFICATION_REQUIRED" }]);
    expect(new KeptDrafts("alice", storage).load()[0]).toMatchObject({ state: "failed", dueAt: null });
  });

  it("are those of one person, and go when they are posted", () => {
    const storage = new FakeStorage();
    const kept = new KeptDrafts("alice", storage);
    kept.save([draft("a"), draft("b")]);
    expect(new KeptDrafts("ali", storage).load()).toEqual([]);
    kept.save([draft("b")]);
    expect(new KeptDrafts("alice", storage).load().length).toBe(1);
    kept.clear();
    expect(storage.length).toBe(0);
  });

  it("of another tab are not overwritten", () => {
    const storage = new FakeStorage();
    new KeptDrafts("alice", storage).save([draft("mine")]);
    new KeptDrafts("alice", storage).save([draft("theirs")]);
    expect(new KeptDrafts("alice", storage).load().length).toBe(2);
  });

  it("that somebody tampered with, or that cannot be written, stop nobody", () => {
    const storage = new FakeStorage();
    for (const text of ["", "null", "{}", "[1]", '{"clientMessageId":"x"}'])
      storage.setItem(`kaiwa/draft/alice/${text.length}`, text);
    const kept = new KeptDrafts("alice", storage);
    expect(kept.load()).toEqual([]);
    storage.isFull = true;
    expect(() => kept.save([draft("a")])).not.toThrow();
  });
});
