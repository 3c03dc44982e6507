import { unread, type RoomState } from "@kaiwa/client";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useChatState } from "../app/chat";
import { useTimes } from "../i18n/times";
import { RoomBadge } from "../shared/Avatar";

export const RoomItem = memo(function RoomItem({
  room,
  isOpen,
  onOpen,
}: {
  room: RoomState;
  isOpen: boolean;
  onOpen: () => void;
}) {
  const { t } = useTranslation();
  const times = useTimes();
  const count = unread(room);
  return (
    <li>
      <a
        className={count > 0 ? "room-item unread" : "room-item"}
        href={`/rooms/${encodeURIComponent(room.chatRoomId)}`}
        aria-current={isOpen ? "page" : undefined}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
          event.preventDefault();
          onOpen();
        }}
      >
        <RoomBadge id={room.chatRoomId} name={room.name} />
        <span className="room-lines">
          <span className="room-line">
            <bdi className="room-name">{room.name}</bdi>
            {room.lastMessage !== null && (
              <time dateTime={room.lastMessage.createdAt}>{times.brief(room.lastMessage.createdAt)}</time>
            )}
          </span>
          <span className="room-line">
            <LastWords room={room} />
            {count > 0 && (
              <span className="count">
                <span aria-hidden="true">{count > 99 ? "99+" : count}</span>
                <span className="hidden">{t("rooms.unread", { count })}</span>
              </span>
            )}
          </span>
        </span>
      </a>
    </li>
  );
});

function LastWords({ room }: { room: RoomState }) {
  const { t } = useTranslation();
  const me = useChatState((state) => state.me.userId);
  const last = room.lastMessage;
  const name = useChatState((state) => (last === null ? undefined : state.people[last.senderId]?.displayName));
  if (last === null) return <span className="last-words muted">{t("rooms.empty")}</span>;
  const said = { text: last.content };
  if (last.senderId === me) return <bdi className="last-words">{t("rooms.you", said)}</bdi>;
  return <bdi className="last-words">{name === undefined ? last.content : t("rooms.by", { ...said, name })}</bdi>;
}
