import { PAGE_MESSAGES } from "../generated/limits.ts";
import type { HttpApi } from "../http/HttpApi.ts";
import type { Draft } from "../store/drafts.ts";
import type { Posted } from "../store/state.ts";

/** How far behind a draft's time its message is looked for, and how many pages of it. */
const LOOK_BEFORE_MS = 60_000;
const LOOK_PAGES = 25;

/** The message that an accepted draft became, or null: it stands near the time at which it was typed. */
export async function postedAs({ chatRoomId, messageId, createdAt }: Draft, api: HttpApi): Promise<Posted | null> {
  let after = Math.max(0, Math.floor(createdAt) - LOOK_BEFORE_MS);
  for (let turn = 0; turn < LOOK_PAGES; turn += 1) {
    const { messages, hasMore } = await api.messages(chatRoomId, { after }, PAGE_MESSAGES);
    const found = messages.find((message) => message.messageId === messageId);
    if (found !== undefined) return { ...found, clientMessageId: found.clientMessageId ?? undefined };
    if (!hasMore) return null;
    after = messages.at(-1)?.timestamp ?? after;
  }
  return null;
}
