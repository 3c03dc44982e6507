import type { Draft, Posted } from "@kaiwa/client";
import { isSameDay } from "../i18n/times";

/** What stands in the list: messages, then what is on its way. */
export type Row = Posted | Draft;

const CONTINUES_WITHIN_MS = 5 * 60_000;

export function isPosted(row: Row): row is Posted {
  return "seq" in row;
}

/** The same before and after a draft has become a message, so that it stays where it is on the screen. */
export function keyOf(row: Row): string {
  return isPosted(row) ? (row.clientMessageId ?? row.messageId) : row.clientMessageId;
}

/** Whether a day begins with `row`. */
export function beginsDay(row: Row, before: Row | undefined): boolean {
  return isPosted(row) && (before === undefined || (isPosted(before) && !isSameDay(before.createdAt, row.createdAt)));
}

/** Whether `row` needs no name of its own: the same person goes on within 5 minutes, on the same day. */
export function continues(row: Posted, before: Row | undefined): boolean {
  if (before === undefined || !isPosted(before) || before.senderId !== row.senderId) return false;
  return row.timestamp - before.timestamp < CONTINUES_WITHIN_MS && !beginsDay(row, before);
}
