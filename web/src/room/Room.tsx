import type { RoomState } from "@kaiwa/client";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChatState } from "../app/chat";
import { goTo } from "../app/route";
import { Members } from "../people/Members";
import { VerificationNotice } from "../people/VerificationNotice";
import { RoomBadge } from "../shared/Avatar";
import { Button } from "../shared/Button";
import { Icon } from "../shared/Icon";
import { Composer } from "./Composer";
import { Messages } from "./Messages";
import { TypingLine } from "./TypingLine";

export function Room({ room }: { room: RoomState }) {
  const [showsMembers, setShowsMembers] = useState(false);
  return (
    <div className="room-and-members">
      <main className="room">
        <RoomHead room={room} showsMembers={showsMembers} onMembers={() => setShowsMembers(!showsMembers)} />
        <Messages room={room} />
        <TypingLine room={room} />
        <VerificationNotice />
        <Composer chatRoomId={room.chatRoomId} name={room.name} />
      </main>
      {showsMembers && <Members room={room} onClose={() => setShowsMembers(false)} />}
    </div>
  );
}

function RoomHead({
  room,
  showsMembers,
  onMembers,
}: {
  room: RoomState;
  showsMembers: boolean;
  onMembers: () => void;
}) {
  const { t } = useTranslation();
  const here = useChatState(
    ({ people }) => room.participantIds?.filter((id) => people[id]?.status === "online").length ?? 0,
  );
  return (
    <header className="room-head">
      <Button kind="icon" className="back" aria-label={t("room.back")} onClick={() => goTo(null)}>
        <Icon name="back" />
      </Button>
      <RoomBadge id={room.chatRoomId} name={room.name} />
      <div className="room-title">
        <h1>
          <bdi>{room.name}</bdi>
        </h1>
        <p className="muted">
          {room.participantCount > 0 && t("room.people", { count: room.participantCount })}
          {here > 0 && <span className="here"> · {t("room.online", { count: here })}</span>}
        </p>
      </div>
      <Button
        kind="icon"
        aria-label={t("room.members")}
        title={t("room.members")}
        aria-expanded={showsMembers}
        onClick={onMembers}
      >
        <Icon name="people" size={22} />
      </Button>
    </header>
  );
}
