import type { Posted } from "@kaiwa/client";
import { useTranslation } from "react-i18next";
import { useName } from "../app/chat";

/** Tells a screen reader the newest message of somebody else; the list itself changes with every scroll. */
export function Announcer({ messages, me }: { messages: readonly Posted[]; me: string }) {
  const { t } = useTranslation();
  const last = messages.at(-1);
  const name = useName(last?.senderId ?? me);
  return (
    <p className="hidden" role="log" aria-live="polite">
      {last !== undefined && last.senderId !== me && t("room.said", { name, text: last.content.slice(0, 200) })}
    </p>
  );
}
