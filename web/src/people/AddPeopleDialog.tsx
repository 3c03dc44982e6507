import type { FoundPerson, RoomState } from "@kaiwa/client";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChat } from "../app/chat";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { Problem } from "../shared/Problem";
import { useTask } from "../shared/useTask";
import { PeoplePicker } from "./PeoplePicker";

export function AddPeopleDialog({ room, onClose }: { room: RoomState; onClose: () => void }) {
  const { t } = useTranslation();
  const chat = useChat();
  const [people, setPeople] = useState<FoundPerson[]>([]);
  const { busy, error, run } = useTask();
  const add = async (): Promise<void> => {
    // One after the other: each is a decision of its own, and who was added stays added.
    for (const { userId } of people) await chat.addParticipant(room.chatRoomId, userId);
    onClose();
  };
  return (
    <Dialog title={t("people.addTo", { name: room.name })} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (people.length > 0 && !busy) run(add);
        }}
      >
        <PeoplePicker
          label={t("newRoom.people")}
          chosen={people}
          onChoose={setPeople}
          without={room.participantIds ?? []}
        />
        <Problem error={error} />
        <footer>
          <Button onClick={onClose}>{t("dialog.cancel")}</Button>
          <Button kind="primary" type="submit" disabled={people.length === 0 || busy}>
            {t("people.add")}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
