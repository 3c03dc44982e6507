import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ConnectionBanner } from "./ConnectionBanner";
import { Sidebar } from "../rooms/Sidebar";
import { RoomPlace } from "../room/RoomPlace";
import { useChat, useChatState } from "./chat";
import { sortedRooms, unread } from "@kaiwa/client";
import { goTo, useRoomId } from "./route";

/** The whole chat: rooms at the side, one room in the middle. */
export function Shell({ onSignOut }: { onSignOut: () => void }) {
  const { t } = useTranslation();
  const chat = useChat();
  const roomId = useRoomId();
  useConnected();
  useTitle();
  useRoomKeys(roomId);

  useEffect(() => chat.open(roomId), [chat, roomId]);

  return (
    <div className="shell" data-place={roomId === null ? "list" : "room"}>
      {roomId !== null && (
        <a className="skip" href="#composer">
          {t("app.skip")}
        </a>
      )}
      <Sidebar roomId={roomId} onSignOut={onSignOut} />
      <div className="middle">
        <ConnectionBanner />
        {roomId === null ? <NoRoom /> : <RoomPlace key={roomId} roomId={roomId} />}
      </div>
    </div>
  );
}

function NoRoom() {
  const { t } = useTranslation();
  return (
    <main className="no-room">
      <img src="/icon.svg" alt="" width="72" height="72" />
      <p>{t("rooms.choose")}</p>
    </main>
  );
}

function useConnected(): void {
  const chat = useChat();
  useEffect(() => {
    chat.start();
    return () => chat.stop();
  }, [chat]);
}

/** How many messages are unread, on the tab. */
function useTitle(): void {
  const count = useChatState(({ rooms }) => Object.values(rooms ?? {}).reduce((sum, room) => sum + unread(room), 0));
  useEffect(() => {
    document.title = count > 0 ? `(${count > 99 ? "99+" : count}) Kaiwa 会話` : "Kaiwa 会話";
  }, [count]);
}

/** Alt and an arrow: the room above or below. */
function useRoomKeys(roomId: string | null): void {
  const chat = useChat();
  const [order] = useState(() => () => sortedRooms(chat.state.rooms ?? {}).map((room) => room.chatRoomId));
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!event.altKey || step === undefined) return;
      const ids = order();
      const next = ids[roomId === null ? 0 : ids.indexOf(roomId) + step];
      if (next === undefined) return;
      event.preventDefault();
      goTo(next);
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [order, roomId]);
}
