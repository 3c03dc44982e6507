import { ROOM_NAME_CHARACTERS, type FoundPerson } from "@kaiwa/client";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChat } from "../app/chat";
import { goTo } from "../app/route";
import { PeoplePicker } from "../people/PeoplePicker";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { Problem } from "../shared/Problem";
import { useTask } from "../shared/useTask";

export function NewRoomDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const chat = useChat();
  const [name, setName] = useState("");
  const [people, setPeople] = useState<FoundPerson[]>([]);
  const { busy, error, run } = useTask();
  const create = async (): Promise<void> => {
    const id = await chat.createRoom(
      name.trim(),
      people.map(({ userId }) => userId),
    );
    onClose();
    goTo(id);
  };
  return (
    <Dialog title={t("newRoom.title")} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== "" && !busy) run(create);
        }}
      >
        <label className="field">
          {t("newRoom.name")}
          <input
            value={name}
            required
            maxLength={ROOM_NAME_CHARACTERS}

            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <PeoplePicker label={t("newRoom.people")} chosen={people} onChoose={setPeople} />
        <Problem error={error} />
        <footer>
          <Button onClick={onClose}>{t("dialog.cancel")}</Button>
          <Button kind="primary" type="submit" disabled={busy || name.trim() === ""}>
            {t("newRoom.create")}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
