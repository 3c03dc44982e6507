import type { RoomState } from "@kaiwa/client";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChat, useChatState } from "../app/chat";
import { goTo } from "../app/route";
import { Button } from "../shared/Button";
import { Confirm } from "../shared/Dialog";
import { Icon } from "../shared/Icon";
import { Problem } from "../shared/Problem";
import { useTask } from "../shared/useTask";
import { AddPeopleDialog } from "./AddPeopleDialog";
import { Member } from "./Member";

/** Who is in the room, those who are here first; adding, removing, leaving. */
export function Members({ room, onClose }: { room: RoomState; onClose: () => void }) {
  const { t } = useTranslation();
  const chat = useChat();
  const me = useChatState((state) => state.me);
  const people = useChatState((state) => state.people);
  const [asking, setAsking] = useState<{ userId: string; name: string } | "add" | null>(null);
  const { error, run } = useTask();
  const name = (userId: string): string => people[userId]?.displayName ?? userId;
  const isHere = (userId: string): boolean => people[userId]?.status === "online";
  const ids = [...(room.participantIds ?? [])].sort(
    (one, other) => Number(isHere(other)) - Number(isHere(one)) || name(one).localeCompare(name(other)),
  );
  const mayRemove = me.isAdmin || room.createdBy === me.userId;
  const remove = (userId: string): void => {
    setAsking(null);
    run(async () => {
      await chat.removeParticipant(room.chatRoomId, userId);
      if (userId === me.userId) goTo(null);
    });
  };
  return (
    <aside className="members" aria-label={t("room.members")}>
      <header>
        <h2>{t("room.people", { count: room.participantCount })}</h2>
        <Button kind="icon" aria-label={t("dialog.close")} onClick={onClose}>
          <Icon name="close" />
        </Button>
      </header>
      <Problem error={error} />
      <Button className="wide" onClick={() => setAsking("add")}>
        <Icon name="plus" size={16} /> {t("people.add")}
      </Button>
      <ul>
        {ids.map((userId) => (
          <Member
            key={userId}
            userId={userId}
            isCreator={userId === room.createdBy}
            onRemove={mayRemove && userId !== me.userId ? () => setAsking({ userId, name: name(userId) }) : null}
          />
        ))}
      </ul>
      <Button kind="danger" className="wide" onClick={() => setAsking({ userId: me.userId, name: "" })}>
        {t("people.leave")}
      </Button>
      {asking === "add" && <AddPeopleDialog room={room} onClose={() => setAsking(null)} />}
      {asking !== null && asking !== "add" && (
        <Confirm
          title={asking.userId === me.userId ? t("people.leave") : t("people.remove", { name: asking.name })}
          text={
            asking.userId === me.userId
              ? t("people.leaveSure", { name: room.name })
              : t("people.removeSure", { name: asking.name })
          }
          yes={asking.userId === me.userId ? t("people.leave") : t("people.remove", { name: asking.name })}
          onYes={() => remove(asking.userId)}
          onNo={() => setAsking(null)}
        />
      )}
    </aside>
  );
}
