import type { Posted } from "./state.ts";

/**
 * One room's messages as they may be shown: ascending `seq`, no hole, none twice (spec 10). Pure.
 *
 * The server's list is the truth. What comes live is shown at once where it follows the last one shown; else it is held
 * until the history has filled the hole. After each (re)connection everything is held until one page is through: what
 * was posted between the two connections is in no frame.
 */
export interface Timeline {
  /** What is shown; a stretch of the server's list that ends at `lastSeq`. */
  readonly messages: readonly Posted[];
  readonly held: readonly Posted[];
  /** The first page is in. */
  readonly opened: boolean;
  /** Something is missing, or may be: the connection is new. */
  readonly behind: boolean;
  /** A page was asked for and has not come. */
  readonly asked: boolean;
  readonly overflowed: boolean;
  /** Counts connections: a page asked for in an earlier one may end before this one began, and is dropped. */
  readonly generation: number;
  /** There are messages before the first one shown. */
  readonly hasOlder: boolean;
  readonly olderAsked: boolean;
}

/** A page to be asked for: what follows the message of time `after`, or the newest page. */
export interface Fetch {
  generation: number;
  after: number | null;
}

export const EMPTY_TIMELINE: Timeline = {
  messages: [],
  held: [],
  opened: false,
  behind: true,
  asked: false,
  overflowed: false,
  generation: 0,
  hasOlder: false,
  olderAsked: false,
};

/** Bounds what waits for a hole to be filled; the history has the rest. */
export const MOST_HELD = 1_000;

/** What a step changed, and the messages that may be shown since then, in order. */
export interface Step {
  timeline: Timeline;
  shown: readonly Posted[];
}

/** A connection is open: hold what comes until the history up to now is in. */
export function connected(timeline: Timeline): Timeline {
  return { ...timeline, generation: timeline.generation + 1, behind: true, asked: false, olderAsked: false };
}

/** The page to ask for now; null while one is under way or nothing is missing. */
export function wantedPage(timeline: Timeline): Fetch | null {
  if (!timeline.behind || timeline.asked) return null;
  const last = timeline.messages.at(-1);
  // An empty room that was looked into begins at the beginning, so that nothing is skipped.
  return { generation: timeline.generation, after: timeline.opened ? (last?.timestamp ?? 0) : null };
}

/** The wanted page was asked for. */
export function asking(timeline: Timeline): Timeline {
  return { ...timeline, asked: true, overflowed: false };
}

/** The page did not come; it may be asked for again. */
export function failed(timeline: Timeline, fetch: Fetch): Timeline {
  return fetch.generation === timeline.generation ? { ...timeline, asked: false } : timeline;
}

/** A page came, ascending. */
export function page(timeline: Timeline, fetch: Fetch, messages: readonly Posted[], hasMore: boolean): Step {
  if (fetch.generation !== timeline.generation || !timeline.asked) return { timeline, shown: [] };
  // Past its first page the server's list has no holes; where it skips a seq, there is nothing to show there.
  const shown = ascending(messages, lastSeq(timeline));
  const more = hasMore && fetch.after !== null;
  const next: Timeline = {
    ...timeline,
    messages: shown.length > 0 ? timeline.messages.concat(shown) : timeline.messages,
    asked: false,
    hasOlder: timeline.opened ? timeline.hasOlder : hasMore,
    opened: true,
  };
  if (more) return { timeline: next, shown };
  const released = release(next);
  return { timeline: released.timeline, shown: shown.concat(released.shown) };
}

/** A MESSAGE frame came. */
export function live(timeline: Timeline, message: Posted): Step {
  // A room that nobody looks into keeps no messages; opening it asks for the newest page.
  const isUnseen = !timeline.opened && !timeline.asked;
  if (isUnseen || message.seq <= lastSeq(timeline)) return { timeline, shown: [] };
  if (!timeline.behind && message.seq === lastSeq(timeline) + 1 && timeline.held.length === 0) {
    return { timeline: { ...timeline, messages: timeline.messages.concat(message) }, shown: [message] };
  }
  const held = hold(timeline, message);
  return timeline.behind ? { timeline: held, shown: [] } : release(held);
}

/** A page of what stands before the first message shown. */
export function older(timeline: Timeline, generation: number, messages: readonly Posted[], hasMore: boolean): Timeline {
  if (generation !== timeline.generation) return timeline;
  const first = timeline.messages[0]?.seq ?? Infinity;
  const before = ascending(messages, 0).filter((message) => message.seq < first);
  return { ...timeline, messages: before.concat(timeline.messages), hasOlder: hasMore, olderAsked: false };
}

export function lastSeq(timeline: Timeline): number {
  return timeline.messages.at(-1)?.seq ?? 0;
}

function ascending(messages: readonly Posted[], above: number): Posted[] {
  let last = above;
  return messages.filter((message) => message.seq > last && ((last = message.seq), true));
}

function hold(timeline: Timeline, message: Posted): Timeline {
  if (timeline.held.some((one) => one.seq === message.seq)) return timeline;
  const held = [...timeline.held, message].sort((one, other) => one.seq - other.seq);
  if (held.length <= MOST_HELD) return { ...timeline, held };
  return { ...timeline, held: held.slice(0, MOST_HELD), overflowed: true };
}

function release(timeline: Timeline): Step {
  const shown: Posted[] = [];
  let last = lastSeq(timeline);
  for (const message of timeline.held) {
    if (message.seq !== last + 1) continue;
    shown.push(message);
    last = message.seq;
  }
  const held = timeline.held.filter((message) => message.seq > last);
  const behind = held.length > 0 || timeline.overflowed;
  return { timeline: { ...timeline, messages: timeline.messages.concat(shown), held, behind }, shown };
}
