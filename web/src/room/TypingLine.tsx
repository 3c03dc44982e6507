import type { RoomState } from "@kaiwa/client";
import { useTranslation } from "react-i18next";
import { useChatState } from "../app/chat";

const NAMED = 3;

/** Who is writing just now. Its place is always there, so that nothing jumps. */
export function TypingLine({ room }: { room: RoomState }) {
  const { t, i18n } = useTranslation();
  const people = useChatState((state) => state.people);
  const names = Object.keys(room.typing).map((userId) => people[userId]?.displayName ?? userId);
  const list = new Intl.ListFormat(i18n.language, { type: "conjunction" }).format(names);
  return (
    <p className="typing" aria-live="off">
      {names.length > 0 && (
        <>
          <span className="typing-dots" aria-hidden="true">
            <span />
            <span />
            <span />
          </span>
          {names.length > NAMED ? t("room.typingMany") : t("room.typing", { count: names.length, names: list })}
        </>
      )}
    </p>
  );
}
