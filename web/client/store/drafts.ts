import type { ErrorFrame } from "../generated/server-frames.ts";
import type { Posted } from "./state.ts";

/**
 * What was typed and does not stand in the room yet (spec 3 and 10). Pure; times are epoch milliseconds of this machine.
 *
 * Each draft has its idempotency key for life, so sending it again, on any connection, can never post it twice.
 *
 *     waiting ─▶ sending ─ACK▶ accepted ─MESSAGE▶ gone (it is in the room)
 *                  │ UNAVAILABLE, THROTTLED, silence        a refusal ─▶ failed ─retry▶ waiting
 *                  ▼
 *                again ─▶ sending …                         a lost connection ─▶ waiting
 */
export interface Draft {
  readonly clientMessageId: string;
  readonly chatRoomId: string;
  readonly content: string;
  /** As the server's clock had it when it was typed, as far as that is known. */
  readonly createdAt: number;
  readonly state: "waiting" | "sending" | "accepted" | "again" | "failed";
  readonly failure?: Failure | undefined;
  readonly tries: number;
  /** When to send it; of an accepted one: when to look for it in the history. Null: not until something happens. */
  readonly dueAt: number | null;
  /** Known since the ACK. */
  readonly messageId?: string | undefined;
}

export type Failure = ErrorFrame["code"] | "VERIFICATION_REQUIRED";

/** The gateway answers within 5 s; a frame without any answer was lost with something on the way. */
export const ANSWER_WITHIN_MS = 8_000;
/** After that time an accepted draft is looked for in the history: its MESSAGE may have come before this page did. */
export const LOOK_AFTER_MS = [10_000, 20_000, 40_000, 60_000] as const;
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000] as const;
const SAME_WITHIN_MS = 5_000;

type Drafts = readonly Draft[];

export function newDraft(key: string, chatRoomId: string, content: string, createdAt: number): Draft {
  return { clientMessageId: key, chatRoomId, content, createdAt, state: "waiting", tries: 0, dueAt: null };
}

/** A connection is open: whatever is left is sent (again), in order. An accepted one too: if it was refused, the
 * refusal went to the connection that is gone. */
export function opened(drafts: Drafts, now: number): Drafts {
  return changed(
    drafts,
    (draft) => draft.state !== "failed",
    (draft) => ({ ...draft, state: "waiting", dueAt: now }),
  );
}

/** The connection is gone. */
export function closed(drafts: Drafts): Drafts {
  return changed(
    drafts,
    (draft) => draft.state !== "failed",
    (draft) => ({ ...draft, dueAt: null, state: draft.state === "accepted" ? "accepted" : "waiting" }),
  );
}

/** A connection ended because what it was given was too big: what was on its way is not tried again by itself. */
export function tooBig(drafts: Drafts): Drafts {
  return changed(
    drafts,
    (draft) => draft.state === "sending",
    (draft) => failedDraft(draft, "TOO_LARGE"),
  );
}

export function isDue(draft: Draft, now: number): boolean {
  return draft.dueAt !== null && draft.dueAt <= now && draft.state !== "accepted" && draft.state !== "failed";
}

/** The draft is under way. */
export function sent(drafts: Drafts, key: string, now: number): Drafts {
  return one(drafts, key, (draft) => ({
    ...draft,
    state: "sending",
    tries: draft.tries + 1,
    dueAt: now + ANSWER_WITHIN_MS,
  }));
}

/** It is in the log and will be decided. A late ACK, after UNAVAILABLE, counts as well; one that a refusal for good has
 * overtaken does not: it was decided already. */
export function acknowledged(drafts: Drafts, key: string, messageId: string, now: number): Drafts {
  return one(drafts, key, (draft) =>
    draft.state === "failed"
      ? draft
      : { ...draft, state: "accepted", failure: undefined, messageId, dueAt: now + LOOK_AFTER_MS[0] },
  );
}

/** It was not found in the history: it is still to be decided. `looks` counts how often it was looked for. */
export function notFoundYet(drafts: Drafts, key: string, looks: number, now: number): Drafts {
  const pause = LOOK_AFTER_MS[Math.min(looks, LOOK_AFTER_MS.length - 1)] ?? 60_000;
  return one(drafts, key, (draft) => (draft.state === "accepted" ? { ...draft, dueAt: now + pause } : draft));
}

/** Refused: for good, or to be tried again after `afterMs`, else after 1, 2, 4, 8, 16, 30 s. */
export function refused(
  drafts: Drafts,
  key: string,
  code: Failure,
  retry: { afterMs?: number | undefined } | null,
  now: number,
): Drafts {
  return one(drafts, key, (draft) => {
    if (retry === null) return failedDraft(draft, code);
    const pause = PAUSES_MS[Math.min(Math.max(draft.tries, 1), PAUSES_MS.length) - 1] ?? 30_000;
    return { ...draft, state: "again", failure: code, dueAt: now + (retry.afterMs ?? pause) };
  });
}

/** The person wants it sent again. */
export function retried(drafts: Drafts, key: string, isOpen: boolean, now: number): Drafts {
  return one(drafts, key, (draft) => ({ ...draft, state: "waiting", failure: undefined, dueAt: isOpen ? now : null }));
}

export function discarded(drafts: Drafts, key: string): Drafts {
  const left = drafts.filter((draft) => draft.clientMessageId !== key);
  return left.length === drafts.length ? drafts : left;
}

/** Without the drafts that `posted` shows to stand in the room: each message settles at most one. */
export function settled(drafts: Drafts, me: string, posted: readonly Posted[]): Drafts {
  if (drafts.length === 0) return drafts;
  return posted.reduce((left, message) => (message.senderId === me ? withoutOne(left, message) : left), drafts);
}

function withoutOne(drafts: Drafts, message: Posted): Drafts {
  const found =
    drafts.find((draft) => isSameByKey(draft, message)) ?? drafts.find((draft) => isSameByLooks(draft, message));
  return found === undefined ? drafts : drafts.filter((draft) => draft !== found);
}

/** Step 1 of the duplicate rule (spec 10): the same id, or the same key. */
function isSameByKey(draft: Draft, message: Posted): boolean {
  if (draft.messageId === message.messageId) return true;
  return draft.clientMessageId === message.clientMessageId && draft.chatRoomId === message.chatRoomId;
}

/** Step 2: one of the two optimistic, and no key in the other: same room, content, and less than 5 s apart.
 * What was never sent cannot be what arrived. */
function isSameByLooks(draft: Draft, message: Posted): boolean {
  return (
    message.clientMessageId === undefined &&
    draft.tries > 0 &&
    draft.chatRoomId === message.chatRoomId &&
    draft.content === message.content &&
    Math.abs(draft.createdAt - message.timestamp) < SAME_WITHIN_MS
  );
}

function failedDraft(draft: Draft, failure: Failure): Draft {
  return { ...draft, state: "failed", failure, dueAt: null };
}

function one(drafts: Drafts, key: string, change: (draft: Draft) => Draft): Drafts {
  return changed(drafts, (draft) => draft.clientMessageId === key, change);
}

function changed(drafts: Drafts, which: (draft: Draft) => boolean, change: (draft: Draft) => Draft): Drafts {
  return drafts.some(which) ? drafts.map((draft) => (which(draft) ? change(draft) : draft)) : drafts;
}
