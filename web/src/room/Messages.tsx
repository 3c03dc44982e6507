import type { Draft, Posted, RoomState } from "@kaiwa/client";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Virtualizer } from "virtua";
import { useChat, useChatState } from "../app/chat";
import { useTimes } from "../i18n/times";
import { Button } from "../shared/Button";
import { Icon } from "../shared/Icon";
import { Announcer } from "./Announcer";
import { DraftMessage } from "./DraftMessage";
import { PostedMessage } from "./PostedMessage";
import { beginsDay, continues, isPosted, keyOf, type Row } from "./rows";
import { useEnd } from "./useEnd";
import { useReading } from "./useReading";

const NEAR_TOP_PX = 800;

/** A room's messages: only those near the screen are drawn, so that 50,000 are as smooth as 50. */
export function Messages({ room }: { room: RoomState }) {
  const { t } = useTranslation();
  const { opened } = room.timeline;
  if (!opened) {
    return (
      <div className="messages-empty" role="status">
        {room.failures === 0 && <span className="spinner" aria-hidden="true" />}
        <p>{t(room.failures > 0 ? "room.loadFailed" : "room.loading")}</p>
      </div>
    );
  }
  return <History room={room} />;
}

function History({ room }: { room: RoomState }) {
  const { t } = useTranslation();
  const chat = useChat();
  const me = useChatState((state) => state.me.userId);
  const drafts = useChatState((state) => state.drafts);
  const { messages, hasOlder, olderAsked } = room.timeline;
  const rows = useMemo(() => rowsOf(messages, drafts, room.chatRoomId), [messages, drafts, room.chatRoomId]);
  const scroller = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const newestDraft = rows === messages ? undefined : rows.at(-1);
  const [lastDraft, setLastDraft] = useState(newestDraft && keyOf(newestDraft));
  // One's own words are always wanted on the screen.
  if (newestDraft !== undefined && keyOf(newestDraft) !== lastDraft) {
    setLastDraft(keyOf(newestDraft));
    setAtEnd(true);
  }
  const [newFrom] = useState(() => ({ after: room.lastReadSeq, upTo: room.lastSeq }));
  const readers = useReaders(room, me);
  const isPrepending = usePrepending(messages);
  const seen = useReading(room, atEnd);
  const { goToEnd, isAtEnd } = useEnd(scroller);

  useLayoutEffect(() => {
    if (atEnd && rows.length > 0) goToEnd();
  }, [rows, atEnd, goToEnd]);

  const scrolled = (offset: number): void => {
    setAtEnd(isAtEnd());
    if (offset < NEAR_TOP_PX) chat.loadOlder(room.chatRoomId);
  };
  return (
    <div className="messages">
      <div ref={scroller} className="message-list" role="region" aria-label={t("room.history")} tabIndex={0}>
        <div className="ballast" />
        <Virtualizer scrollRef={scroller} shift={isPrepending} bufferSize={600} onScroll={scrolled} data={rows}>
          {(row, index) => (
            <div key={keyOf(row)} className="message-row">
              {index === 0 && <Beginning room={room} hasOlder={hasOlder} isLoading={olderAsked} />}
              {beginsDay(row, rows[index - 1]) && isPosted(row) && <Day time={row.createdAt} />}
              {isPosted(row) && row.seq === newFrom.after + 1 && row.seq <= newFrom.upTo && <NewLine />}
              {isPosted(row) ? (
                <PostedMessage
                  message={row}
                  isMine={row.senderId === me}
                  continues={continues(row, rows[index - 1])}
                  readers={readersOf(row, readers)}
                />
              ) : (
                <DraftMessage draft={row} />
              )}
            </div>
          )}
        </Virtualizer>
      </div>
      {rows.length === 0 && <p className="messages-empty over">{t("room.empty")}</p>}
      {!atEnd && (
        <Button className="to-newest" aria-label={t("room.newest")} onClick={goToEnd}>
          <Icon name="down" size={18} />
          {room.lastSeq > seen && t("room.newest", { count: room.lastSeq - seen })}
        </Button>
      )}
      <Announcer messages={messages} me={me} />
    </div>
  );
}

const NOBODY: readonly string[] = [];

function rowsOf(messages: readonly Posted[], drafts: readonly Draft[], chatRoomId: string): readonly Row[] {
  const mine = drafts.filter((draft) => draft.chatRoomId === chatRoomId);
  return mine.length === 0 ? messages : [...messages, ...mine];
}

/** Whether this drawing is the one in which older messages came in at the top: the list then keeps its place. */
function usePrepending(messages: readonly Posted[]): boolean {
  const first = messages[0]?.seq ?? 0;
  const [before, setBefore] = useState(first);
  useLayoutEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- the next drawing is the one after it
    setBefore(first);
  }, [first]);
  return first < before;
}

/** Who has read up to which message, by its seq; oneself excepted. */
function useReaders(room: RoomState, me: string): Map<number, string[]> {
  return useMemo(() => {
    const bySeq = new Map<number, string[]>();
    for (const [userId, seq] of Object.entries(room.readBy)) {
      if (userId !== me && seq > 0) bySeq.set(seq, [...(bySeq.get(seq) ?? []), userId]);
    }
    return bySeq;
  }, [room.readBy, me]);
}

/** Those who read the message, not the one who wrote it. */
function readersOf(message: Posted, readers: Map<number, string[]>): readonly string[] {
  const all = readers.get(message.seq);
  return all?.includes(message.senderId) ? all.filter((userId) => userId !== message.senderId) : (all ?? NOBODY);
}

function Beginning({ room, hasOlder, isLoading }: { room: RoomState; hasOlder: boolean; isLoading: boolean }) {
  const { t } = useTranslation();
  if (hasOlder) return <p className="older muted">{isLoading ? t("room.older") : ""}</p>;
  return <p className="older muted">{t("room.beginning", { name: room.name })}</p>;
}

function Day({ time }: { time: string }) {
  const times = useTimes();
  return (
    <p className="day">
      <time dateTime={time.slice(0, 10)}>{times.day(time)}</time>
    </p>
  );
}

function NewLine() {
  const { t } = useTranslation();
  return (
    <p className="new-line">
      <span>{t("room.unreadLine")}</span>
    </p>
  );
}
