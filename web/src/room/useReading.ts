import type { RoomState } from "@kaiwa/client";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useChat } from "../app/chat";

/** Marks the room read while somebody looks at its end. The result is the last seq that was at the end of the screen. */
export function useReading(room: RoomState, atEnd: boolean): number {
  const chat = useChat();
  const isLooking = useSyncExternalStore(subscribe, looking);
  const last = room.timeline.messages.at(-1)?.seq ?? 0;
  const [seen, setSeen] = useState(last);
  if (atEnd && last > seen) setSeen(last);
  useEffect(() => {
    if (atEnd && isLooking && last > 0) chat.markRead(room.chatRoomId, last);
  }, [chat, room.chatRoomId, atEnd, isLooking, last]);
  return seen;
}

function looking(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

function subscribe(changed: () => void): () => void {
  document.addEventListener("visibilitychange", changed);
  window.addEventListener("focus", changed);
  window.addEventListener("blur", changed);
  return () => {
    document.removeEventListener("visibilitychange", changed);
    window.removeEventListener("focus", changed);
    window.removeEventListener("blur", changed);
  };
}
