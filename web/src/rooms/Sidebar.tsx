import { sortedRooms, type RoomState } from "@kaiwa/client";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChatState, useName } from "../app/chat";
import { goTo } from "../app/route";
import { ProfileDialog } from "../people/ProfileDialog";
import { Avatar } from "../shared/Avatar";
import { Button } from "../shared/Button";
import { Icon } from "../shared/Icon";
import { NewRoomDialog } from "./NewRoomDialog";
import { RoomItem } from "./RoomItem";

/** A filter is worth its place from so many rooms on. */
const FILTER_FROM = 8;

export function Sidebar({ roomId, onSignOut }: { roomId: string | null; onSignOut: () => void }) {
  const { t } = useTranslation();
  const [dialog, setDialog] = useState<"room" | "profile" | null>(null);
  return (
    <nav className="sidebar" aria-label={t("rooms.title")}>
      <header className="sidebar-head">
        <img src="/icon.svg" alt="" width="28" height="28" />
        <h1>{t("app.name")}</h1>
        <Button kind="icon" aria-label={t("rooms.new")} title={t("rooms.new")} onClick={() => setDialog("room")}>
          <Icon name="plus" />
        </Button>
      </header>
      <RoomList roomId={roomId} onNew={() => setDialog("room")} />
      <Me onOpen={() => setDialog("profile")} />
      {dialog === "room" && <NewRoomDialog onClose={() => setDialog(null)} />}
      {dialog === "profile" && <ProfileDialog onClose={() => setDialog(null)} onSignOut={onSignOut} />}
    </nav>
  );
}

function RoomList({ roomId, onNew }: { roomId: string | null; onNew: () => void }) {
  const { t } = useTranslation();
  const rooms = useChatState((state) => state.rooms);
  const [filter, setFilter] = useState("");
  const sorted = useMemo(() => sortedRooms(rooms ?? {}), [rooms]);
  const found = sorted.filter((room) => room.name.toLowerCase().includes(filter.trim().toLowerCase()));
  if (rooms === undefined) return <Skeletons />;
  if (sorted.length === 0) return <NoRooms onNew={onNew} />;
  return (
    <>
      {sorted.length >= FILTER_FROM && (
        <div className="filter">
          <Icon name="search" size={16} />
          <input
            type="search"
            aria-label={t("rooms.filter")}
            placeholder={t("rooms.filter")}
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
        </div>
      )}
      <ul className="room-list">
        {found.map((room: RoomState) => (
          <RoomItem
            key={room.chatRoomId}
            room={room}
            isOpen={room.chatRoomId === roomId}
            onOpen={() => goTo(room.chatRoomId)}
          />
        ))}
        {found.length === 0 && <li className="muted nothing">{t("rooms.noneFound")}</li>}
      </ul>
    </>
  );
}

function NoRooms({ onNew }: { onNew: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="nothing room-list">
      <p>{t("rooms.none")}</p>
      <p className="muted">{t("rooms.noneHint")}</p>
      <Button kind="primary" onClick={onNew}>
        {t("rooms.new")}
      </Button>
    </div>
  );
}

function Skeletons() {
  const { t } = useTranslation();
  return (
    <div className="room-list" role="status" aria-label={t("app.loading")}>
      {[1, 2, 3].map((number) => (
        <div key={number} className="skeleton" />
      ))}
    </div>
  );
}

function Me({ onOpen }: { onOpen: () => void }) {
  const { t } = useTranslation();
  const me = useChatState((state) => state.me);
  const isOpen = useChatState((state) => state.connection.state === "open");
  const name = useName(me.userId);
  return (
    <button type="button" className="me" onClick={onOpen}>
      <Avatar userId={me.userId} name={name} status={isOpen ? "online" : "offline"} />
      <span className="hidden">{t("profile.title")}</span>
      <span className="me-name">
        <bdi>{name}</bdi>
        <span className={`verification ${me.verificationStatus}`}>{t(`profile.${me.verificationStatus}`)}</span>
      </span>
    </button>
  );
}
